"""Logging in and out: lock-outs, one-time tickets, and sessions that are rows, so that revoking one takes effect at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.errors import Introuvable, Refus
from domain.text import clean_text
from models import (
    Centre,
    DemandeAdhesion,
    Dossier,
    FluxCalendrier,
    RoleAttribue,
    SessionUtilisateur,
    TicketConnexion,
    Utilisateur,
    utc_now,
)
from services.comptes import passwords
from services.comptes.rights import concerned_centres
from services.core import journal, limits
from services.core.access import Acteur, build_acteur
from services.core.clock import DEFAULT_ZONE, today
from services.core.portail import Portail, record
from services.core.tokens import new_token, token_hash

LOGIN = "c"
"""Kind of attempt (services.core.limits)."""
BLOCKED = "b"
"""Lock-outs that the journal already tells of (services.core.limits)."""
MAX_BY_ACCOUNT = 5
MAX_BY_ADDRESS = 30
TICKET_LIFE = timedelta(seconds=30)
PARKING = timedelta(hours=24)
"""How long after its end a session still lets what was typed in it be kept."""
SEEN_EVERY = timedelta(minutes=5)
WRONG = "Adresse électronique ou mot de passe incorrect."


@dataclass(frozen=True)
class SessionRow:
    """A session as its holder sees it: `courante` is the one asking."""

    id: UUID
    creee_le: datetime
    vue_le: datetime
    expire_le: datetime
    agent: str | None
    courante: bool


def cookie_name(portail: Portail) -> str:
    """Name of the session cookie. In production the prefix makes browsers insist on Secure, no domain, path /."""
    return "__Host-portail" if portail.settings.production else "portail"


def normalize_courriel(courriel: str) -> str:
    """The login as it is stored and compared."""
    return clean_text(courriel).lower()


def authenticate(
    portail: Portail,
    courriel: str,
    mot_de_passe: str,
    adresse: str,
    *,
    verify: passwords.Verifier = passwords.matches,
) -> str:
    """Check a login, give the one-time ticket that the browser exchanges for its cookie.

    Unknown, deactivated and not yet activated accounts get the answer of a wrong password, after the same work. The
    attempt is counted before the password is looked at, so that parallel guesses do not escape the lock-out. Raises Refus.
    """
    login = normalize_courriel(courriel)[:254]
    attempt = _count_attempt(portail, login, adresse)
    with portail.db.read() as session:
        user = session.scalars(select(Utilisateur).where(Utilisateur.courriel == login)).one_or_none()
    stored = user.password_hash if user and user.actif else None
    good = verify(passwords.prepare(mot_de_passe), stored or passwords.DUMMY_HASH)
    if not (good and stored and user):
        with portail.db.write() as session:
            journal.record(
                session,
                "connexion.echec",
                centre_id=home_centre(session, user.id) if user else None,
                objet="utilisateur",
                objet_id=user.id if user else None,
            )
        raise Refus(WRONG)
    ticket = new_token()
    with portail.db.write() as session:
        limits.forget(session, LOGIN, login, attempt)
        session.execute(delete(TicketConnexion).where(TicketConnexion.expire_le < utc_now()))
        session.add(
            TicketConnexion(token_hash=token_hash(ticket), utilisateur_id=user.id, expire_le=utc_now() + TICKET_LIFE)
        )
    return ticket


def _count_attempt(portail: Portail, login: str, adresse: str) -> UUID:
    """Record an attempt, or raise Refus when the account or the address has had too many. Gives the attempt's id."""
    with portail.db.write() as session:
        attempt, minutes = limits.count(
            session, LOGIN, login, adresse, by_subject=MAX_BY_ACCOUNT, by_address=MAX_BY_ADDRESS
        )
        if attempt:
            return attempt
        _record_blocked(session, login, adresse)
    raise Refus(
        f"Trop de tentatives de connexion. {limits.wait_message(minutes)}, ou choisissez « Mot de passe oublié »."
    )


