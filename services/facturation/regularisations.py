"""Years that are invoiced for another amount than what is due, when no statement to come will settle it.

As long as a period of the year is to be invoiced, its statement settles what changed (absence, tariff, share). After the last
one, the responsable cancels it and prepares it again: the new one says what is due less what the others say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from domain.decompte import DRAFTS, PREPARERS
from domain.formatting import date_longue, euros
from domain.tarification import Periodicite, period_bounds
from models import Centre, Collectivite, Convention, Decompte, Dossier, Exercice
from services.activite.regles import closed_months
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation.emis import CENT
from services.facturation.exercices import BY_THE_HOUR, all_recorded
from services.facturation.minutes import CHUNK
from services.facturation.releve import period_of

_Row = Row[UUID, int, Decimal, str, date, UUID, str]


@dataclass(frozen=True)
class Regularisation:
    """A year of a convention to settle. `montant`: euros still to invoice, negative when invoiced in excess; `decompte_id`
    and `numero`: the statement to cancel and prepare again, None when `periode` only has to be prepared; `fin`: the last day of
    a convention that is over, when this is its last year: the statement is the final one."""

    convention_id: UUID
    convention: str
    collectivite: str
    annee: int
    montant: Decimal
    periode: str
    decompte_id: UUID | None = None
    numero: str | None = None
    fin: date | None = None

    @property
    def constat(self) -> str:
        """« 3 997,78 € facturés en trop pour 2023 »."""
        what = "à facturer" if self.montant > 0 else "facturés en trop"
        return f"{euros(abs(self.montant))} {what} pour {self.annee}"

    @property
    def conseil(self) -> str:
        """What to do, in a sentence."""
        if self.numero is None and self.fin:
            return f"La convention a pris fin le {date_longue(self.fin)} : préparez le décompte de « {self.periode} »."
        if self.numero is None:
            return f"Préparez le décompte de la période « {self.periode} »."
        return f"Annulez le décompte n° {self.numero} ({self.periode}) et préparez-le à nouveau."


def list_all_regularisations(portail: Portail, acteur: Acteur) -> list[Regularisation]:
    """Those of every centre where the person prepares statements."""
    found: list[Regularisation] = []
    with portail.db.read() as session:
        query = select(Centre).where(Centre.id.in_(acteur.centres_with(*PREPARERS))).order_by(Centre.nom)
        for centre in session.scalars(query).all():
            found += list_regularisations(session, centre.id, clock.today(centre.fuseau))
    return found


def list_regularisations(session: Session, centre_id: UUID, jour: date) -> list[Regularisation]:
    """The years of a centre to settle, the oldest first, then by collectivité."""
    rows = _unsettled(session, centre_id, jour)
    statements = _statements(session, rows)
    found = []
    for row in rows:
        one = _regularisation(session, row, statements.get((row.convention_id, row.annee), ()))
        final = row.dernier_jour < jour and row.dernier_jour.year == row.annee
        if one is not None:
            found.append(replace(one, fin=row.dernier_jour) if final else one)
    return found


def _unsettled(session: Session, centre_id: UUID, jour: date) -> list[_Row]:
    """Years that are over, or whose convention is, with another amount invoiced than due. Hours are due as forecast until
    December is closed: they are not looked at before. Nor is a year of which no last period was prepared yet."""
    query = (
        select(
            Exercice.convention_id,
            Exercice.annee,
            (Exercice.montant_du - Exercice.montant_facture_du).label("montant"),
            Convention.numero,
            Convention.dernier_jour,
            Dossier.offre_version_id,
            Collectivite.nom,
        )
        .join(Convention, Convention.id == Exercice.convention_id)
        .join(Dossier, Dossier.id == Convention.dossier_id)
        .join(Collectivite, Collectivite.id == Exercice.collectivite_id)
        .where(
            Exercice.centre_id == centre_id,
            Exercice.annee <= jour.year,
            Exercice.montant_du != Exercice.montant_facture_du,
            or_(Exercice.annee < jour.year, Convention.dernier_jour < jour),
        )
        .order_by(Exercice.annee, Collectivite.nom, Convention.numero)
    )
    rows = session.execute(query).all()
    prepared = {annee: _last_prepared(session, centre_id, annee) for annee in {row.annee for row in rows}}
    closed = closed_months(session, centre_id)
    return [row for row in rows if _is_final(session, row, prepared[row.annee], closed)]


def _is_final(session: Session, row: _Row, prepared: bool, closed: Collection[tuple[int, int]]) -> bool:
    hourly = get_offer(session, row.offre_version_id).facturation.mode == BY_THE_HOUR
    if hourly:
        return row.dernier_jour.year < row.annee or all_recorded(row.dernier_jour, row.annee, closed)
    return prepared or row.dernier_jour.year <= row.annee


def _last_prepared(session: Session, centre_id: UUID, annee: int) -> bool:
    """Whether a statement of the centre was made until the end of the year, even cancelled since."""
    end = period_bounds(annee, Periodicite.TRIMESTRE, 3)[1]
    query = select(Decompte.id).where(Decompte.centre_id == centre_id, Decompte.au == end, Decompte.contre_id.is_(None))
    return session.scalar(query.limit(1)) is not None


def _statements(session: Session, rows: Sequence[_Row]) -> Mapping[tuple[UUID, int], list[Decompte]]:
    """Their statements but counter-statements, by convention and year, in the order of periods."""
    found: dict[tuple[UUID, int], list[Decompte]] = {}
    ids = list(dict.fromkeys(row.convention_id for row in rows))
    for start in range(0, len(ids), CHUNK):
        query = select(Decompte).where(
            Decompte.convention_id.in_(ids[start : start + CHUNK]), Decompte.contre_id.is_(None)
        )
        for one in session.scalars(query.order_by(Decompte.du, Decompte.rang)):
            found.setdefault((one.convention_id, one.exercice), []).append(one)
    return found


def _regularisation(session: Session, row: _Row, statements: Sequence[Decompte]) -> Regularisation | None:
    """None while a draft of the year is there to settle it."""
    if any(one.etat in DRAFTS for one in statements):
        return None
    living = [one for one in statements if one.etat != "annule"]
    freed = [one for one in statements if one.etat == "annule" and one.du not in {other.du for other in living}]
    offer = get_offer(session, row.offre_version_id)
    last = period_of(offer, min(max(row.dernier_jour, date(row.annee, 1, 1)), date(row.annee, 12, 31)))
    to_cancel = max(living, key=lambda one: one.au, default=None)
    montant = Decimal(row.montant).quantize(CENT)
    known = (row.convention_id, row.numero, row.nom, row.annee, montant)
    if freed:
        return Regularisation(*known, period_of(offer, freed[-1].du).libelle)
    if to_cancel is None or to_cancel.au < last.au:
        return Regularisation(*known, last.libelle)
    return Regularisation(*known, period_of(offer, to_cancel.du).libelle, to_cancel.id, to_cancel.numero)
