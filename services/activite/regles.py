"""Rules that every recording obeys: who is assigned where, which months are closed, which days the *service dégradé* covers.

Reads only, in the caller's transaction. Order of locks: `refuse_closed` takes the centre's row, so call it before locking
conventions or rows of hours; the journal comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from domain.activite import SERVICE_DEGRADE
from domain.errors import Invalide
from domain.formatting import MONTHS, date_longue, duree
from domain.grammar import de
from models import Affectation, Centre, Cloture, Convention, DemandeServiceDegrade, Intervention, PeriodeSansAssistant
from services.core.locks import SHARE, WHOLE, lock_row, locked

EARLIEST = date(2000, 1, 1)
"""First day that anything is recorded for."""

RUNNING_STATES = ("en_vigueur", "denoncee", "en_demeure")
"""States of a convention that goes on: signed by both parties, not ended. People are assigned to it, things asked for."""

RECORDING_STATES = (*RUNNING_STATES, "resiliee", "echue", "remplacee")
"""States of a convention whose hours and journeys are recorded: it was signed by both parties, even where it has ended
since, for its last days are often typed once it is over. Days are bounded by its term and by the closed months."""

COVERING_STATES = ("acceptee", "close")
"""States of a request for the service dégradé whose days are covered: closing one ends it on the day it is closed."""


def first_day(convention: Convention) -> date:
    """First day on which something may be recorded: the effect, even where the billed service begins later (G13), since
    the needs are looked into first."""
    return min(convention.date_effet, convention.date_debut_prestations)


def last_day(convention: Convention) -> date:
    """Last day on which something may be recorded: the term."""
    return convention.dernier_jour


def assignment_end(affectation: Affectation) -> date:
    """Last day of an assignment: its own, or the convention's when it has none."""
    end = last_day(affectation.convention)
    return min(affectation.au, end) if affectation.au else end


def list_affectations(session: Session, assistant_id: UUID, du: date, au: date) -> list[Affectation]:
    """Assignments of a person that touch the days from `du` to `au` (included), on conventions that take hours, in the
    order of the collectivités' names; convention, collectivité and dossier come with them."""
    query = (
        select(Affectation)
        .join(Affectation.convention)
        .where(
            Affectation.assistant_id == assistant_id,
            Affectation.du <= au,
            or_(Affectation.au.is_(None), Affectation.au >= du),
            Convention.dernier_jour >= du,
            Convention.etat.in_(RECORDING_STATES),
        )
        .options(
            joinedload(Affectation.convention).options(
                joinedload(Convention.collectivite), joinedload(Convention.dossier)
            )
        )
    )
    found = session.scalars(query).all()
    return sorted(found, key=lambda one: (one.convention.collectivite.nom, one.convention.numero, one.du))


def closed_months(session: Session, centre_id: UUID, annee: int | None = None) -> frozenset[tuple[int, int]]:
    """Closed months of a centre, as (year, month); of one year only with `annee`. Months are closed in order: all those
    before the last one closed are closed with it, since the first year that anything is recorded for."""
    query = select(Cloture.annee, Cloture.mois).where(Cloture.centre_id == centre_id)
    last = session.execute(query.order_by(Cloture.annee.desc(), Cloture.mois.desc()).limit(1)).one_or_none()
    found = _months_to(last.annee, last.mois) if last else frozenset()
    return found if annee is None else frozenset(one for one in found if one[0] == annee)


@lru_cache(maxsize=64)
def _months_to(annee: int, mois: int) -> frozenset[tuple[int, int]]:
    """Every month up to this one."""
    whole = ((year, month) for year in range(EARLIEST.year, annee + 1) for month in range(1, 13))
    return frozenset(one for one in whole if one <= (annee, mois))


def month_label(annee: int, mois: int) -> str:
    """A month in words: "mars 2026"."""
    return f"{MONTHS[mois]} {annee}"


def refuse_closed(session: Session, centre_id: UUID, jours: Iterable[date]) -> None:
    """Invalide, naming the month, when one of these days is in a closed one.

    The centre's row is held shared until the transaction ends: a month cannot be closed between this check and the commit,
    and those who record do not wait for one another.
    """
    lock_row(session, Centre, centre_id, SHARE)
    wanted = sorted({(jour.year, jour.month) for jour in jours})
    if not wanted:
        return
    closed = closed_months(session, centre_id)
    for annee, mois in wanted:
        if (annee, mois) in closed:
            raise Invalide(
                f"Le mois {de(month_label(annee, mois))} est clos : rien n’y est plus enregistré, modifié ni retiré. "
                "Demandez au responsable du service de le rouvrir.",
                champ="jour",
            )


