"""The months of a centre as a list: what was recorded in each, who recorded nothing, what may be closed or reopened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from models import Affectation, Convention, Cumul, Deplacement, Utilisateur
from services.activite.clotures import Mois, bounds, closed_by, first_month, following, month_after, why_covered
from services.activite.equipe import read_centre
from services.activite.regles import RECORDING_STATES, month_label
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail

SHOWN = 24
"""How many months the list shows, those left to close apart."""


@dataclass(frozen=True)
class MoisRow:
    """One month of a centre: what was recorded, by how many people, who recorded nothing while assigned. `close_le` when it
    was closed (`clos` without it: before the first month that was); `peut_clore`, `peut_rouvrir`: what is possible now (`refus` says why reopening is not)."""

    annee: int
    mois: int
    minutes: int
    interventions: int
    deplacements: int
    assistants: int
    sans_saisie: tuple[str, ...]
    clos: bool
    close_le: datetime | None
    close_par: str
    peut_clore: bool
    peut_rouvrir: bool
    refus: str = ""

    @property
    def libelle(self) -> str:
        return month_label(self.annee, self.mois)


@dataclass
class _Total:
    """What a month holds: minutes, interventions, journeys, and who recorded hours."""

    minutes: int = 0
    interventions: int = 0
    deplacements: int = 0
    assistants: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class _Presence:
    """Somebody assigned from a day to a day."""

    assistant_id: UUID
    du: date
    au: date


def list_mois(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[MoisRow]:
    """The centre's months from the first one with something to record to the one before today's, the latest first: two
    years, and all those left to close."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        closed, start = closed_by(session, centre_id), first_month(session, centre_id)
        shown = _shown(set(closed), start, (today.year, today.month))
        if not shown:
            return []
        totals = _totals(session, centre_id, shown[0])
        last = max(closed, default=None)
        wanted = month_after(closed, start)
        refusal = why_covered(session, centre_id, last) if last else ""
        presences = _presences(session, centre_id, bounds(shown[0])[0])
        names = _names(session, presences)
        found = []
        for month in reversed(shown):
            total, shut = totals[month], last is not None and month <= last
            close_le, close_par = closed.get(month, (None, ""))
            found.append(
                MoisRow(
                    annee=month[0],
                    mois=month[1],
                    minutes=total.minutes,
                    interventions=total.interventions,
                    deplacements=total.deplacements,
                    assistants=len(total.assistants),
                    sans_saisie=() if shut else _without_hours(month, presences, total.assistants, names),
                    clos=shut,
                    close_le=close_le,
                    close_par=close_par,
                    peut_clore=not shut and month == wanted,
                    peut_rouvrir=month == last and not refusal,
                    refus=refusal if month == last else "",
                )
            )
        return found


def _shown(closed: set[Mois], start: Mois | None, current: Mois) -> list[Mois]:
    """The months to show, in order."""
    if start is None:
        return []
    last = max(closed, default=None)
    months: list[Mois] = []
    month = min(start, *closed) if closed else start
    while month < current:
        months.append(month)
        month = following(month)
    recent = months[-SHOWN:]
    return [one for one in months if one >= recent[0] or last is None or one > last] if months else []


def _totals(session: Session, centre_id: UUID, start: Mois) -> defaultdict[Mois, _Total]:
    """What each month holds from `start` on; hours from the rollup."""
    found: defaultdict[Mois, _Total] = defaultdict(_Total)
    since = or_(Cumul.annee > start[0], and_(Cumul.annee == start[0], Cumul.mois >= start[1]))
    query = (
        select(Cumul.annee, Cumul.mois, Cumul.assistant_id, func.sum(Cumul.minutes), func.sum(Cumul.nombre))
        .where(Cumul.centre_id == centre_id, Cumul.dimension == "nature", Cumul.nombre > 0, since)
        .group_by(Cumul.annee, Cumul.mois, Cumul.assistant_id)
    )
    for annee, mois, assistant_id, minutes, number in session.execute(query):
        total = found[annee, mois]
        total.minutes += int(minutes)
        total.interventions += int(number)
        total.assistants.add(assistant_id)
    year, month = func.extract("year", Deplacement.jour), func.extract("month", Deplacement.jour)
    trips = (
        select(year, month, func.count(Deplacement.id))
        .where(Deplacement.centre_id == centre_id, Deplacement.jour >= bounds(start)[0])
        .group_by(year, month)
    )
    for annee, mois, number in session.execute(trips):
        found[int(annee), int(mois)].deplacements = int(number)
    return found


def _presences(session: Session, centre_id: UUID, since: date) -> list[_Presence]:
    """Assignments to conventions that take hours, those that ended before `since` apart."""
    query = (
        select(Affectation.assistant_id, Affectation.du, Affectation.au, Convention.dernier_jour)
        .join(Convention, Convention.id == Affectation.convention_id)
        .where(
            Affectation.centre_id == centre_id,
            or_(Affectation.au.is_(None), Affectation.au >= since),
            Convention.dernier_jour >= since,
            Convention.etat.in_(RECORDING_STATES),
        )
    )
    return [
        _Presence(row.assistant_id, row.du, min(row.au, row.dernier_jour) if row.au else row.dernier_jour)
        for row in session.execute(query)
    ]


def _names(session: Session, presences: Iterable[_Presence]) -> dict[UUID, str]:
    """Full names by id, in the order of surnames."""
    query = (
        select(Utilisateur)
        .where(Utilisateur.id.in_({one.assistant_id for one in presences}))
        .order_by(Utilisateur.nom, Utilisateur.prenom)
    )
    return {person.id: person.nom_complet for person in session.scalars(query)}


def _without_hours(
    month: Mois, presences: Iterable[_Presence], recorded: set[UUID], names: dict[UUID, str]
) -> tuple[str, ...]:
    """Assistants assigned during the month who recorded nothing in it, by surname."""
    first, last = bounds(month)
    assigned = {one.assistant_id for one in presences if one.du <= last and one.au >= first}
    return tuple(name for person, name in names.items() if person in assigned - recorded)
