"""How often a stranger may do something: logins, password resets and public requests share one table of attempts."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from models import JournalHead, TentativeConnexion, utc_now
from services.core.locks import WHOLE, locked

WINDOW = timedelta(minutes=15)
"""How long an attempt counts, and so how long a lock-out lasts at most."""


def wait_turn(session: Session) -> None:
    """Wait until the transactions under way are done, and keep the next ones waiting: takes the one row that every writer
    takes, the journal's head. For « create it unless it is there » on a database that has no such lock of its own."""
    session.execute(locked(select(JournalHead.id), WHOLE))


def subject_hash(kind: str, subject: str) -> str:
    """What is kept of the account or address typed: enough to count, not to read."""
    return hashlib.sha256(f"{kind}:{subject}".encode("utf-8", "surrogatepass")).hexdigest()


def network_of(adresse: str) -> str:
    """What one visitor comes from: an IPv4 address; of IPv6 the /56 that a subscriber is often given whole: counted by address,
    they would have as many tries as they like."""
    try:
        found = ip_address(adresse.partition("%")[0])
    except ValueError:
        return adresse
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 56), strict=False))


def count(
    session: Session, kind: str, subject: str, adresse: str, *, by_subject: int, by_address: int
) -> tuple[UUID | None, int]:
    """Record one attempt in the current transaction: (its id, 0); or (None, minutes to wait) when there were too many.

    Counted before the attempt is made, so that parallel ones do not escape. `kind` is one letter, part of both keys.
    """
    now = utc_now()
    wait_turn(session)
    session.execute(delete(TentativeConnexion).where(TentativeConnexion.le < now - WINDOW))
    hashed, place = subject_hash(kind, subject), f"{kind}:{network_of(adresse)}"[:45]
    free_at = max(
        _free_at(session, now, TentativeConnexion.compte_hash == hashed, by_subject),
        _free_at(session, now, TentativeConnexion.adresse == place, by_address),
    )
    if free_at > now:
        return None, max(1, -int((now - free_at).total_seconds() // 60))
    attempt = TentativeConnexion(compte_hash=hashed, adresse=place, le=now)
    session.add(attempt)
    session.flush()
    return attempt.id, 0


def _free_at(session: Session, now: datetime, condition: ColumnElement[bool], allowed: int) -> datetime:
    """When the next attempt is allowed: at once, or when the oldest of the last `allowed` attempts leaves the window."""
    recent = session.scalars(
        select(TentativeConnexion.le)
        .where(condition, TentativeConnexion.le >= now - WINDOW)
        .order_by(TentativeConnexion.le.desc())
        .limit(allowed)
    ).all()
    return recent[-1] + WINDOW if len(recent) >= allowed else now


def forget(session: Session, kind: str, subject: str, attempt: UUID | None = None) -> None:
    """Forget the attempts on this subject, and `attempt` in particular (it succeeded)."""
    session.execute(delete(TentativeConnexion).where(TentativeConnexion.compte_hash == subject_hash(kind, subject)))
    if attempt:
        session.execute(delete(TentativeConnexion).where(TentativeConnexion.id == attempt))


def wait_message(minutes: int) -> str:
    """« Réessayez dans 12 minutes »."""
    return f"Réessayez dans {minutes} minute{'s' if minutes > 1 else ''}"
