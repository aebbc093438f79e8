"""Who may give which role to whom: the one place that decides it, for invitations, changes of role and deactivation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from domain.errors import Invalide, Refus
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import Centre, Collectivite, DemandeAdhesion, Dossier, RoleAttribue, Utilisateur
from services.core.access import Acteur
from services.core.locks import lock_row

BY_COLLECTIVITE = (Role.GESTIONNAIRE, Role.DIRECTION)
"""Who invites colleagues within a collectivité."""
BY_CENTRE = (Role.INSTRUCTEUR, Role.ADMINISTRATEUR)
"""Who, at the centre, invites people of the collectivités that the centre knows."""


@dataclass(frozen=True)
class Grant:
    """A role to give: for exactly one centre or one collectivité, from a day to a day (included; None: no end)."""

    role: Role
    du: date
    centre_id: UUID | None = None
    collectivite_id: UUID | None = None
    titulaire: bool = True
    au: date | None = None


@dataclass(frozen=True)
class Perimetre:
    """A centre or a collectivité for which the person may give roles, and which ones."""

    id: UUID
    nom: str
    centre: bool
    roles: tuple[Role, ...]


def known_collectivites(centre_ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Collectivités that these centres know: through a dossier, or through a request for adhesion they accepted."""
    ids = frozenset(centre_ids)
    if not ids:
        return false()
    return or_(
        Collectivite.id.in_(select(Dossier.collectivite_id).where(Dossier.centre_id.in_(ids))),
        Collectivite.id.in_(
            select(DemandeAdhesion.collectivite_id).where(
                DemandeAdhesion.centre_id.in_(ids), DemandeAdhesion.etat == "acceptee"
            )
        ),
    )


def managed_collectivites(acteur: Acteur) -> Select[Collectivite]:
    """Collectivités whose people this person may invite."""
    return select(Collectivite).where(
        or_(
            Collectivite.id.in_(acteur.collectivites_with(*BY_COLLECTIVITE)),
            known_collectivites(acteur.centres_with(*BY_CENTRE)),
        )
    )


def list_perimetres(session: Session, acteur: Acteur) -> list[Perimetre]:
    """Where this person may give roles, the centres first."""
    centres = session.scalars(
        select(Centre).where(Centre.id.in_(acteur.centres_with(Role.ADMINISTRATEUR))).order_by(Centre.nom)
    )
    collectivites = session.scalars(managed_collectivites(acteur).order_by(Collectivite.nom, Collectivite.siren))
    centre_roles = tuple(role for role in Role if role in ROLES_CENTRE)
    collectivite_roles = tuple(role for role in Role if role in ROLES_COLLECTIVITE)
    return [Perimetre(one.id, one.nom, True, centre_roles) for one in centres] + [
        Perimetre(one.id, one.nom, False, collectivite_roles) for one in collectivites
    ]


def may_give(session: Session, acteur: Acteur, held: RoleAttribue | Grant) -> bool:
    """Whether this person may give (and take back) this role there."""
    role = Role(held.role)
    if held.centre_id and not held.collectivite_id and role in ROLES_CENTRE:
        return held.centre_id in acteur.centres_with(Role.ADMINISTRATEUR)
    if held.collectivite_id and not held.centre_id and role in ROLES_COLLECTIVITE:
        query = managed_collectivites(acteur).where(Collectivite.id == held.collectivite_id)
        return session.scalars(query).one_or_none() is not None
    return False


def concerned_centres(session: Session, collectivite_id: UUID) -> frozenset[UUID]:
    """Centres that know this collectivité: each reads in its journal who acts for it."""
    through_dossier = select(Dossier.centre_id).where(Dossier.collectivite_id == collectivite_id)
    through_demande = select(DemandeAdhesion.centre_id).where(
        DemandeAdhesion.collectivite_id == collectivite_id, DemandeAdhesion.etat == "acceptee"
    )
    return frozenset(session.scalars(through_dossier.union(through_demande)))


def journal_centres(session: Session, acteur: Acteur, held: RoleAttribue | Grant) -> list[UUID | None]:
    """Whose journal tells of a change of this role: the role's centre, else every centre that knows the collectivité and
    those where the acteur gives roles; one line of no centre when there is none."""
    if held.centre_id:
        return [held.centre_id]
    known = concerned_centres(session, held.collectivite_id) if held.collectivite_id else frozenset()
    return [*sorted(known | acteur.centres_with(*BY_CENTRE))] or [None]


def may_end(session: Session, acteur: Acteur, held: RoleAttribue) -> bool:
    """Whether this person may end this role. Colleagues do for their collectivité; a centre does when no other centre
    knows the collectivité, otherwise only for the roles that its own people gave."""
    if not may_give(session, acteur, held):
        return False
    if _is_ours(session, acteur, held):
        return True
    by_us = select(RoleAttribue.id).where(
        RoleAttribue.utilisateur_id == held.attribue_par,
        RoleAttribue.centre_id.in_(acteur.centres_with(*BY_CENTRE)),
    )
    return held.attribue_par is not None and session.scalar(by_us.limit(1)) is not None


