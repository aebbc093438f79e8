"""One week of one assistant: what is recorded, what is being typed, what it is measured against; last week again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.activite import DIMENSIONS
from domain.formatting import date_courte, duree
from domain.grammar import de
from domain.releve import Valeurs, monday_of, week_days, weekly_minutes, write_minutes
from domain.roles import Role
from models import (
    Affectation,
    Centre,
    Collectivite,
    Convention,
    Cumul,
    Exercice,
    Intervention,
    RoleAttribue,
    Utilisateur,
)
from services.activite import brouillons
from services.activite.grille import Grille, LigneGrille, line_of
from services.activite.interventions import Enregistrement, check_recorder, record_interventions, today_of, values_of
from services.activite.regles import EARLIEST, assignment_end, closed_months, list_affectations, month_label
from services.activite.verification import Verificateur
from services.core.access import Acteur
from services.core.portail import Portail


@dataclass(frozen=True)
class Suivi:
    """A convention over the year: minutes recorded by everybody, minutes due (None where nothing is planned)."""

    collectivite: str
    minutes: int
    minutes_dues: int | None


@dataclass(frozen=True)
class Semaine:
    """A week. `grille` can be changed, on `ouverts` days; `figees` cannot, for `motifs`. `enregistrees`: what is recorded of the
    grid, whatever the draft says. `conventions` is what a line may choose, by id;
    `minutes_attendues` what the assignments make of a full week; `brouillon`: the grid holds unrecorded typing."""

    centre_id: UUID
    assistant_id: UUID
    assistant: str
    lundi: date
    today: date
    ouverts: tuple[date, ...]
    conventions: dict[UUID, str]
    grille: Grille
    enregistrees: tuple[LigneGrille, ...]
    figees: tuple[LigneGrille, ...]
    motifs: tuple[str, ...]
    fermee: bool
    brouillon: bool
    minutes_attendues: int
    suivis: tuple[Suivi, ...]
    autres_brouillons: tuple[date, ...]

    @property
    def jours(self) -> tuple[date, ...]:
        return week_days(self.lundi)

    @property
    def place(self) -> brouillons.Place:
        return (self.centre_id, self.assistant_id, self.lundi)


AHEAD = timedelta(days=366)
"""How far ahead a week is shown."""


def list_places(portail: Portail, acteur: Acteur) -> list[tuple[UUID, str]]:
    """Centres where this person records hours or corrects them: (id, name)."""
    ids = acteur.centres_with(Role.ASSISTANT, Role.RESPONSABLE)
    with portail.db.read() as session:
        query = select(Centre.id, Centre.nom).where(Centre.id.in_(ids)).order_by(Centre.nom)
        return [(row.id, row.nom) for row in session.execute(query)]


def list_assistants(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[tuple[UUID, str]]:
    """Those whose hours this person may see at the centre: (id, name). Everybody who is or was an assistant there for the
    responsable, only themselves for an assistant."""
    with portail.db.read() as session:
        return find_assistants(session, acteur, centre_id)


def find_assistants(session: Session, acteur: Acteur, centre_id: UUID) -> list[tuple[UUID, str]]:
    """As `list_assistants`, in the caller's transaction."""
    roles = acteur.roles_for(centre_id=centre_id)
    query = select(Utilisateur).order_by(Utilisateur.nom, Utilisateur.prenom)
    if Role.RESPONSABLE in roles:
        held = select(RoleAttribue.utilisateur_id).where(
            RoleAttribue.centre_id == centre_id, RoleAttribue.role == Role.ASSISTANT.value
        )
        assigned = select(Affectation.assistant_id).where(Affectation.centre_id == centre_id)
        query = query.where(Utilisateur.id.in_(held) | Utilisateur.id.in_(assigned))
    elif Role.ASSISTANT in roles:
        query = query.where(Utilisateur.id == acteur.utilisateur_id)
    else:
        return []
    return [(one.id, one.nom_complet) for one in session.scalars(query)]