def _record_blocked(session: Session, login: str, adresse: str) -> None:
    """One line for each account and lock-out, and few for each address: the journal only grows, and anybody may knock. It
    names the account by its id, which says nobody's name once the account is deleted; of an address that has none, nothing
    is kept: even a hash would be recognised by whoever has a list of addresses."""
    told, _ = limits.count(session, BLOCKED, login, adresse, by_subject=1, by_address=MAX_BY_ADDRESS // MAX_BY_ACCOUNT)
    if told:
        user_id = session.scalar(select(Utilisateur.id).where(Utilisateur.courriel == login))
        journal.record(
            session,
            "connexion.bloquee",
            centre_id=home_centre(session, user_id) if user_id else None,
            objet="utilisateur",
            objet_id=user_id,
        )


def exchange(portail: Portail, ticket: str, agent: str | None) -> tuple[str, datetime]:
    """Consume a login ticket and open a session: its token (for the cookie) and when it expires. Raises Refus when the
    ticket is unknown, used or older than 30 seconds."""
    now = utc_now()
    token = new_token()
    expires = now + timedelta(hours=portail.settings.session_heures)
    with portail.db.write() as session:
        user_id = session.scalar(
            delete(TicketConnexion)
            .where(TicketConnexion.token_hash == token_hash(ticket), TicketConnexion.expire_le > now)
            .returning(TicketConnexion.utilisateur_id)
        )
        user = session.get(Utilisateur, user_id) if user_id else None
        if user is None or not user.actif:
            raise Refus("Cette connexion a expiré. Recommencez.")
        row = SessionUtilisateur(
            token_hash=token_hash(token), utilisateur_id=user.id, expire_le=expires, agent=(agent or "")[:200] or None
        )
        user.derniere_connexion = now
        session.add(row)
        session.flush()
        journal.record(
            session,
            "connexion.reussie",
            acteur_id=user.id,
            centre_id=home_centre(session, user.id),
            objet="session",
            objet_id=row.id,
        )
    return token, expires


def current(portail: Portail, token: str | None, adresse: str | None = None) -> Acteur | None:
    """Who holds this session token, with today's roles; None when there is no such session, or it is revoked or over, or
    the account is deactivated. Looks at the row each time."""
    if not token:
        return None
    now = utc_now()
    with portail.db.read() as session:
        found = session.execute(_held_session(), {"jeton": token_hash(token), "maintenant": now}).all()
    if not found:
        return None
    row, user, zone, _ = found[0]
    roles = [held for *_, held in found if held is not None]
    acteur = build_acteur(user, roles, today(zone or DEFAULT_ZONE), session_id=row.id, adresse=adresse)
    if now - row.vue_le > SEEN_EVERY:
        with portail.db.write() as session:
            session.execute(update(SessionUtilisateur).where(SessionUtilisateur.id == row.id).values(vue_le=now))
    return acteur


@lru_cache(maxsize=1)
def _held_session() -> Select[Any]:
    """The session of a token with its holder, their time zone and their roles, in one query, built once: this is asked at
    every interaction."""
    return (
        select(SessionUtilisateur, Utilisateur, _zone(Utilisateur.id).scalar_subquery(), RoleAttribue)
        .join(Utilisateur, Utilisateur.id == SessionUtilisateur.utilisateur_id)
        .outerjoin(RoleAttribue, RoleAttribue.utilisateur_id == Utilisateur.id)
        .where(
            SessionUtilisateur.token_hash == bindparam("jeton"),
            SessionUtilisateur.revoquee_le.is_(None),
            SessionUtilisateur.expire_le > bindparam("maintenant"),
            Utilisateur.actif,
        )
    )


def day_of(session: Session, utilisateur_id: UUID) -> date:
    """Today where the person works, by which their roles begin and end: in the time zone of their centre, else of one that
    knows their collectivité, else in Paris."""
    return today(zone_of(session, utilisateur_id))


def zone_of(session: Session, utilisateur_id: UUID) -> str:
    """The time zone in which the person reads an instant that is theirs alone, by the same rule."""
    return session.scalar(_zone(utilisateur_id)) or DEFAULT_ZONE


def _zone(utilisateur_id: UUID | InstrumentedAttribute[UUID]) -> Select[str]:
    held = select(RoleAttribue.centre_id).where(RoleAttribue.utilisateur_id == utilisateur_id)
    places = select(RoleAttribue.collectivite_id).where(RoleAttribue.utilisateur_id == utilisateur_id)
    return (
        select(Centre.fuseau)
        .where(
            or_(
                Centre.id.in_(held),
                Centre.id.in_(select(Dossier.centre_id).where(Dossier.collectivite_id.in_(places))),
                Centre.id.in_(select(DemandeAdhesion.centre_id).where(DemandeAdhesion.collectivite_id.in_(places))),
            )
        )
        .order_by(case((Centre.id.in_(held), 0), else_=1), Centre.code)
        .limit(1)
    )


def home_centre(session: Session, utilisateur_id: UUID) -> UUID | None:
    """The centre whose journal shows this person's logins: theirs, else one that knows their collectivité, else the only one
    there is, else none."""
    held = session.scalar(
        select(RoleAttribue.centre_id)
        .where(RoleAttribue.utilisateur_id == utilisateur_id, RoleAttribue.centre_id.is_not(None))
        .limit(1)
    )
    places = select(RoleAttribue.collectivite_id).where(RoleAttribue.utilisateur_id == utilisateur_id)
    known = held or next(
        (min(found) for place in session.scalars(places) if place and (found := concerned_centres(session, place))),
        None,
    )
    if known:
        return known
    if session.scalar(select(func.count()).select_from(Centre)) == 1:
        return session.scalar(select(Centre.id))
    return None


def expired_holder(session: Session, hash_of_token: str) -> UUID | None:
    """Who held this session, when it is over for less than a day, was not revoked, and the account is active: what such a
    person was typing is kept for their next login. None otherwise: an old cookie writes nothing."""
    return session.scalar(
        select(SessionUtilisateur.utilisateur_id)
        .join(Utilisateur, Utilisateur.id == SessionUtilisateur.utilisateur_id)
        .where(
            SessionUtilisateur.token_hash == hash_of_token,
            SessionUtilisateur.revoquee_le.is_(None),
            SessionUtilisateur.expire_le > utc_now() - PARKING,
            Utilisateur.actif,
        )
    )


def revoke(portail: Portail, token: str | None) -> None:
    """End this session, in every tab; an unknown or ended one is fine."""
    if not token:
        return
    with portail.db.write() as session:
        row = session.scalars(
            select(SessionUtilisateur).where(
                SessionUtilisateur.token_hash == token_hash(token), SessionUtilisateur.revoquee_le.is_(None)
            )
        ).one_or_none()
        if row:
            row.revoquee_le = utc_now()
            journal.record(
                session,
                "session.fermer",
                acteur_id=row.utilisateur_id,
                centre_id=home_centre(session, row.utilisateur_id),
                objet="session",
                objet_id=row.id,
            )


def revoke_session(portail: Portail, acteur: Acteur, session_id: UUID) -> None:
    """End one of one's own sessions (a forgotten computer)."""
    with portail.action(acteur, "session.revoquer", objet="session", objet_id=session_id) as session:
        row = session.get(SessionUtilisateur, session_id)
        if row is None or row.utilisateur_id != acteur.utilisateur_id:
            raise Introuvable()
        row.revoquee_le = row.revoquee_le or utc_now()
        record(session, acteur, "session.revoquer", objet="session", objet_id=session_id)


def revoke_all(portail: Portail, acteur: Acteur, *, keep_current: bool = True) -> int:
    """End all one's sessions, but this one unless told; how many were ended."""
    with portail.action(acteur, "session.revoquer_toutes") as session:
        ended = end_sessions(session, acteur.utilisateur_id, keep=acteur.session_id if keep_current else None)
        record(session, acteur, "session.revoquer_toutes", nombre=ended)
    return ended


def end_sessions(session: Session, utilisateur_id: UUID, *, keep: UUID | None = None) -> int:
    """End a person's sessions in the current transaction (password changed, account deactivated); how many."""
    rows = session.scalars(
        select(SessionUtilisateur).where(
            SessionUtilisateur.utilisateur_id == utilisateur_id, SessionUtilisateur.revoquee_le.is_(None)
        )
    )
    ended = [row for row in rows if row.id != keep]
    for row in ended:
        row.revoquee_le = utc_now()
    session.execute(delete(TicketConnexion).where(TicketConnexion.utilisateur_id == utilisateur_id))
    return len(ended)


def revoke_feeds(session: Session, utilisateur_id: UUID) -> list[UUID]:
    """Close a person's calendar addresses in the current transaction; ids of those that worked until then."""
    living = session.scalars(
        select(FluxCalendrier)
        .where(FluxCalendrier.utilisateur_id == utilisateur_id, FluxCalendrier.revoque_le.is_(None))
        .order_by(FluxCalendrier.cree_le.desc())
    ).all()
    for flux in living:
        flux.revoque_le = utc_now()
    session.flush()
    return [flux.id for flux in living]


def list_sessions(portail: Portail, acteur: Acteur) -> list[SessionRow]:
    """One's open sessions, the latest first."""
    with portail.db.read() as session:
        rows = session.scalars(
            select(SessionUtilisateur)
            .where(
                SessionUtilisateur.utilisateur_id == acteur.utilisateur_id,
                SessionUtilisateur.revoquee_le.is_(None),
                SessionUtilisateur.expire_le > utc_now(),
            )
            .order_by(SessionUtilisateur.vue_le.desc())
        )
        return [
            SessionRow(row.id, row.creee_le, row.vue_le, row.expire_le, row.agent, row.id == acteur.session_id)
            for row in rows
        ]


def refuse_page(portail: Portail, acteur: Acteur, page: str) -> None:
    """Journal that this person asked for a page that none of their roles opens. Always raises Introuvable."""
    with portail.action(
        acteur, "page.ouvrir", objet="page", objet_id=page, centre_id=next(iter(acteur.centre_ids), None)
    ):
        raise Introuvable()
