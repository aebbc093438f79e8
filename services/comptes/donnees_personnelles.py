"""What a person asks about their own data: where they are named, and the deletion of their account.

Deleting an account takes away whom it names, never its id: roles, hours and journal go on leading to it, and nobody can tell
who it was. It is refused while the person still acts for somebody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide, Refus
from domain.formatting import date_longue
from domain.roles import Role
from domain.text import clean_text
from models import (
    Affectation,
    BrouillonHeures,
    Collectivite,
    Courriel,
    DemandeAdhesion,
    Depot,
    Dossier,
    FluxCalendrier,
    LectureMessages,
    LienUsageUnique,
    Poste,
    Rappel,
    Reponse,
    RoleAttribue,
    SaisieEnAttente,
    SessionUtilisateur,
    TicketConnexion,
    Utilisateur,
)
from services.centre.offres import get_offer
from services.comptes import accounts, personnes_nommees, rights, sessions
from services.comptes.accounts import SUPPRIME, is_deleted
from services.comptes.couverture import find_sans_compte
from services.core import clock
from services.core.access import Acteur, require
from services.core.locks import locked
from services.core.portail import Portail, record

MIN_SEARCH, MAX_SEARCH, MAX_MENTIONS = 5, 254, 200

OWN: tuple[tuple[type[Any], str], ...] = (
    (SessionUtilisateur, "utilisateur_id"),
    (TicketConnexion, "utilisateur_id"),
    (LienUsageUnique, "utilisateur_id"),
    (FluxCalendrier, "utilisateur_id"),
    (LectureMessages, "utilisateur_id"),
    (BrouillonHeures, "utilisateur_id"),
    (SaisieEnAttente, "utilisateur_id"),
    (Rappel, "utilisateur_id"),
)
"""Tables whose rows go with the account."""


@dataclass(frozen=True)
class Mention:
    """A place where the person is named: what it is, which field says it, and the dossier or the convention to open (None: a
    request for adhesion)."""

    ou: str
    champ: str
    dossier_id: UUID | None
    convention_id: UUID | None = None


@dataclass(frozen=True)
class Personne:
    """What the portal knows about somebody, for an administrator. `homonymes`: name and address of each account, when the name
    may be that of several. `obstacles`: why the account cannot be deleted, in French;
    `repond`: whether the administrator answers for the whole account; `exportable`: for what it did in the past too."""

    recherche: str
    compte: accounts.UserRow | None
    homonymes: tuple[tuple[str, str], ...]
    repond: bool
    exportable: bool
    obstacles: tuple[str, ...]
    mentions: tuple[Mention, ...]


# Finding ----------------------------------------------------------------------------------------------------------------


def find_person(portail: Portail, acteur: Acteur, texte: str) -> Personne:
    """The account of this address or name, and where the dossiers, conventions and requests of the person's centres hold
    `texte`: an address as it is written there, or words of a name, whatever the case, the accents and the order. For
    administrators; the search is journalled, not what was looked for."""
    wanted = clean_text(texte).strip()
    if not MIN_SEARCH <= len(wanted) <= MAX_SEARCH:
        raise Invalide(f"Indiquez une adresse ou un nom, d’au moins {MIN_SEARCH} caractères.", champ="texte")
    with portail.action(acteur, "donnees.rechercher") as session:
        centre_ids = require_administrator(acteur)
        words = personnes_nommees.name_words(wanted)
        exact = accounts.visible_users(acteur).where(Utilisateur.courriel == wanted.lower())
        users = list(session.scalars(exact)) or personnes_nommees.list_accounts(session, acteur, words)
        user = users[0] if len(users) == 1 else None
        dossiers = select(Dossier.id).where(Dossier.centre_id.in_(centre_ids))
        mentions = list_mentions(session, wanted, dossiers, centre_ids)
        if words:
            mentions += _list_named(session, words, dossiers, centre_ids)
        found = Personne(
            recherche=wanted,
            compte=accounts.user_row(session, acteur, user) if user else None,
            homonymes=tuple((one.nom_complet, one.courriel) for one in users) if user is None else (),
            repond=user is not None and rights.answers_for(session, acteur, user.id, clock.today()),
            exportable=user is not None and rights.answers_for(session, acteur, user.id, clock.today(), ever=True),
            obstacles=tuple(list_obstacles(session, acteur, user)) if user else (),
            mentions=tuple(dict.fromkeys(mentions)),
        )
        record(session, acteur, "donnees.rechercher", centre_id=min(centre_ids), mentions=len(found.mentions))
        return found


def _list_named(
    session: Session, words: list[str], dossiers: Select[UUID], centre_ids: frozenset[UUID]
) -> list[Mention]:
    """Where somebody is called by all these words: signatories, requests for adhesion, answers."""
    signed = [
        Mention(f"{acte.nature.capitalize()} {acte.numero}", champ, None, acte.parent_id or acte.id)
        for acte, champ in personnes_nommees.list_signed(session, words, centre_ids)
    ]
    requests = [_request(one) for one in personnes_nommees.list_requests(session, words, centre_ids)]
    answers = {
        (dossier.id, champ): _mention(session, dossier, champ)
        for dossier, champ in personnes_nommees.iter_answers(session, words, dossiers)
    }
    return [*signed, *requests, *sorted(answers.values(), key=lambda one: (one.ou, one.champ))]


def require_administrator(acteur: Acteur) -> frozenset[UUID]:
    """The centres that the person administers; Refus when there is none."""
    held = frozenset(role for roles in acteur.par_centre.values() for role in roles)
    require(
        held, Role.ADMINISTRATEUR, message="Les données des personnes sont réservées aux administrateurs du centre."
    )
    return acteur.centres_with(Role.ADMINISTRATEUR)


def list_mentions(session: Session, texte: str, dossiers: Select[UUID], centre_ids: Iterable[UUID]) -> list[Mention]:
    """Where `texte` is written: answers and deposits of these dossiers, requests for adhesion to these centres."""
    found: dict[tuple[UUID, str], Mention] = {}
    written = (
        select(Dossier, Reponse.champ, Reponse.valeur)
        .join(Reponse, Reponse.dossier_id == Dossier.id)
        .where(Dossier.id.in_(dossiers), _holds(Reponse.valeur, texte))
        .limit(MAX_MENTIONS)
    )
    for dossier, champ, _ in session.execute(written):
        found[dossier.id, champ] = _mention(session, dossier, champ)
    deposited = (
        select(Dossier, Depot.reponses)
        .join(Depot, Depot.dossier_id == Dossier.id)
        .where(Dossier.id.in_(dossiers), _holds(Depot.reponses, texte))
        .limit(MAX_MENTIONS)
    )
    for dossier, reponses in session.execute(deposited):
        for champ, value in reponses.items():
            if _written(texte) in json.dumps(value).lower():
                found.setdefault((dossier.id, champ), _mention(session, dossier, champ))
    asked = select(DemandeAdhesion).where(
        DemandeAdhesion.centre_id.in_(list(centre_ids)), func.lower(DemandeAdhesion.courriel) == texte.lower()
    )
    requests = [_request(one) for one in session.scalars(asked)]
    return [*requests, *sorted(found.values(), key=lambda one: (one.ou, one.champ))]


def _request(one: DemandeAdhesion) -> Mention:
    return Mention(f"Demande d’adhésion de {one.collectivite_nom}", "Personne qui demande", None)


def _written(texte: str) -> str:
    """`texte` as JSON writes it, in lower case."""
    return json.dumps(texte)[1:-1].lower()


def _holds(column: Any, texte: str) -> ColumnElement[bool]:
    """The JSON holds the text, whatever the case of plain letters."""
    return func.lower(cast(column, String)).contains(_written(texte), autoescape=True)


def _mention(session: Session, dossier: Dossier, champ: str) -> Mention:
    fields = get_offer(session, dossier.offre_version_id).variant(dossier.nature).formset.fields
    label = fields[champ].label if champ in fields else champ
    return Mention(f"Dossier {dossier.reference}", label, dossier.id)


# Deleting ---------------------------------------------------------------------------------------------------------------


def list_obstacles(session: Session, acteur: Acteur | None, user: Utilisateur) -> list[str]:
    """Why this account cannot be deleted today, in French; `acteur`: who would do it (None: the purge)."""
    today = sessions.day_of(session, user.id)
    if is_deleted(user):
        return ["Ce compte est déjà supprimé."]
    found = ["Vous ne pouvez pas supprimer votre propre compte."] if acteur and acteur.utilisateur_id == user.id else []
    found += [_told(session, held) for held in rights.roles_of(session, user.id, today)]
    if session.scalar(_still(Poste, user.id, today)) is not None:
        found.append("Cette personne occupe un poste d’assistant : terminez-le dans « Équipe ».")
    if session.scalar(_still(Affectation, user.id, today)) is not None:
        found.append("Cette personne est affectée à une convention : terminez son affectation dans « Équipe ».")
    return found + _left_alone(session, user)


def _told(session: Session, held: RoleAttribue) -> str:
    label = Role(held.role).label
    where = session.get(Collectivite, held.collectivite_id) if held.collectivite_id else None
    place = f" pour {where.nom}" if where else ""
    until = f" jusqu’au {date_longue(held.au)}" if held.au else ""
    return f"Cette personne a le rôle « {label} »{place}{until} : mettez-y fin d’abord."


def _still(table: type[Poste] | type[Affectation], utilisateur_id: UUID, today: date) -> Select[UUID]:
    return (
        select(table.id)
        .where(table.assistant_id == utilisateur_id, or_(table.au.is_(None), table.au >= today))
        .limit(1)
    )


def _left_alone(session: Session, user: Utilisateur) -> list[str]:
    """Collectivités with something under way, for which nobody else can act: this account is the last that is known."""
    if not user.actif or not user.password_hash:
        return []
    mine = set(session.scalars(select(RoleAttribue.collectivite_id).where(RoleAttribue.utilisateur_id == user.id)))
    centres = {centre for one in mine if one for centre in rights.concerned_centres(session, one)}
    return [
        f"C’est le seul compte connu de {one.collectivite}, qui a une convention ou un dossier en cours : invitez"
        " d’abord une autre personne."
        for one in find_sans_compte(session, centres)
        if one.collectivite_id in mine and one.raison != "bientot"
    ]


def delete_account(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> None:
    """Take away whom an account names, at the person's request. Refus with every reason when it is still needed; only for an
    administrator who answers for all its roles."""
    with portail.action(acteur, "utilisateur.anonymiser", objet="utilisateur", objet_id=utilisateur_id) as session:
        require_administrator(acteur)
        query = accounts.visible_users(acteur).where(Utilisateur.id == utilisateur_id)
        user = session.scalars(locked(query, of=Utilisateur)).one_or_none()
        if user is None:
            raise Introuvable()
        if not rights.answers_for(session, acteur, user.id, clock.today()):
            raise Refus(
                "Cette personne a aussi des rôles dont vous ne répondez pas : son compte ne peut pas être supprimé ici."
            )
        reasons = list_obstacles(session, acteur, user)
        if reasons:
            raise Refus(" ".join(reasons))
        erase_account(session, user)
        centre_id = min(acteur.centres_with(Role.ADMINISTRATEUR))
        record(session, acteur, "utilisateur.anonymiser", centre_id=centre_id, objet="utilisateur", objet_id=user.id)


def erase_account(session: Session, user: Utilisateur) -> None:
    """The account names nobody any more, cannot be opened, and what only served the person goes."""
    address = user.courriel
    for table, column in OWN:
        session.execute(delete(table).where(getattr(table, column) == user.id))
    mails = select(Courriel.id).where(or_(Courriel.utilisateur_id == user.id, Courriel.destinataire == address))
    session.execute(update(Rappel).where(Rappel.courriel_id.in_(mails)).values(courriel_id=None))
    session.execute(delete(Courriel).where(Courriel.id.in_(mails)))
    user.courriel, user.prenom, user.nom = f"{user.id}@{SUPPRIME}", "Compte", "supprimé"
    user.telephone = user.password_hash = user.derniere_connexion = None
    user.actif = False
    session.flush()
