"""Who is left behind when people leave: collectivités that nobody can act for, roles of a centre that nobody holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from domain.roles import ROLES_COLLECTIVITE, Role
from models import Centre, Collectivite, Convention, Dossier, RoleAttribue, Utilisateur
from services.activite.regles import RUNNING_STATES
from services.comptes.rights import BY_CENTRE
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail

SOON = timedelta(days=30)
"""How long before the last account closes the centre is told."""
ENDED_DOSSIERS = ("brouillon", "retire", "refuse", "emis", "enregistre")
"""Dossiers for which nobody is waiting at the collectivité: not sent yet, or over (an issued one has its convention)."""
SIGNING = ("a_signer", "signee_collectivite")
MANNED = (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE)
"""Roles of a centre without which something stays undone (an administrator is always kept)."""

RAISONS = {
    "personne": "Aucun compte n’a été ouvert.",
    "invitation": "L’invitation attend d’être acceptée.",
    "parti": "Les rôles ou les comptes ont pris fin.",
    "bientot": "Le dernier compte ferme bientôt.",
}
"""Why nobody can act for a collectivité, or soon no longer can."""


@dataclass(frozen=True)
class SansCompte:
    """A collectivité with a convention or a dossier under way at this centre, and no active account to act for it.
    `raison` is a key of RAISONS; `depuis`: last day of the last account, to come when `bientot`; `dernier`: who it was."""

    centre_id: UUID
    collectivite_id: UUID
    collectivite: str
    raison: str
    depuis: date | None
    dernier: str | None


def list_sans_compte(portail: Portail, acteur: Acteur) -> list[SansCompte]:
    """Those of the centres where this person invites, by name; the ones that nobody can act for today first."""
    with portail.db.read() as session:
        return find_sans_compte(session, acteur.centres_with(*BY_CENTRE))


def find_sans_compte(session: Session, centre_ids: Iterable[UUID]) -> list[SansCompte]:
    """The same for these centres, with two queries each."""
    found: list[SansCompte] = []
    for centre in session.scalars(select(Centre).where(Centre.id.in_(tuple(centre_ids))).order_by(Centre.nom)):
        day = clock.today(centre.fuseau)
        names: dict[UUID, str] = dict(session.execute(_concerned(centre.id, day)).all())
        held: dict[UUID, list[tuple[RoleAttribue, Utilisateur]]] = {one: [] for one in names}
        query = (
            select(RoleAttribue, Utilisateur)
            .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
            .where(
                RoleAttribue.collectivite_id.in_(names),
                RoleAttribue.role.in_([one.value for one in ROLES_COLLECTIVITE]),
            )
        )
        for role, person in session.execute(query):
            if role.collectivite_id:
                held[role.collectivite_id].append((role, person))
        rows = (_examine(centre.id, key, nom, held[key], day) for key, nom in names.items())
        found += [one for one in rows if one is not None]
    return sorted(found, key=lambda one: (one.raison == "bientot", one.collectivite, str(one.collectivite_id)))


def _concerned(centre_id: UUID, day: date) -> Select[UUID, str]:
    """(id, name) of the collectivités for which something is under way at this centre."""
    running = select(Convention.collectivite_id).where(
        Convention.centre_id == centre_id,
        or_(
            Convention.etat.in_(SIGNING),
            and_(Convention.etat.in_(RUNNING_STATES), Convention.dernier_jour >= day),
        ),
    )
    waiting = select(Dossier.collectivite_id).where(Dossier.centre_id == centre_id, Dossier.etat.not_in(ENDED_DOSSIERS))
    return select(Collectivite.id, Collectivite.nom).where(
        or_(Collectivite.id.in_(running), Collectivite.id.in_(waiting))
    )


def _examine(
    centre_id: UUID, collectivite_id: UUID, nom: str, held: list[tuple[RoleAttribue, Utilisateur]], day: date
) -> SansCompte | None:
    """None when somebody can act today and for SOON days more."""
    usable = [role for role, person in held if person.actif and person.password_hash]
    now = [role for role in usable if _holds(role, day)]
    later = [role for role in usable if _holds(role, day + SOON)]
    if now and later:
        return None
    if now:
        last = max(now, key=lambda role: role.au or date.max)
        return SansCompte(centre_id, collectivite_id, nom, "bientot", last.au, _name(held, last))
    if any(person.actif and not person.password_hash and not _over(role, day) for role, person in held):
        return SansCompte(centre_id, collectivite_id, nom, "invitation", None, None)
    ended = sorted(
        (role for role, person in held if person.password_hash), key=lambda role: role.au or date.max, reverse=True
    )
    if not ended:
        return SansCompte(centre_id, collectivite_id, nom, "personne", None, None)
    depuis = ended[0].au if ended[0].au and ended[0].au < day else None
    return SansCompte(centre_id, collectivite_id, nom, "parti", depuis, _name(held, ended[0]))


def _holds(role: RoleAttribue, day: date) -> bool:
    return role.du <= day and not _over(role, day)


def _over(role: RoleAttribue, day: date) -> bool:
    return role.au is not None and role.au < day


def _name(held: list[tuple[RoleAttribue, Utilisateur]], wanted: RoleAttribue) -> str:
    return next(person.nom_complet for role, person in held if role.id == wanted.id)


@dataclass(frozen=True)
class RoleVacant:
    """A role of a centre that somebody held, and that nobody who can log in holds today. `depuis`: its last day, None when
    it has no end but the account is closed; `dernier`: who held it."""

    centre_id: UUID
    role: Role
    depuis: date | None
    dernier: str


def find_vacants(session: Session, centre_ids: Iterable[UUID]) -> list[RoleVacant]:
    """Vacant roles of these centres. One that was never given is the centre's choice and is not listed."""
    query = (
        select(RoleAttribue, Utilisateur, Centre)
        .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
        .join(Centre, Centre.id == RoleAttribue.centre_id)
        .where(_one_of_centres(centre_ids), RoleAttribue.role.in_([one.value for one in MANNED]))
        .order_by(Centre.nom, RoleAttribue.role, RoleAttribue.au.desc().nulls_first(), RoleAttribue.id)
    )
    by_role: dict[tuple[UUID, str], list[tuple[RoleAttribue, Utilisateur, date]]] = {}
    for role, person, centre in session.execute(query):
        by_role.setdefault((centre.id, role.role), []).append((role, person, clock.today(centre.fuseau)))
    return [
        RoleVacant(centre_id, Role(code), rows[0][0].au, rows[0][1].nom_complet)
        for (centre_id, code), rows in by_role.items()
        if not any(_holds(role, day) and person.actif and person.password_hash for role, person, day in rows)
        and any(role.du <= day and person.password_hash for role, person, day in rows)
    ]


def last_gestionnaire(session: Session, collectivite_id: UUID, day: date) -> str | None:
    """Who was the last gestionnaire of a collectivité that has none left who can come in; None while it has one, or when it
    never had."""
    query = (
        select(RoleAttribue, Utilisateur)
        .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
        .where(RoleAttribue.collectivite_id == collectivite_id, RoleAttribue.role == Role.GESTIONNAIRE.value)
        .order_by(RoleAttribue.au.desc().nulls_first(), RoleAttribue.id)
    )
    rows = [(role, person) for role, person in session.execute(query) if person.password_hash]
    if not rows or any(person.actif and not _over(role, day) for role, person in rows):
        return None
    return rows[0][1].nom_complet


def _one_of_centres(centre_ids: Iterable[UUID]) -> ColumnElement[bool]:
    return RoleAttribue.centre_id.in_(tuple(centre_ids))
