"""Accounts: the list that each person may see, roles given and ended, deactivation, one's own profile and password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from domain.text import fold
from models import Centre, Collectivite, Courriel, RoleAttribue, Utilisateur
from services.comptes import passwords, rights, sessions
from services.comptes.invitations import Identity, check_identity, record_grant, void_links
from services.comptes.rights import Grant, Perimetre
from services.core import clock, journal, limits
from services.core.access import Acteur
from services.core.locks import lock_row
from services.core.paging import Page, paginate
from services.core.portail import Portail, record
from services.core.sql_text import contains_word

SUPPRIME = "supprime.invalid"
"""Domain of the address that a deleted account is left with: nothing is ever sent there (RFC 2606)."""


def is_deleted(user: Utilisateur) -> bool:
    """Whether this account names nobody any more (services.comptes.donnees_personnelles)."""
    return user.courriel.endswith(f"@{SUPPRIME}")


@dataclass(frozen=True)
class RoleRow:
    """A role as shown: `en_vigueur` today; `modifiable` by the person looking."""

    id: UUID
    role: Role
    perimetre: str
    centre_id: UUID | None
    collectivite_id: UUID | None
    titulaire: bool
    du: date
    au: date | None
    en_vigueur: bool
    modifiable: bool


@dataclass(frozen=True)
class UserRow:
    """A person as shown. `etat`: actif, invite (no password yet) or desactive; `courriel_etat` is that of the last
    invitation (see Courriel); `repond` tells whether the person looking answers for the whole account."""

    id: UUID
    nom: str
    courriel: str
    telephone: str | None
    etat: str
    roles: tuple[RoleRow, ...]
    derniere_connexion: datetime | None
    courriel_etat: str | None
    repond: bool
    soi: bool


@dataclass(frozen=True)
class Profile:
    """One's own account."""

    courriel: str
    prenom: str
    nom: str
    telephone: str | None
    roles: tuple[RoleRow, ...]


def list_perimetres(portail: Portail, acteur: Acteur) -> list[Perimetre]:
    """Where this person may invite, and for which roles."""
    with portail.db.read() as session:
        return rights.list_perimetres(session, acteur)


def list_users(portail: Portail, acteur: Acteur, *, texte: str = "", page: int = 1, taille: int = 25) -> Page[UserRow]:
    """People of the centres and collectivités whose roles this person gives; an instructeur also sees their colleagues.
    `texte` searches names and addresses."""
    query = visible_users(acteur).where(~Utilisateur.courriel.endswith(f"@{SUPPRIME}"))
    for word in fold(texte).split()[:6]:
        columns = (one.expression for one in (Utilisateur.courriel, Utilisateur.nom, Utilisateur.prenom))
        query = query.where(or_(*(contains_word(column, word) for column in columns)))
    order = (Utilisateur.nom.asc(), Utilisateur.prenom.asc(), Utilisateur.id.asc())
    with portail.db.read() as session:
        return paginate(
            session, query, page=page, taille=taille, order=order, build=lambda row: user_row(session, acteur, row[0])
        )


