"""Handing a role over: one person leaves it on a day, a colleague has it from the next one, in one transaction.

Nothing else moves: dossiers belong to the collectivité, tasks to the role. What the leaver was in charge of shows on the
home page of all who hold the role (services.accueil), their successor first of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide, Refus
from domain.formatting import date_longue
from domain.roles import Role
from models import Centre, RoleAttribue, Utilisateur
from services.comptes import rights, sessions
from services.comptes.rights import Grant
from services.core import clock
from services.core.access import Acteur
from services.core.locks import WHOLE, find_row, locked
from services.core.portail import Portail, once, record
from services.courriels import mails

FOREIGN = "Ce rôle a été donné par un autre centre ou par la collectivité : c’est à eux d’en décider."


@dataclass(frozen=True)
class Successeur:
    """Somebody who may take a role over: a colleague of the same centre or collectivité. `suppleant`: they hold it as a
    deputy already; `actif`: they have chosen their password."""

    id: UUID
    nom: str
    suppleant: bool
    actif: bool


def list_successeurs(portail: Portail, acteur: Acteur, role_id: UUID) -> list[Successeur]:
    """Colleagues who may take this role over, its deputies first; empty when the role is not the person's to give."""
    with portail.db.read() as session:
        held = session.get(RoleAttribue, role_id)
        if held is None or not rights.may_end(session, acteur, held):
            return []
        deputies = set(
            session.scalars(select(RoleAttribue.utilisateur_id).where(*_same_role(held), _not_over(session, held)))
        )
        colleagues = select(RoleAttribue.utilisateur_id).where(*_same_place(held), _not_over(session, held))
        query = (
            select(Utilisateur)
            .where(Utilisateur.id.in_(colleagues), Utilisateur.id != held.utilisateur_id, Utilisateur.actif)
            .order_by(Utilisateur.nom, Utilisateur.prenom)
        )
        found = [
            Successeur(one.id, one.nom_complet, one.id in deputies, one.password_hash is not None)
            for one in session.scalars(query)
        ]
        return sorted(found, key=lambda one: not one.suppleant)


def hand_over(
    portail: Portail, acteur: Acteur, role_id: UUID, *, successeur_id: UUID, dernier_jour: date, operation_id: str
) -> None:
    """End the role after `dernier_jour` and give it to the successor from the next day, titular or deputy as it was. What
    they held as a deputy by then ends the same day. The successor is told by mail."""
    with portail.action(acteur, "role.passer", objet="role", objet_id=role_id) as session:
        held = find_row(session, RoleAttribue, role_id, WHOLE)
        if held is None or not rights.may_give(session, acteur, held):
            raise Introuvable()
        if not rights.may_end(session, acteur, held):
            raise Refus(FOREIGN)
        if not once(session, operation_id):
            return
        _check_day(held, dernier_jour, _today(session, held))
        successor = _successor(session, held, successeur_id)
        rights.require_open(session, successor.id)  # before the centre, as the closing of an account does
        told = rights.journal_centres(session, acteur, held)
        if held.role == Role.ADMINISTRATEUR:
            _lock_centre(session, held, successor)
        held.au = dernier_jour
        session.flush()
        _install(session, acteur, held, successor.id, dernier_jour + timedelta(days=1))
        centre_id = held.centre_id or next((one for one in told if one), None)
        _tell(session, held, successor, centre_id)
        for concerned in told:  # last: the journal's head is always locked after the rows that an action changes
            record(
                session,
                acteur,
                "role.passer",
                centre_id=concerned,
                objet="utilisateur",
                objet_id=held.utilisateur_id,
                role=held.role,
                collectivite=held.collectivite_id,
                successeur=successor.id,
                au=dernier_jour.isoformat(),
            )


def _check_day(held: RoleAttribue, dernier_jour: date, today: date) -> None:
    """The last day is today or later, within the role's own dates."""
    if dernier_jour < today:
        raise Invalide("Le dernier jour est passé : choisissez aujourd’hui ou un jour à venir.", champ="dernier_jour")
    if dernier_jour < held.du:
        raise Invalide(f"Ce rôle ne commence que le {date_longue(held.du)}.", champ="dernier_jour")
    if held.au is not None and dernier_jour > held.au:
        raise Invalide(f"Ce rôle prend déjà fin le {date_longue(held.au)}.", champ="dernier_jour")


def _successor(session: Session, held: RoleAttribue, successeur_id: UUID) -> Utilisateur:
    colleague = select(RoleAttribue.id).where(
        *_same_place(held), RoleAttribue.utilisateur_id == successeur_id, _not_over(session, held)
    )
    found = session.get(Utilisateur, successeur_id)
    if (
        found is None
        or found.id == held.utilisateur_id
        or not found.actif
        or session.scalar(colleague.limit(1)) is None
    ):
        raise Invalide("Choisissez un collègue qui a un compte ici.", champ="successeur")
    return found


def _lock_centre(session: Session, held: RoleAttribue, successor: Utilisateur) -> None:
    """The centre always has somebody to administer it: its row is locked as in rights.check_administrators, and who takes
    over must be able to come in."""
    session.scalars(locked(select(Centre.id).where(Centre.id == held.centre_id))).one()
    if successor.password_hash is None:
        raise Refus(
            "Cette personne n’a pas encore activé son compte : attendez-le avant de lui passer l’administration."
        )


def _install(session: Session, acteur: Acteur, held: RoleAttribue, successeur_id: UUID, first: date) -> None:
    """The successor's rows of this role, cut the day before `first`, then the new one; nothing to do when they hold it
    already in the same way and without an end."""
    query = select(RoleAttribue).where(
        *_same_role(held),
        RoleAttribue.utilisateur_id == successeur_id,
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= first),
    )
    rows = session.scalars(query).all()
    if any(one.du <= first and one.au is None and one.titulaire == held.titulaire for one in rows):
        return
    for one in rows:
        if not rights.may_end(session, acteur, one):
            raise Refus(FOREIGN)
        if one.du >= first:
            session.delete(one)
        else:
            one.au = first - timedelta(days=1)
    session.flush()
    grant = Grant(
        Role(held.role),
        first,
        centre_id=held.centre_id,
        collectivite_id=held.collectivite_id,
        titulaire=held.titulaire,
    )
    rights.give(session, successeur_id, grant, acteur.utilisateur_id)


def _tell(session: Session, held: RoleAttribue, successor: Utilisateur, centre_id: UUID | None) -> None:
    first = (held.au or date.max) + timedelta(days=1)
    mails.queue(
        session,
        "relais",
        successor.courriel,
        utilisateur_id=successor.id,
        centre_id=centre_id,
        role=Role(held.role).label,
        jour=first.isoformat(),
    )


def _same_place(held: RoleAttribue) -> tuple[ColumnElement[bool], ...]:
    if held.centre_id:
        return (RoleAttribue.centre_id == held.centre_id,)
    return (RoleAttribue.collectivite_id == held.collectivite_id,)


def _same_role(held: RoleAttribue) -> tuple[ColumnElement[bool], ...]:
    return (*_same_place(held), RoleAttribue.role == held.role)


def _not_over(session: Session, held: RoleAttribue) -> ColumnElement[bool]:
    return or_(RoleAttribue.au.is_(None), RoleAttribue.au >= _today(session, held))


def _today(session: Session, held: RoleAttribue) -> date:
    """The day where the role is held: its centre's, or the leaver's for a collectivité."""
    centre = session.get(Centre, held.centre_id) if held.centre_id else None
    return clock.today(centre.fuseau) if centre else sessions.day_of(session, held.utilisateur_id)