def open_week(
    portail: Portail, acteur: Acteur, centre_id: UUID, jour: date, assistant_id: UUID | None = None
) -> Semaine:
    """The week of `jour`, with this person's draft of it when there is one. A day that no hours can have gives the nearest
    week that is shown."""
    with portail.view(acteur, "heures.consulter", centre_id=centre_id) as session:
        who = check_recorder(session, acteur, centre_id, assistant_id)
        today = today_of(session, centre_id)
        lundi = monday_of(min(max(jour, EARLIEST), today + AHEAD))
        affectations = [
            one
            for one in list_affectations(session, who, lundi, lundi + timedelta(days=6))
            if one.centre_id == centre_id
        ]
        rows = _rows_of(session, centre_id, who, lundi)
        names = _names(session, {one.convention_id for one in affectations} | {row.convention_id for row in rows})
        clos = closed_months(session, centre_id)
        frozen = [row for row in rows if (row.jour.year, row.jour.month) in clos]
        recorded = Grille(tuple(line_of(row, values_of(row)) for row in rows if row not in frozen))
        draft, others = brouillons.read(session, acteur.utilisateur_id, centre_id, who, lundi)
        open_days = [day for day in week_days(lundi) if (day.year, day.month) not in clos]
        months = sorted({(day.year, day.month) for day in week_days(lundi)} & clos)
        return Semaine(
            centre_id=centre_id,
            assistant_id=who,
            assistant=session.get_one(Utilisateur, who).nom_complet,
            lundi=lundi,
            today=today,
            ouverts=tuple(day for day in open_days if day <= today),
            conventions=names,
            grille=recorded.resume(draft) if draft else recorded,
            enregistrees=recorded.lignes,
            figees=tuple(line_of(row, values_of(row)) for row in frozen),
            motifs=tuple(f"Le mois {de(month_label(*one))} est clos." for one in months),
            fermee=not open_days,
            brouillon=draft is not None,
            minutes_attendues=_expected(affectations, lundi),
            suivis=_follow(session, affectations, names, lundi.year),
            autres_brouillons=others,
        )


def _rows_of(session: Session, centre_id: UUID, assistant_id: UUID, lundi: date) -> list[Intervention]:
    query = select(Intervention).where(
        Intervention.assistant_id == assistant_id,
        Intervention.centre_id == centre_id,
        Intervention.jour.between(lundi, lundi + timedelta(days=6)),
    )
    return list(session.scalars(query.order_by(Intervention.jour, Intervention.saisie_le, Intervention.id)))


