"""Inviting people, and the links by which they choose a password. Links are single-use and expire (services.comptes.links)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide, Refus, raise_faults
from domain.formatting import date_courte
from domain.forms.types.text import format_telephone, normalize_email
from domain.roles import Role
from domain.text import clean_text
from models import Centre, Courriel, LienUsageUnique, TicketConnexion, Utilisateur, utc_now
from services.comptes import passwords, rights, sessions
from services.comptes.links import Usage, check_link, mint_link, use_link
from services.comptes.rights import Grant
from services.core import clock, journal, limits
from services.core.access import Acteur
from services.core.locks import lock_row
from services.core.portail import Portail, once, record
from services.core.tokens import new_token, token_hash
from services.courriels import mails

RESET = "m"
"""Kind of attempt (services.core.limits): requests for a new password."""
RESETS_BY_ACCOUNT = 3
RESETS_BY_ADDRESS = 10
CLOSED = "Ce lien n’est plus valable : ce compte est désactivé."


@dataclass(frozen=True)
class LinkHolder:
    """Whose link it is, for the page where they choose a password."""

    nom: str
    courriel: str


@dataclass(frozen=True)
class Identity:
    """A person as typed in a form, cleaned and checked."""

    courriel: str
    prenom: str
    nom: str
    telephone: str | None


def check_identity(courriel: str, prenom: str, nom: str, telephone: str | None) -> Identity:
    """The identity, normalized; Invalide with every field at fault."""
    faults: list[Invalide] = []
    names = {"prenom": clean_text(prenom), "nom": clean_text(nom)}
    for champ, label in (("prenom", "prénom"), ("nom", "nom")):
        if not names[champ]:
            faults.append(Invalide(f"Indiquez le {label}.", champ=champ))
        elif len(names[champ]) > 100:
            faults.append(Invalide(f"Le {label} est limité à 100 caractères.", champ=champ))
    address = clean_text(courriel)
    login = normalize_email(address) if len(address) <= 254 else None
    if login is None:
        missing = "Cette adresse électronique n’est pas valable." if address else "Indiquez l’adresse électronique."
        faults.append(Invalide(missing, champ="courriel"))
    typed = clean_text(telephone or "")
    number = format_telephone(typed) if 0 < len(typed) <= 40 else None
    if typed and number is None:
        faults.append(Invalide("Ce numéro de téléphone n’est pas valable : saisissez dix chiffres.", champ="telephone"))
    raise_faults(faults)
    return Identity(sessions.normalize_courriel(login or ""), names["prenom"], names["nom"], number)


def invite(
    portail: Portail,
    acteur: Acteur,
    *,
    courriel: str,
    prenom: str,
    nom: str,
    telephone: str | None = None,
    roles: Sequence[Grant],
    operation_id: str,
) -> UUID:
    """Give these roles to a person, known or not, and send them what they need to come in. Gives the account's id."""
    identity = check_identity(courriel, prenom, nom, telephone)
    if not roles:
        raise Invalide("Choisissez au moins un rôle.", champ="roles")
    centre_id = next((grant.centre_id for grant in roles if grant.centre_id), None)
    with portail.action(acteur, "utilisateur.inviter", objet="utilisateur", centre_id=centre_id) as session:
        for grant in roles:
            rights.check_grant(session, acteur, grant)
        user = ensure_account(session, identity)
        if once(session, operation_id):
            for grant in roles:
                _check_no_change(session, user, grant)
            invite_account(session, user, roles, by=acteur, centre_id=centre_id or next(iter(acteur.centre_ids), None))
    return user.id


def _check_no_change(session: Session, user: Utilisateur, grant: Grant) -> None:
    """Inviting again sends the invitation again; it changes no role, and does not pretend to."""
    held = rights.find_overlap(session, user.id, grant)
    if held is not None and (held.au, held.titulaire) != (grant.au, grant.titulaire):
        until = f"jusqu’au {date_courte(held.au)}" if held.au else "sans date de fin"
        raise Invalide(
            f"Cette personne a déjà ce rôle ({'titulaire' if held.titulaire else 'suppléant'}, {until}). Pour le changer,"
            " mettez-y fin sur sa fiche, puis attribuez-le de nouveau.",
            champ="roles",
        )


def ensure_account(session: Session, identity: Identity) -> Utilisateur:
    """The account of this login, created when there is none. An existing account keeps its own names."""
    limits.wait_turn(session)
    user = session.scalars(select(Utilisateur).where(Utilisateur.courriel == identity.courriel)).one_or_none()
    if user is None:
        user = Utilisateur(
            courriel=identity.courriel, prenom=identity.prenom, nom=identity.nom, telephone=identity.telephone
        )
        session.add(user)
        session.flush()
    if not user.actif:
        raise Invalide("Ce compte est désactivé. Demandez au centre de le réactiver.", champ="courriel")
    return user


