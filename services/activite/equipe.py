"""The team of a centre: who may see and manage it, the assistants of the day, what is covered and what is left to cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session

from domain.equipe import PartDatee
from domain.errors import Introuvable
from domain.formatting import pourcentage
from domain.grammar import de
from domain.roles import Role
from models import Affectation, Centre, Collectivite, Convention, Poste, RoleAttribue, Utilisateur
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossier_lists import search_condition
from services.convention.quantites import share_on
from services.core import clock
from services.core.access import Acteur, require
from services.core.locks import lock_row
from services.core.paging import Page, paginate
from services.core.portail import Portail

MANAGERS = (Role.RESPONSABLE,)
"""Who changes the team, closes months and settles requests."""
READERS = (Role.RESPONSABLE, Role.INSTRUCTEUR)
"""Who sees the team."""

COUVERTURES = {
    "sans_assistant": "Sans assistant aujourd’hui",
    "incomplete": "Part affectée inférieure à la convention",
    "depassee": "Part affectée supérieure à la convention",
    "complete": "Part affectée égale à la convention",
}
"""How a convention is covered today: labels of the filter."""


@dataclass(frozen=True)
class Enregistre:
    """What was saved: the row's id (None for the echo of a double click), and what the person should know about it."""

    id: UUID | None
    avertissements: tuple[str, ...] = ()


@dataclass(frozen=True)
class CouvertureRow:
    """A convention that takes hours, and who is assigned to it today. `prevue` and `affectee` are percents of a full-time
    post, `prevue` being None where the convention is billed by the hour. `depuis`: last day that somebody was assigned."""

    convention_id: UUID
    numero: str
    collectivite: str
    prevue: Decimal | None
    affectee: Decimal
    assistants: tuple[str, ...]
    depuis: date | None
    date_effet: date
    terme: date


def list_centres(portail: Portail, acteur: Acteur) -> dict[UUID, str]:
    """Centres whose team the person sees: name by id."""
    with portail.db.read() as session:
        query = select(Centre).where(Centre.id.in_(acteur.centres_with(*READERS))).order_by(Centre.nom)
        return {centre.id: centre.nom for centre in session.scalars(query)}


def read_centre(session: Session, acteur: Acteur, centre_id: UUID) -> Centre:
    """The centre, when the person sees its team; Introuvable otherwise."""
    centre = session.get(Centre, centre_id) if centre_id in acteur.centres_with(*READERS) else None
    if centre is None:
        raise Introuvable()
    return centre


def lock_centre(session: Session, acteur: Acteur, centre_id: UUID) -> Centre:
    """The centre, locked, for somebody who manages its team: first lock of every action on it. Recordings, which hold the
    same row shared, wait."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
    require(
        acteur.roles_for(centre_id=centre_id),
        *MANAGERS,
        message="Seul le responsable du service gère l’équipe du centre.",
    )
    return lock_row(session, Centre, centre_id)


# People ----------------------------------------------------------------------------------------------------------------


def holds_assistant(centre_id: UUID, jour: date) -> ColumnElement[bool]:
    """Condition on Utilisateur: an active account that is an assistant of the centre on that day, or will be."""
    held = select(RoleAttribue.utilisateur_id).where(
        RoleAttribue.centre_id == centre_id,
        RoleAttribue.role == Role.ASSISTANT.value,
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= jour),
    )
    return and_(Utilisateur.actif, Utilisateur.id.in_(held))


def assistants_of(session: Session, centre_id: UUID, jour: date) -> dict[UUID, str]:
    """Assistants of the centre, now or to come: full name by id, in the order of surnames."""
    query = select(Utilisateur).where(holds_assistant(centre_id, jour)).order_by(Utilisateur.nom, Utilisateur.prenom)
    return {person.id: person.nom_complet for person in session.scalars(query)}


def list_assistants(portail: Portail, acteur: Acteur, centre_id: UUID) -> dict[UUID, str]:
    """Assistants who may be given a post or an assignment: full name by id."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = read_centre(session, acteur, centre_id)
        return assistants_of(session, centre_id, clock.today(centre.fuseau))