def open_user(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> UserRow:
    """One person, if this one may see them; the refusal is journalled."""
    with portail.view(acteur, "utilisateur.ouvrir", objet="utilisateur", objet_id=utilisateur_id) as session:
        return user_row(session, acteur, _visible(session, acteur, utilisateur_id))


def visible_users(acteur: Acteur) -> Select[Utilisateur]:
    """People whose account this person may look at."""
    return select(Utilisateur).where(Utilisateur.id.in_(_visible_people(acteur)))


def _visible_people(acteur: Acteur) -> Select[UUID]:
    """Ids of the people whose account this person may look at."""
    centres = acteur.centres_with(*rights.BY_CENTRE)
    managed = rights.managed_collectivites(acteur).with_only_columns(Collectivite.id)
    return select(RoleAttribue.utilisateur_id).where(
        or_(
            RoleAttribue.centre_id.in_(centres) if centres else false(),
            RoleAttribue.collectivite_id.in_(managed),
        )
    )


def _visible(session: Session, acteur: Acteur, utilisateur_id: UUID) -> Utilisateur:
    found = session.scalars(visible_users(acteur).where(Utilisateur.id == utilisateur_id)).one_or_none()
    if found is None:
        raise Introuvable()
    return found


def user_row(session: Session, acteur: Acteur, user: Utilisateur) -> UserRow:
    """The person as this one sees them."""
    today = sessions.day_of(session, user.id)
    held = session.scalars(
        select(RoleAttribue).where(RoleAttribue.utilisateur_id == user.id).order_by(RoleAttribue.du.desc())
    ).all()
    own = user.id == acteur.utilisateur_id
    shown = [_role_row(session, acteur, one, today) for one in held if own or _shows(session, acteur, one)]
    return UserRow(
        id=user.id,
        nom=user.nom_complet,
        courriel=user.courriel,
        telephone=user.telephone,
        etat="desactive" if not user.actif else "actif" if user.password_hash else "invite",
        roles=tuple(sorted(shown, key=lambda row: not row.en_vigueur)),
        derniere_connexion=user.derniere_connexion,
        courriel_etat=session.scalar(
            select(Courriel.etat)
            .where(Courriel.utilisateur_id == user.id, Courriel.modele.in_(("invitation", "mot_de_passe")))
            .order_by(Courriel.cree_le.desc())
            .limit(1)
        ),
        repond=rights.answers_for(session, acteur, user.id, today),
        soi=own,
    )


def _shows(session: Session, acteur: Acteur, held: RoleAttribue) -> bool:
    """Roles held elsewhere are nobody's business here."""
    return held.centre_id in acteur.centres_with(*rights.BY_CENTRE) or rights.may_give(session, acteur, held)


def _role_row(session: Session, acteur: Acteur, held: RoleAttribue, today: date) -> RoleRow:
    place = session.get(Centre, held.centre_id) if held.centre_id else session.get(Collectivite, held.collectivite_id)
    return RoleRow(
        id=held.id,
        role=Role(held.role),
        perimetre=place.nom if place else "",
        centre_id=held.centre_id,
        collectivite_id=held.collectivite_id,
        titulaire=held.titulaire,
        du=held.du,
        au=held.au,
        en_vigueur=held.du <= today and (held.au is None or held.au >= today),
        modifiable=rights.may_end(session, acteur, held),
    )


def add_role(portail: Portail, acteur: Acteur, utilisateur_id: UUID, grant: Grant) -> None:
    """Give one more role to someone already here."""
    with portail.action(
        acteur, "role.attribuer", objet="utilisateur", objet_id=utilisateur_id, centre_id=grant.centre_id
    ) as session:
        user = _visible(session, acteur, utilisateur_id)
        rights.check_grant(session, acteur, grant)
        if not rights.give(session, user.id, grant, acteur.utilisateur_id):
            raise Invalide("Cette personne a déjà ce rôle sur cette période.", champ="roles")
        record_grant(session, acteur, user.id, grant)


def end_role(portail: Portail, acteur: Acteur, role_id: UUID, *, dernier_jour: date | None = None) -> None:
    """End a role after `dernier_jour`; at once when it is None. One that has not begun by then is removed."""
    with portail.action(acteur, "role.terminer", objet="role", objet_id=role_id) as session:
        held = session.get(RoleAttribue, role_id)
        if held is None or not rights.may_give(session, acteur, held):
            raise Introuvable()
        if not rights.may_end(session, acteur, held):
            raise Refus("Ce rôle a été donné par un autre centre ou par la collectivité : c’est à eux d’y mettre fin.")
        last = dernier_jour or sessions.day_of(session, held.utilisateur_id) - timedelta(days=1)
        told = rights.journal_centres(session, acteur, held)
        ended = {"role": held.role, "collectivite": held.collectivite_id, "au": last.isoformat()}
        person_id, centre_id, was_admin = held.utilisateur_id, held.centre_id, held.role == Role.ADMINISTRATEUR.value
        if last < held.du:
            session.delete(held)
        else:
            held.au = last
        if was_admin and centre_id:
            rights.check_administrators(session, [centre_id], clock.today())
        for concerned in told:  # last: the journal's head is always locked after the rows that an action changes
            record(
                session, acteur, "role.terminer", centre_id=concerned, objet="utilisateur", objet_id=person_id, **ended
            )


def deactivate(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> None:
    """Close an account: sessions end at once, links stop working. Only who answers for all its roles may do it."""
    with portail.action(acteur, "utilisateur.desactiver", objet="utilisateur", objet_id=utilisateur_id) as session:
        user = _answered(session, acteur, utilisateur_id)
        user.actif = False
        sessions.end_sessions(session, user.id)
        void_links(session, user.id)
        held = rights.roles_of(session, user.id, clock.today())
        rights.check_administrators(
            session, (one.centre_id for one in held if one.centre_id and one.role == "administrateur"), clock.today()
        )
        _record_on(session, acteur, "utilisateur.desactiver", user)


def reactivate(portail: Portail, acteur: Acteur, utilisateur_id: UUID) -> None:
    """Open a closed account again, with the roles it still has."""
    with portail.action(acteur, "utilisateur.reactiver", objet="utilisateur", objet_id=utilisateur_id) as session:
        user = _answered(session, acteur, utilisateur_id)
        if is_deleted(user):
            raise Refus("Ce compte a été supprimé : invitez de nouveau la personne.")
        user.actif = True
        _record_on(session, acteur, "utilisateur.reactiver", user)


def _answered(session: Session, acteur: Acteur, utilisateur_id: UUID) -> Utilisateur:
    user = _visible(session, acteur, utilisateur_id)
    if not rights.answers_for(session, acteur, user.id, clock.today()):
        raise Refus(
            "Cette personne a aussi des rôles dont vous ne répondez pas : mettez fin à ceux de votre périmètre."
        )
    return user


def _record_on(session: Session, acteur: Acteur, action: str, user: Utilisateur) -> None:
    centre_id = next(iter(acteur.centre_ids), None)
    record(session, acteur, action, centre_id=centre_id, objet="utilisateur", objet_id=user.id)


def open_profile(portail: Portail, acteur: Acteur) -> Profile:
    """One's own account and roles."""
    with portail.db.read() as session:
        user = session.get_one(Utilisateur, acteur.utilisateur_id)
        row = user_row(session, acteur, user)
        return Profile(user.courriel, user.prenom, user.nom, user.telephone, row.roles)


def update_profile(portail: Portail, acteur: Acteur, *, prenom: str, nom: str, telephone: str | None) -> None:
    """Change one's own name and telephone. The address is the login: only the centre changes it, by a new invitation."""
    identity: Identity = check_identity(acteur.courriel, prenom, nom, telephone)
    with portail.action(acteur, "profil.modifier") as session:
        user = session.get_one(Utilisateur, acteur.utilisateur_id)
        user.prenom, user.nom, user.telephone = identity.prenom, identity.nom, identity.telephone
        _record_on(session, acteur, "profil.modifier", user)


def change_password(
    portail: Portail,
    acteur: Acteur,
    *,
    ancien: str,
    nouveau: str,
    confirmation: str | None = None,
    verify: passwords.Verifier = passwords.matches,
) -> None:
    """Change one's own password; the other sessions end. Wrong guesses of the current one count like failed logins. Conflit when
    it was chosen anew meanwhile."""
    passwords.check_strength(nouveau, courriel=acteur.courriel, confirmation=confirmation)
    with portail.db.write() as session:
        attempt, minutes = limits.count(
            session,
            sessions.LOGIN,
            acteur.courriel,
            acteur.adresse or "",
            by_subject=sessions.MAX_BY_ACCOUNT,
            by_address=sessions.MAX_BY_ADDRESS,
        )
        stored = session.get_one(Utilisateur, acteur.utilisateur_id).password_hash
    if attempt is None:
        raise Refus(f"Trop de tentatives. {limits.wait_message(minutes)}.")
    if not verify(passwords.prepare(ancien), stored or passwords.DUMMY_HASH) or not stored:
        with portail.db.write() as session:
            journal.record(session, "mot_de_passe.echec", acteur_id=acteur.utilisateur_id)
        raise Refus("Le mot de passe actuel n’est pas le bon.")
    hashed = passwords.hash_password(nouveau)
    with portail.action(acteur, "mot_de_passe.changer") as session:
        user = lock_row(session, Utilisateur, acteur.utilisateur_id)
        if user.password_hash != stored:
            # Chosen anew while this one was checked: by its owner perhaps, to put out whoever is asking.
            raise Conflit("Le mot de passe a été changé entre-temps : recommencez.")
        user.password_hash = hashed
        sessions.end_sessions(session, user.id, keep=acteur.session_id)
        void_links(session, user.id)
        _record_on(session, acteur, "mot_de_passe.changer", user)
        limits.forget(
            session, sessions.LOGIN, user.courriel, attempt
        )  # after the journal's head, as where they are counted