def invite_account(
    session: Session, user: Utilisateur, roles: Sequence[Grant], *, by: Acteur, centre_id: UUID | None
) -> None:
    """Give the roles and queue the mail, in the current transaction: an invitation, or news of rights for who has a
    password already. Permission is the caller's business."""
    given = [grant for grant in roles if rights.give(session, user.id, grant, by.utilisateur_id)]
    for grant in given:
        record_grant(session, by, user.id, grant)
    if user.password_hash is None:
        queue_invitation(session, user, centre_id)
        record(session, by, "utilisateur.inviter", centre_id=centre_id, objet="utilisateur", objet_id=user.id)
    elif given:
        mails.queue(session, "nouveaux_droits", user.courriel, utilisateur_id=user.id, centre_id=centre_id)


def record_grant(session: Session, by: Acteur, utilisateur_id: UUID, grant: Grant) -> None:
    """Journal a role given, for every centre concerned."""
    for concerned in rights.journal_centres(session, by, grant):
        record(
            session,
            by,
            "role.attribuer",
            centre_id=concerned,
            objet="utilisateur",
            objet_id=utilisateur_id,
            role=grant.role.value,
            collectivite=grant.collectivite_id,
            titulaire=grant.titulaire,
            du=grant.du.isoformat(),
            au=grant.au.isoformat() if grant.au else None,
        )


def queue_invitation(session: Session, user: Utilisateur, centre_id: UUID | None) -> None:
    """Queue an invitation; one that still waits to be sent is not doubled."""
    waiting = select(Courriel).where(
        Courriel.utilisateur_id == user.id, Courriel.modele == "invitation", Courriel.etat == "a_envoyer"
    )
    queued = session.scalars(waiting.limit(1)).one_or_none()
    if queued is not None:
        mails.hasten(queued)
    else:
        mails.queue(session, "invitation", user.courriel, utilisateur_id=user.id, centre_id=centre_id)