def list_people(portail: Portail, acteur: Acteur, centre_id: UUID) -> dict[UUID, str]:
    """Everybody who has or had a post or an assignment in the centre, for the filters: full name by id."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        read_centre(session, acteur, centre_id)
        known = or_(
            Utilisateur.id.in_(select(Affectation.assistant_id).where(Affectation.centre_id == centre_id)),
            Utilisateur.id.in_(select(Poste.assistant_id).where(Poste.centre_id == centre_id)),
        )
        query = select(Utilisateur).where(known).order_by(Utilisateur.nom, Utilisateur.prenom)
        return {person.id: person.nom_complet for person in session.scalars(query)}


def parts_of(session: Session, centre_id: UUID, assistant_ids: Collection[UUID]) -> dict[UUID, list[PartDatee]]:
    """What each of these assistants is assigned to, as dated shares; assignments without a share are left out. An
    assignment ends with its convention at the latest."""
    query = (
        select(Affectation.assistant_id, Affectation.quotite, Affectation.du, Affectation.au, Convention.dernier_jour)
        .join(Convention, Convention.id == Affectation.convention_id)
        .where(
            Affectation.centre_id == centre_id,
            Affectation.assistant_id.in_(assistant_ids),
            Affectation.quotite.is_not(None),
            Convention.etat.in_(RUNNING_STATES),
        )
    )
    found: dict[UUID, list[PartDatee]] = defaultdict(list)
    for row in session.execute(query):
        end = min(row.au, row.dernier_jour) if row.au else row.dernier_jour
        found[row.assistant_id].append(PartDatee(row.quotite, row.du, end))
    return found


def postes_of(session: Session, centre_id: UUID, assistant_ids: Collection[UUID]) -> dict[UUID, list[PartDatee]]:
    """The posts that each of these assistants holds, as dated shares."""
    query = select(Poste).where(Poste.centre_id == centre_id, Poste.assistant_id.in_(assistant_ids))
    found: dict[UUID, list[PartDatee]] = defaultdict(list)
    for poste in session.scalars(query):
        if poste.assistant_id is not None:
            found[poste.assistant_id].append(PartDatee(poste.quotite, poste.du, poste.au))
    return found


def describe_over(name: str, total: Decimal, limite: Decimal, when: str) -> str:
    """In words, that somebody is promised for more than the posts they hold."""
    if not limite:
        return f"{name} n’occupe aucun poste enregistré {when}."
    return f"Les affectations {de(name)} font {pourcentage(total)} d’un temps plein, pour {pourcentage(limite)} de poste, {when}."


# What is covered -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CouvertureFilter:
    """What the list of conventions to cover shows."""

    texte: str = ""
    couverture: str | None = None
    page: int = 1
    taille: int = 25


def list_couvertures(
    portail: Portail, acteur: Acteur, centre_id: UUID, filtre: CouvertureFilter
) -> Page[CouvertureRow]:
    """Conventions that take hours today, with who is assigned to them and for how much: those without anybody first."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = _couverture_query(centre_id, today, filtre)
        found = paginate(
            session,
            query,
            page=filtre.page,
            taille=filtre.taille,
            order=(
                (query.selected_columns.nombre > 0).asc(),
                Collectivite.nom.asc(),
                Convention.numero.asc(),
                Convention.id.asc(),
            ),
            build=lambda row: row,
        )
        names = _assigned_names(session, [row.id for row in found.rows], today)
        rows = tuple(_couverture_row(row, names) for row in found.rows)
        return Page(rows, found.total, found.page, found.taille)


def _couverture_query(centre_id: UUID, today: date, filtre: CouvertureFilter) -> Select[Any]:
    running = and_(
        Affectation.convention_id == Convention.id,
        Affectation.du <= today,
        or_(Affectation.au.is_(None), Affectation.au >= today),
    )
    share = select(func.coalesce(func.sum(Affectation.quotite), 0)).where(running).scalar_subquery()
    number = select(func.count(Affectation.id)).where(running).scalar_subquery()
    last = select(func.max(Affectation.au)).where(Affectation.convention_id == Convention.id, Affectation.au < today)
    query = (
        select(
            Convention.id,
            Convention.numero,
            share_on(today).label("quotite"),
            Convention.date_effet,
            Convention.dernier_jour,
            Collectivite.nom,
            share.label("affectee"),
            number.label("nombre"),
            last.scalar_subquery().label("depuis"),
        )
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING_STATES),
            Convention.date_effet <= today,
            Convention.dernier_jour >= today,
        )
    )
    if filtre.couverture:
        query = query.where(_covered(filtre.couverture, running, share, share_on(today)))
    return query.where(
        *search_condition(
            filtre.texte, Convention.numero.expression, Collectivite.nom.expression, Collectivite.siren.expression
        )
    )


def _covered(
    couverture: str, running: ColumnElement[bool], share: ScalarSelect[Decimal | None], promised: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Condition of one of `COUVERTURES`; any other code keeps everything."""
    someone = exists().where(running)
    wanted: Mapping[str, ColumnElement[bool]] = {
        "sans_assistant": ~someone,
        "incomplete": and_(someone, share < promised),
        "depassee": share > promised,
        "complete": share == promised,
    }
    return wanted.get(couverture, true())


def _assigned_names(session: Session, convention_ids: Collection[UUID], today: date) -> dict[UUID, list[str]]:
    query = (
        select(Affectation.convention_id, Utilisateur)
        .join(Utilisateur, Utilisateur.id == Affectation.assistant_id)
        .where(
            Affectation.convention_id.in_(convention_ids),
            Affectation.du <= today,
            or_(Affectation.au.is_(None), Affectation.au >= today),
        )
        .order_by(Utilisateur.nom, Utilisateur.prenom)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for convention_id, person in session.execute(query):
        found[convention_id].append(person.nom_complet)
    return found


def _couverture_row(row: Any, names: Mapping[UUID, list[str]]) -> CouvertureRow:
    return CouvertureRow(
        convention_id=row.id,
        numero=row.numero,
        collectivite=row.nom,
        prevue=row.quotite,
        affectee=Decimal(row.affectee),
        assistants=tuple(names.get(row.id, ())),
        depuis=row.depuis,
        date_effet=row.date_effet,
        terme=row.dernier_jour,
    )


def count_sans_assistant(session: Session, centre_ids: Collection[UUID], days: Mapping[UUID, date]) -> dict[UUID, int]:
    """Number of conventions in force without anybody assigned on the given day of each centre: for the home page."""
    found: dict[UUID, int] = {}
    for centre_id in centre_ids:
        query = _couverture_query(centre_id, days[centre_id], CouvertureFilter(couverture="sans_assistant"))
        number = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if number:
            found[centre_id] = number
    return found