def _names(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """What each convention is called in a list: its collectivité, with its number when there are two of the same."""
    query = (
        select(Convention.id, Convention.numero, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(Convention.id.in_(ids))
        .order_by(Collectivite.nom, Convention.numero)
    )
    found = session.execute(query).all()
    names = [row.nom for row in found]
    return {row.id: f"{row.nom} ({row.numero})" if names.count(row.nom) > 1 else row.nom for row in found}


def _expected(affectations: Sequence[Affectation], lundi: date) -> int:
    """Minutes that the shares assigned make of this week: a share counts for the working days that it covers."""
    total = 0
    for one in affectations:
        if one.quotite is not None:
            days = [day for day in week_days(lundi)[:5] if one.du <= day <= assignment_end(one)]
            total += weekly_minutes(one.quotite) * len(days) // 5
    return total


def _follow(
    session: Session, affectations: Sequence[Affectation], names: dict[UUID, str], annee: int
) -> tuple[Suivi, ...]:
    ids = {one.convention_id for one in affectations}
    query = (
        select(Cumul.convention_id, func.sum(Cumul.minutes))
        .where(Cumul.convention_id.in_(ids), Cumul.annee == annee, Cumul.dimension == "nature")
        .group_by(Cumul.convention_id)
    )
    done = {convention_id: int(minutes) for convention_id, minutes in session.execute(query)}
    due_query = select(Exercice.convention_id, Exercice.minutes_dues).where(
        Exercice.convention_id.in_(ids), Exercice.annee == annee
    )
    due = {row.convention_id: row.minutes_dues for row in session.execute(due_query)}
    return tuple(Suivi(name, done.get(one, 0), due.get(one) or None) for one, name in names.items() if one in ids)


@dataclass(frozen=True)
class Saisie:
    """What one intervention typed alone begins with: the conventions of the last weeks by id, the last one recorded, and
    today."""

    today: date
    conventions: dict[UUID, str]
    derniere: Valeurs | None


RECENT_DAYS = 62
"""How far back an intervention is typed alone: what is older goes through its week."""


def open_saisie(portail: Portail, acteur: Acteur, centre_id: UUID, assistant_id: UUID | None = None) -> Saisie:
    """What the form of one intervention begins with."""
    with portail.view(acteur, "heures.consulter", centre_id=centre_id) as session:
        who = check_recorder(session, acteur, centre_id, assistant_id)
        today = today_of(session, centre_id)
        found = list_affectations(session, who, today - timedelta(days=RECENT_DAYS), today)
        names = _names(session, {one.convention_id for one in found if one.centre_id == centre_id})
        query = select(Intervention).where(Intervention.assistant_id == who, Intervention.centre_id == centre_id)
        last = session.scalars(query.order_by(Intervention.jour.desc(), Intervention.saisie_le.desc()).limit(1)).first()
        return Saisie(today, names, values_of(last) if last else None)


@dataclass(frozen=True)
class Copie:
    """Last week's lines, moved to this week. `laissees`: those that were left out, and why."""

    lignes: tuple[LigneGrille, ...]
    laissees: tuple[str, ...]


def duplicate_last_week(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    lundi: date,
    held: Sequence[LigneGrille],
    assistant_id: UUID | None = None,
) -> Copie:
    """The lines recorded last week, seven days later, as new lines for the grid: those that could be recorded today and are
    not in it already (`held`). Nothing is recorded."""
    with portail.view(acteur, "heures.consulter", centre_id=centre_id) as session:
        who = check_recorder(session, acteur, centre_id, assistant_id)
        today = today_of(session, centre_id)
        rows = _rows_of(session, centre_id, who, lundi - timedelta(days=7))
        names = _names(session, {row.convention_id for row in rows})
        check = Verificateur(session, centre_id, who, today, lundi, lundi + timedelta(days=6))
        there = [_said(one) for one in held]
        copied: list[LigneGrille] = []
        left: list[str] = []
        known = 0
        for row in rows:
            line = _a_week_later(row)
            _, faults = check.check(*Grille((line,)).to_record())
            if _said(line) in there:
                there.remove(_said(line))
                known += 1
            elif faults:
                told = (names[row.convention_id], date_courte(row.jour + timedelta(days=7)), duree(row.minutes))
                left.append(f"{', '.join(told)} : {faults[0].message}")
            else:
                copied.append(line)
        if known:
            left.append(
                "1 ligne est déjà dans la semaine." if known == 1 else f"{known} lignes sont déjà dans la semaine."
            )
        return Copie(tuple(copied), tuple(left))


def _a_week_later(row: Intervention) -> LigneGrille:
    codes = {name: getattr(row, name) for name in DIMENSIONS}
    return LigneGrille(row.jour + timedelta(days=7), row.convention_id, write_minutes(row.minutes), codes)


def _said(line: LigneGrille) -> tuple[object, ...]:
    return (line.jour, line.convention_id, line.minutes, *(line.codes.get(name) for name in DIMENSIONS))


def save_week(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    lundi: date,
    grille: Grille,
    operation_id: str,
    assistant_id: UUID | None = None,
) -> Enregistrement:
    """Record what the grid changes, in one transaction, and forget its draft."""
    return record_interventions(
        portail, acteur, centre_id, grille.to_record(), operation_id, assistant_id=assistant_id, semaine=lundi
    )
