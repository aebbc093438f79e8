"""Who has left, who has taken over: lines of the home page about accounts and roles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_longue
from domain.roles import Role
from models import Centre, Collectivite, RoleAttribue, Utilisateur
from services.accueil.tache_rows import Tache
from services.comptes import couverture, sessions
from services.comptes.couverture import SansCompte
from services.comptes.rights import BY_CENTRE
from services.core.access import Acteur

COMPTES = "Comptes et rôles"
RELAIS = "Relais"
ONE_BY_ONE = 3
"""Past this number, collectivités without an account are one line that leads to their list."""
NEWS = timedelta(days=14)
"""How long somebody is told that they have taken over."""


def list_centre(session: Session, acteur: Acteur) -> list[Tache]:
    """For who invites at a centre: collectivités that nobody can act for. For administrators: roles that nobody holds."""
    found = _sans_compte(couverture.find_sans_compte(session, acteur.centres_with(*BY_CENTRE)))
    for one in couverture.find_vacants(session, acteur.centres_with(Role.ADMINISTRATEUR)):
        until = f" depuis le {date_longue(one.depuis)}" if one.depuis else ""
        detail = f"{one.dernier} ne l’est plus{until} : donnez ce rôle à quelqu’un."
        titre = f"Personne n’est {one.role.label.lower()}"
        found.append(Tache(COMPTES, titre, detail, "utilisateurs", {"vue": "inviter"}, urgente=True))
    return found


def _sans_compte(rows: list[SansCompte]) -> list[Tache]:
    where = {"vue": "sans-compte"}
    if len(rows) > ONE_BY_ONE:
        titre = f"{len(rows)} collectivités sans compte actif"
        return [Tache(COMPTES, titre, "Personne ne peut y agir, ou bientôt plus personne.", "utilisateurs", where)]
    return [
        Tache(
            COMPTES,
            f"{one.collectivite} : personne ne peut agir" if one.raison != "bientot" else one.collectivite,
            describe(one),
            "utilisateurs",
            where,
            urgente=one.raison == "parti",
        )
        for one in rows
    ]


def describe(one: SansCompte) -> str:
    """Why nobody can act for this collectivité, in a sentence."""
    who = f" ({one.dernier})" if one.dernier else ""
    if one.raison == "bientot" and one.depuis:
        return f"Le dernier compte{who} ferme après le {date_longue(one.depuis)}."
    if one.raison == "parti" and one.depuis:
        return f"Le dernier compte{who} est fermé depuis le {date_longue(one.depuis)}."
    if one.raison == "parti":
        return f"Le dernier compte{who} est désactivé."
    return couverture.RAISONS[one.raison]


def list_relais(session: Session, acteur: Acteur) -> list[Tache]:
    """Roles that the person has taken over from a colleague these days."""
    day = sessions.day_of(session, acteur.utilisateur_id)
    query = select(RoleAttribue).where(
        RoleAttribue.utilisateur_id == acteur.utilisateur_id,
        RoleAttribue.du <= day,
        RoleAttribue.du > day - NEWS,
    )
    found = []
    for held in session.scalars(query.order_by(RoleAttribue.du, RoleAttribue.id)):
        leaver = _leaver(session, held)
        if leaver is not None:
            role = Role(held.role)
            detail = f"Vous prenez le relais de {leaver.nom_complet} : ce qui attendait cette personne vous attend."
            page = "heures" if role is Role.ASSISTANT else "dossiers"
            found.append(Tache(RELAIS, f"{role.label}, {_place(session, held)}", detail, page, depuis=_noon(held.du)))
    return found


def _leaver(session: Session, held: RoleAttribue) -> Utilisateur | None:
    """Who had this role until the day before."""
    query = (
        select(Utilisateur)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Utilisateur.id)
        .where(
            RoleAttribue.role == held.role,
            RoleAttribue.utilisateur_id != held.utilisateur_id,
            RoleAttribue.au == held.du - timedelta(days=1),
            RoleAttribue.centre_id == held.centre_id
            if held.centre_id
            else RoleAttribue.collectivite_id == held.collectivite_id,
        )
        .order_by(RoleAttribue.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def _place(session: Session, held: RoleAttribue) -> str:
    place = session.get(Centre, held.centre_id) if held.centre_id else session.get(Collectivite, held.collectivite_id)
    return place.nom if place else ""


def list_collectivite(session: Session, acteur: Acteur) -> list[Tache]:
    """For directors: their collectivité has nobody to fill in its dossiers any more."""
    day = sessions.day_of(session, acteur.utilisateur_id)
    found = []
    for collectivite_id in sorted(acteur.collectivites_with(Role.DIRECTION), key=str):
        gone = couverture.last_gestionnaire(session, collectivite_id, day)
        if gone is not None:
            detail = f"{gone} ne l’est plus : invitez quelqu’un, les dossiers de la collectivité l’attendent."
            found.append(Tache(COMPTES, "Plus aucun gestionnaire", detail, "utilisateurs", {"vue": "inviter"}))
    return found


def _noon(day: date) -> datetime:
    """Noon, so that it is that day in every zone of the centres."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