def _is_ours(session: Session, acteur: Acteur, held: RoleAttribue) -> bool:
    """Whether no other centre has a say in this role."""
    if held.collectivite_id is None or held.collectivite_id in acteur.collectivites_with(*BY_COLLECTIVITE):
        return True
    return concerned_centres(session, held.collectivite_id) <= acteur.centres_with(*BY_CENTRE)


def active_managers(session: Session, collectivite_id: UUID, today: date) -> list[Utilisateur]:
    """People in office who invite their colleagues for this collectivité."""
    query = (
        select(Utilisateur)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Utilisateur.id)
        .where(
            RoleAttribue.collectivite_id == collectivite_id,
            RoleAttribue.role.in_([role.value for role in BY_COLLECTIVITE]),
            RoleAttribue.du <= today,
            or_(RoleAttribue.au.is_(None), RoleAttribue.au >= today),
            Utilisateur.actif,
        )
        .distinct()
        .order_by(Utilisateur.nom, Utilisateur.prenom)
    )
    return list(session.scalars(query))


def check_grant(session: Session, acteur: Acteur, grant: Grant) -> None:
    """Raise Refus when the role is not this person's to give, Invalide when its dates make no sense."""
    if not may_give(session, acteur, grant):
        raise Refus("Vous ne pouvez pas attribuer ce rôle.")
    if grant.au is not None and grant.au < grant.du:
        raise Invalide("La date de fin est antérieure à la date de début.", champ="au")


def give(session: Session, utilisateur_id: UUID, grant: Grant, by: UUID | None) -> bool:
    """Give the role in the current transaction; False when the person already holds it over some of these days. Refus for an
    account that is closed, or that is deleted meanwhile: nobody could act with the role."""
    require_open(session, utilisateur_id)
    if find_overlap(session, utilisateur_id, grant) is not None:
        return False
    session.add(
        RoleAttribue(
            utilisateur_id=utilisateur_id,
            role=grant.role.value,
            centre_id=grant.centre_id,
            collectivite_id=grant.collectivite_id,
            titulaire=grant.titulaire,
            du=grant.du,
            au=grant.au,
            attribue_par=by,
        )
    )
    session.flush()
    return True


def require_open(session: Session, utilisateur_id: UUID) -> None:
    """Hold the account until the end of the transaction, as its deletion does; Refus when it is no longer open."""
    user = lock_row(session, Utilisateur, utilisateur_id)
    if not user.actif:
        raise Refus("Ce compte est désactivé ou supprimé : aucun rôle ne peut lui être donné.")


def find_overlap(session: Session, utilisateur_id: UUID, grant: Grant) -> RoleAttribue | None:
    """The same role of this person, there, over some of these days."""
    same = select(RoleAttribue).where(
        RoleAttribue.utilisateur_id == utilisateur_id,
        RoleAttribue.role == grant.role.value,
        RoleAttribue.centre_id == grant.centre_id if grant.centre_id else RoleAttribue.centre_id.is_(None),
        RoleAttribue.collectivite_id == grant.collectivite_id
        if grant.collectivite_id
        else RoleAttribue.collectivite_id.is_(None),
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= grant.du),
    )
    if grant.au is not None:
        same = same.where(RoleAttribue.du <= grant.au)
    return session.scalars(same.limit(1)).one_or_none()


def check_administrators(session: Session, centre_ids: Iterable[UUID], today: date) -> None:
    """Raise Refus unless each centre keeps an active administrator in office without an end date. Call it after the change,
    in its transaction; the centre's row is locked, so that two administrators cannot remove each other."""
    for centre_id in sorted(set(centre_ids)):
        session.flush()
        lock_row(session, Centre, centre_id)
        kept = session.scalar(
            select(RoleAttribue.id)
            .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
            .where(
                RoleAttribue.centre_id == centre_id,
                RoleAttribue.role == Role.ADMINISTRATEUR.value,
                RoleAttribue.du <= today,
                RoleAttribue.au.is_(None),
                Utilisateur.actif,
                Utilisateur.password_hash.is_not(None),
            )
            .limit(1)
        )
        if kept is None:
            raise Refus(
                "Le centre doit garder au moins un administrateur actif. Nommez-en un autre, et attendez qu’il ait activé"
                " son compte."
            )


def roles_of(session: Session, utilisateur_id: UUID, today: date) -> list[RoleAttribue]:
    """Roles the person holds or will hold."""
    return list(
        session.scalars(
            select(RoleAttribue)
            .where(
                RoleAttribue.utilisateur_id == utilisateur_id,
                or_(RoleAttribue.au.is_(None), RoleAttribue.au >= today),
            )
            .order_by(RoleAttribue.du, RoleAttribue.id)
        )
    )


def answers_for(session: Session, acteur: Acteur, utilisateur_id: UUID, today: date, *, ever: bool = False) -> bool:
    """Whether every role of this person is the acteur's to give and no other centre has a say in one of them: only then
    may they act on the account itself (deactivate it, see its links), which reaches beyond one centre or collectivité.
    `ever`: the roles that are over count too, for what shows what the person wrote and did elsewhere."""
    held = ([] if ever else roles_of(session, utilisateur_id, today)) or list(
        session.scalars(select(RoleAttribue).where(RoleAttribue.utilisateur_id == utilisateur_id))
    )
    return bool(held) and all(may_give(session, acteur, one) and _is_ours(session, acteur, one) for one in held)