def invite_again(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> None:
    """Send the invitation (or, once the account is active, a password link) again, to the person's own address."""
    with portail.action(acteur, "utilisateur.relancer", objet="utilisateur", objet_id=utilisateur_id) as session:
        user = _account(session, utilisateur_id)
        held = rights.roles_of(session, user.id, clock.today())
        if not any(rights.may_give(session, acteur, one) for one in held):
            raise Introuvable()
        centre_id = next(iter(acteur.centre_ids), None)
        if user.password_hash is None:
            queue_invitation(session, user, centre_id)
        else:
            mails.queue(session, "mot_de_passe", user.courriel, utilisateur_id=user.id, centre_id=centre_id)
        record(session, acteur, "utilisateur.relancer", centre_id=centre_id, objet="utilisateur", objet_id=user.id)


def pending_link(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> str:
    """A new link for an administrator to hand over when the portal sends no mail: an invitation, or a change of password
    for an active account (refused when the portal sends mail: `invite_again` does it without showing the link). Earlier
    links stop working. Journalled, and the person is told: whoever holds the link can open the account."""
    with portail.action(acteur, "utilisateur.lien", objet="utilisateur", objet_id=utilisateur_id) as session:
        user = _account(session, utilisateur_id)
        if not acteur.has(Role.ADMINISTRATEUR) or not rights.answers_for(session, acteur, user.id, clock.today()):
            raise Refus("Seul un administrateur répondant de tous les rôles de cette personne peut obtenir ce lien.")
        if user.password_hash and portail.settings.smtp_url:
            raise Refus(
                "Cette personne a un compte actif : envoyez-lui un lien de mot de passe, elle seule le recevra."
            )
        usage = "mot_de_passe" if user.password_hash else "invitation"
        link = mint_link(portail, session, usage, utilisateur_id=user.id)
        mails.queue(
            session,
            "lien_remis",
            user.courriel,
            utilisateur_id=user.id,
            centre_id=next(iter(acteur.centres_with(Role.ADMINISTRATEUR))),
        )
        record(
            session,
            acteur,
            "utilisateur.lien",
            centre_id=next(iter(acteur.centre_ids), None),
            objet="utilisateur",
            objet_id=user.id,
            usage=usage,
        )
    return link


def _account(session: Session, utilisateur_id: UUID) -> Utilisateur:
    user = session.get(Utilisateur, utilisateur_id)
    if user is None:
        raise Introuvable()
    if not user.actif:
        raise Invalide("Ce compte est désactivé : réactivez-le d’abord.")
    return user


def request_reset(portail: Portail, courriel: str, adresse: str) -> None:
    """Ask for a password link. The same work and the same silence whether the account exists or not: the address is looked
    up when the mail is sent. Raises Refus when asked too often."""
    login = sessions.normalize_courriel(clean_text(courriel))[:254]
    if normalize_email(login) is None:
        raise Invalide("Cette adresse électronique n’est pas valable.", champ="courriel")
    with portail.db.write() as session:
        attempt, minutes = limits.count(
            session, RESET, login, adresse, by_subject=RESETS_BY_ACCOUNT, by_address=RESETS_BY_ADDRESS
        )
        if attempt:
            mails.queue(session, "mot_de_passe", login)
    if attempt is None:
        raise Refus(f"Trop de demandes. {limits.wait_message(minutes)}.")


def read_link(portail: Portail, usage: Usage, token: str) -> LinkHolder:
    """Whose link it is, without using it. Invalide, saying what to do, when it no longer works."""
    with portail.db.read() as session:
        link = check_link(session, usage, token)
        user = session.get(Utilisateur, link.utilisateur_id) if link.utilisateur_id else None
        if user is None or not user.actif:
            raise Invalide(CLOSED)
        return LinkHolder(user.nom_complet, user.courriel)


def accept_invitation(portail: Portail, token: str, mot_de_passe: str, confirmation: str | None = None) -> str:
    """Choose the first password. Gives a login ticket: the person is in."""
    return _choose_password(portail, "invitation", token, mot_de_passe, confirmation, "utilisateur.activer")


def reset_password(portail: Portail, token: str, mot_de_passe: str, confirmation: str | None = None) -> str:
    """Choose a new password: all the person's sessions end, their calendar address stops working, and their lock-out ends with
    them. Gives a login ticket."""
    return _choose_password(portail, "mot_de_passe", token, mot_de_passe, confirmation, "mot_de_passe.reinitialiser")


def _choose_password(
    portail: Portail, usage: Usage, token: str, mot_de_passe: str, confirmation: str | None, action: str
) -> str:
    passwords.check_strength(
        mot_de_passe, courriel=read_link(portail, usage, token).courriel, confirmation=confirmation
    )
    hashed = passwords.hash_password(mot_de_passe)  # a third of a second: outside the transaction
    ticket = new_token()
    with portail.db.write() as session:
        # The account first, as its deactivation and its deletion do: neither happens in between.
        user = lock_row(session, Utilisateur, check_link(session, usage, token).utilisateur_id)
        if not user.actif:
            raise Invalide(CLOSED)
        use_link(session, usage, token)
        user.password_hash = hashed
        sessions.end_sessions(session, user.id)
        feeds = sessions.revoke_feeds(session, user.id)
        void_links(session, user.id)
        session.add(
            TicketConnexion(
                token_hash=token_hash(ticket),
                utilisateur_id=user.id,
                expire_le=utc_now() + sessions.TICKET_LIFE,
            )
        )
        centre_id = sessions.home_centre(session, user.id)
        told = [("calendrier.revoquer", "calendrier", one) for one in feeds]
        for what, objet, objet_id in [(action, "utilisateur", user.id), *told]:
            journal.record(session, what, acteur_id=user.id, centre_id=centre_id, objet=objet, objet_id=objet_id)
        limits.forget(session, sessions.LOGIN, user.courriel)  # after the journal's head, as where attempts are counted
    return ticket


def void_links(session: Session, utilisateur_id: UUID) -> None:
    """Make the person's unused links useless, in the current transaction (password chosen, account deactivated)."""
    session.execute(
        update(LienUsageUnique)
        .where(
            LienUsageUnique.utilisateur_id == utilisateur_id,
            LienUsageUnique.utilise_le.is_(None),
            LienUsageUnique.expire_le > utc_now(),
        )
        .values(expire_le=utc_now())
    )
    session.execute(
        delete(Courriel).where(
            Courriel.utilisateur_id == utilisateur_id,
            Courriel.modele.in_(("invitation", "mot_de_passe")),
            Courriel.etat == "a_envoyer",
        )
    )


def create_first_admin(portail: Portail, centre_code: str, courriel: str, prenom: str, nom: str) -> str:
    """An administrator made by whoever runs the server (command line): gives the link to choose the password. Run again
    for the same address, it gives a new link."""
    identity = check_identity(courriel, prenom, nom, None)
    with portail.db.write() as session:
        centre = session.scalars(select(Centre).where(Centre.code == centre_code)).one_or_none()
        if centre is None:
            known = ", ".join(session.scalars(select(Centre.code).order_by(Centre.code))) or "aucun"
            raise Invalide(f"Le centre « {centre_code} » n’existe pas. Centres connus : {known}.")
        user = ensure_account(session, identity)
        grant = Grant(Role.ADMINISTRATEUR, clock.today(centre.fuseau), centre_id=centre.id)
        rights.give(session, user.id, grant, None)
        usage = "mot_de_passe" if user.password_hash else "invitation"
        link = mint_link(portail, session, usage, utilisateur_id=user.id)
        journal.record(session, "administrateur.creer", centre_id=centre.id, objet="utilisateur", objet_id=user.id)
    return link
