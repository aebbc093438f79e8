"""Hours recorded on days that a convention does not cover any more, because its end was decided afterwards: each is moved to
another convention of the collectivité, or taken away with a reason. Those of closed months stay until the month is reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from domain.activite import DIMENSIONS, nomenclature
from domain.errors import Invalide
from domain.roles import Role
from models import Convention, Intervention, Utilisateur
from services.activite.interventions import Plan, apply, lock, prepare, today_of
from services.activite.regles import RECORDING_STATES, closed_months, first_day
from services.activite.verification import ErreurLigne, Ligne, LignesRefusees
from services.core.access import Acteur, get_convention, require
from services.core.portail import Portail, once
from services.vie.fin import record_on

RETRAITS = {
    "double": "Retirer : saisie en double",
    "erreur": "Retirer : saisie par erreur",
    "non_faite": "Retirer : intervention non effectuée",
    "non_facturee": "Retirer : effectuée après la fin, non facturée",
}
"""Why hours are taken away. A closed list, as everything that is kept about hours: no words about people."""
SHOWN = 100
"""Most lines settled at once; the others come once these are."""


@dataclass(frozen=True)
class HeureRow:
    """One intervention after the last day. `clos`: its month is closed, nothing changes there; `vers`: conventions of the
    collectivité that cover the day, id and number."""

    id: UUID
    version: int
    jour: date
    minutes: int
    assistant: str
    nature: str
    clos: bool
    vers: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True)
class HeuresApres:
    """What is recorded after the last day of a convention; `total` of them, the first ones in `lignes`: those that can be
    settled, then those of closed months."""

    dernier_jour: date
    total: int
    minutes: int
    lignes: tuple[HeureRow, ...]


@dataclass(frozen=True)
class Decision:
    """What becomes of one intervention, seen at `version`: moved to the convention `vers`, or taken away because of `motif`."""

    id: UUID
    version: int
    vers: UUID | None = None
    motif: str | None = None


def open_late_hours(portail: Portail, acteur: Acteur, convention_id: UUID) -> HeuresApres | None:
    """The hours after the last day, for the responsable of the centre; None for anybody else, and when there are none."""
    with portail.view(acteur, "convention.ouvrir", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        if Role.RESPONSABLE not in acteur.roles_for(centre_id=convention.centre_id):
            return None
        whole = _late(convention).with_only_columns(func.count(), func.coalesce(func.sum(Intervention.minutes), 0))
        total, minutes = session.execute(whole).one()
        if convention.etat not in RECORDING_STATES or not total:
            return None
        return HeuresApres(convention.dernier_jour, int(total), int(minutes), tuple(_rows(session, convention)))


def _late(convention: Convention) -> Select[Intervention]:
    return select(Intervention).where(
        Intervention.convention_id == convention.id, Intervention.jour > convention.dernier_jour
    )


def _rows(session: Session, convention: Convention) -> list[HeureRow]:
    clos, others = closed_months(session, convention.centre_id), _others(session, convention)
    natures = nomenclature().labels("nature")
    query = (
        _late(convention)
        .add_columns(Utilisateur)
        .join(Utilisateur, Utilisateur.id == Intervention.assistant_id)
        .order_by(Intervention.jour < _after(max(clos, default=None)), Intervention.jour, Intervention.id)
        .limit(SHOWN)
    )
    return [
        HeureRow(
            id=one.id,
            version=one.version,
            jour=one.jour,
            minutes=one.minutes,
            assistant=person.nom_complet,
            nature=natures.get(one.nature, one.nature),
            clos=(one.jour.year, one.jour.month) in clos,
            vers=tuple(
                (other.id, other.numero) for other in others if first_day(other) <= one.jour <= other.dernier_jour
            ),
        )
        for one, person in session.execute(query)
    ]


def _others(session: Session, convention: Convention) -> Sequence[Convention]:
    """The other signed conventions of the collectivité with the centre."""
    query = select(Convention).where(
        Convention.centre_id == convention.centre_id,
        Convention.collectivite_id == convention.collectivite_id,
        Convention.id != convention.id,
        Convention.etat.in_(RECORDING_STATES),
    )
    return session.scalars(query.order_by(Convention.date_effet, Convention.numero)).all()


def settle_late_hours(
    portail: Portail, acteur: Acteur, convention_id: UUID, decisions: Sequence[Decision], operation_id: str
) -> int:
    """Move or take away these hours, all of them or none; how many. The usual rules of recording hold where they go (assigned
    there that day, month open). LignesRefusees says what does not, LignesEnConflit what somebody changed meanwhile."""
    with portail.action(acteur, "convention.regler_heures", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        require(
            acteur.roles_for(centre_id=convention.centre_id),
            Role.RESPONSABLE,
            message="Seul le responsable du service corrige les heures des assistants.",
        )
        if not once(session, operation_id):
            return 0
        rows = {one.id: one for one in session.scalars(_late(convention).where(Intervention.id.in_(_ids(decisions))))}
        plans = _prepare(session, convention, decisions, rows)
        done = apply(session, acteur, convention.centre_id, plans)
        reasons = [one.motif for one in decisions if one.motif]
        record_on(
            session, acteur, "convention.regler_heures", convention,
            deplacees=done.modifiees, retirees=done.retirees, motifs={one: reasons.count(one) for one in set(reasons)},
        )  # fmt: skip
        return done.total


def _ids(decisions: Sequence[Decision]) -> list[UUID]:
    if not decisions:
        raise Invalide("Choisissez ce que deviennent ces heures.")
    if any((one.vers is None) == (one.motif not in RETRAITS) for one in decisions):
        raise Invalide("Choisissez pour chaque ligne une convention, ou le motif du retrait.")
    return [one.id for one in decisions]


def _prepare(
    session: Session, convention: Convention, decisions: Sequence[Decision], rows: dict[UUID, Intervention]
) -> list[Plan]:
    """What the decisions do, by assistant. A line that is not there any more goes to those who record, who say so."""
    theirs = {one.id for one in _others(session, convention)}
    lines: dict[UUID, list[Ligne]] = {}
    faults = []
    for rang, one in enumerate(decisions, start=1):
        row = rows.get(one.id)
        if row is None:
            faults.append(
                ErreurLigne(rang, "", "cette ligne n’est plus parmi les heures à régler : rechargez la page.")
            )
        elif one.vers is not None and one.vers not in theirs:
            faults.append(ErreurLigne(rang, "convention_id", "choisissez une convention de la même collectivité."))
        else:
            codes = {name: str(getattr(row, name)) for name in DIMENSIONS}
            lines.setdefault(row.assistant_id, []).append(
                Ligne(
                    row.jour, one.vers or row.convention_id, f"{row.minutes} min", codes, row.id, one.version,
                    retirer=one.vers is None, rang=rang,
                )
            )  # fmt: skip
    if faults:
        raise LignesRefusees(faults)
    lock(session, convention.centre_id, lines)
    today = today_of(session, convention.centre_id)
    return [prepare(session, convention.centre_id, whose, given, today) for whose, given in lines.items()]


def list_with_late_hours(session: Session, centre_id: UUID, most: int) -> list[tuple[Convention, int]]:
    """The first `most` conventions of a centre whose end left hours behind in months that are still open, with these
    minutes."""
    last = max(closed_months(session, centre_id), default=None)
    query = (
        select(Convention, func.sum(Intervention.minutes))
        .join(Intervention, Intervention.convention_id == Convention.id)
        .where(
            Convention.centre_id == centre_id,
            Convention.fin.is_not(None),
            Convention.etat.in_(RECORDING_STATES),
            Intervention.jour > Convention.fin,
            Intervention.jour >= _after(last),
        )
        .group_by(Convention.id)
        .order_by(Convention.numero)
        .limit(most)
        .options(selectinload(Convention.collectivite))
    )
    return [(convention, int(minutes)) for convention, minutes in session.execute(query)]


def _after(last: tuple[int, int] | None) -> date:
    """First day of the month after the last closed one."""
    if last is None:
        return date.min
    annee, mois = last
    return date(annee + mois // 12, mois % 12 + 1, 1)
