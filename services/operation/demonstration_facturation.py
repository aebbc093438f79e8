"""The statements of the demonstration: every quarter that is over, prepared, checked and issued as the centre does, the last
one still in preparation. Days of issue and payment are put back to where they would have been."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select

from domain.tarification import Periodicite, period_bounds
from models import Decompte, Exercice
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation import emission, lots, preparation
from services.facturation.consultation import last_quarter_over

ISSUED_AFTER, PAID_AFTER = timedelta(days=12), timedelta(days=35)
"""Days between the end of a quarter and the issue of its statements, then between the issue and the payment."""
HOUR = time(9, 30)
LEFT_AS_DRAFTS = 3
"""Drafts of the last quarter that nobody has checked yet."""
MOTIF = "Adresse de facturation erronée (démonstration)"


def add_decomptes(portail: Portail, instructeur: Acteur, responsable: Acteur, centre_id: UUID, today: date) -> None:
    """The statements of a centre, for the years that its conventions have."""
    current = last_quarter_over(today)
    with portail.db.read() as session:
        first = session.scalar(select(func.min(Exercice.annee)).where(Exercice.centre_id == centre_id))
    year, quarter = first or current[0], 1
    while (year, quarter) < current:
        end = period_bounds(year, Periodicite.TRIMESTRE, quarter - 1)[1]
        _issue_quarter(portail, instructeur, responsable, centre_id, (year, quarter), end + ISSUED_AFTER, today)
        year, quarter = (year, quarter + 1) if quarter < 4 else (year + 1, 1)
    _cancel_one(portail, responsable, centre_id)
    last = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    _issue_quarter(portail, instructeur, responsable, centre_id, last, today, today)
    preparation.prepare_trimestre(portail, instructeur, centre_id, *current)
    drafts = _ids(portail, centre_id, "brouillon")
    lots.check_all(portail, instructeur, drafts[LEFT_AS_DRAFTS:])


def _issue_quarter(
    portail: Portail,
    instructeur: Acteur,
    responsable: Acteur,
    centre_id: UUID,
    quarter: tuple[int, int],
    day: date,
    today: date,
) -> None:
    """Prepare, check and issue on `day`; paid some weeks later, when that is past."""
    with clock.pretend(day):
        preparation.prepare_trimestre(portail, instructeur, centre_id, *quarter)
        made = _ids(portail, centre_id, "brouillon")
        lots.check_all(portail, instructeur, made)
        lots.issue_all(portail, responsable, made)
    with portail.db.write() as session:
        for one in session.scalars(select(Decompte).where(Decompte.id.in_(made), Decompte.etat == "emis")):
            if day < today:
                one.verifie_le = one.emis_le = datetime.combine(day, HOUR, UTC)
            if day + PAID_AFTER < today:
                one.etat, one.paye_le = "paye", day + PAID_AFTER


def _ids(portail: Portail, centre_id: UUID, etat: str) -> list[UUID]:
    """Statements in this state, oldest first."""
    query = select(Decompte.id).where(Decompte.centre_id == centre_id, Decompte.etat == etat)
    with portail.db.read() as session:
        return list(session.scalars(query.order_by(Decompte.cree_le, Decompte.id)))


def _cancel_one(portail: Portail, responsable: Acteur, centre_id: UUID) -> None:
    """The last statement that was paid, cancelled by a counter-statement: its quarter is then issued again."""
    issued = _ids(portail, centre_id, "paye")
    if issued:
        emission.cancel(portail, responsable, issued[-1], MOTIF)