def degrade_allowed(session: Session, convention_id: UUID, jour: date) -> bool:
    """Whether an accepted request for the service dégradé covers this day (article 8.4: on written request only)."""
    return session.scalar(_covering(convention_id, jour).limit(1)) is not None


def check_degrade(session: Session, convention_id: UUID, jours: Iterable[date]) -> None:
    """Invalide when, on one of these days, the hours of service dégradé recorded so far (those of this transaction
    included, once flushed) are covered by no request, or go past the most that the collectivité asked for. Two people who
    record for the same request wait for each other here: together they cannot go past it."""
    for demande in _requests_of(session, convention_id, jours, lock=True):
        _refuse_beyond(demande, degrade_minutes(session, demande))


def check_degrade_planned(session: Session, convention_id: UUID, lines: Sequence[tuple[date, int]]) -> None:
    """As `check_degrade`, for lines (day, minutes) that are not recorded yet; nobody waits."""
    for demande in _requests_of(session, convention_id, [jour for jour, _ in lines]):
        last = demande.au or date.max
        planned = sum(minutes for jour, minutes in lines if demande.du <= jour <= last)
        _refuse_beyond(demande, degrade_minutes(session, demande) + planned)


def _refuse_beyond(demande: DemandeServiceDegrade, used: int) -> None:
    if demande.minutes_max is not None and used > demande.minutes_max:
        raise Invalide(
            f"Service dégradé : {duree(used)} pour {duree(demande.minutes_max)} demandées au plus par la collectivité "
            f"à partir du {date_longue(demande.du)}. Demandez-lui une nouvelle demande écrite.",
            champ="minutes",
        )


def degrade_minutes(session: Session, demande: DemandeServiceDegrade) -> int:
    """Minutes of service dégradé recorded on the days that a request covers."""
    query = select(func.coalesce(func.sum(Intervention.minutes), 0)).where(
        Intervention.convention_id == demande.convention_id,
        Intervention.nature == SERVICE_DEGRADE,
        Intervention.jour >= demande.du,
    )
    if demande.au is not None:
        query = query.where(Intervention.jour <= demande.au)
    return int(session.scalar(query) or 0)


def _requests_of(
    session: Session, convention_id: UUID, jours: Iterable[date], *, lock: bool = False
) -> list[DemandeServiceDegrade]:
    """The requests that cover these days; Invalide when a day has none."""
    found: dict[UUID, DemandeServiceDegrade] = {}
    for jour in sorted(set(jours)):
        query = _covering(convention_id, jour).limit(1)
        demande = session.scalar(locked(query, WHOLE) if lock else query)
        if demande is None:
            raise Invalide(
                f"Aucune demande de service dégradé acceptée ne couvre le {date_longue(jour)} : la collectivité doit "
                "d’abord en faire la demande écrite.",
                champ="nature",
            )
        found[demande.id] = demande
    return list(found.values())


def _covering(convention_id: UUID, jour: date) -> Select[DemandeServiceDegrade]:
    return (
        select(DemandeServiceDegrade)
        .where(
            DemandeServiceDegrade.convention_id == convention_id,
            DemandeServiceDegrade.etat.in_(COVERING_STATES),
            DemandeServiceDegrade.du <= jour,
            or_(DemandeServiceDegrade.au.is_(None), DemandeServiceDegrade.au >= jour),
        )
        .order_by(DemandeServiceDegrade.du)
    )


def absences_of(session: Session, convention_id: UUID) -> list[tuple[date, date]]:
    """Days (included) without an assistant that reduce what is due on a convention (8.3, B08), oldest first; those taken
    back are left out."""
    query = (
        select(PeriodeSansAssistant.du, PeriodeSansAssistant.au)
        .where(PeriodeSansAssistant.convention_id == convention_id, PeriodeSansAssistant.annulee_le.is_(None))
        .order_by(PeriodeSansAssistant.du)
    )
    return [(row.du, row.au) for row in session.execute(query)]
