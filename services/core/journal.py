"""The journal: append-only, hash-chained, written in the transaction of what it records.

Each line's hash covers its content and the previous hash, so removing or changing one shows. Lines hold opaque ids and
hashes, never what a person typed. Retries, refusals, reads of documents and exports are lines too; a page run is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import AuditEvent, JournalHead, utc_now
from services.core.locks import WHOLE, lock_row

GENESIS = "0" * 64


def record(
    session: Session,
    action: str,
    *,
    acteur_id: UUID | None = None,
    centre_id: UUID | None = None,
    objet: str | None = None,
    objet_id: UUID | str | None = None,
    **details: Any,
) -> AuditEvent:
    """Append one line in the current transaction. `details` holds JSON values: ids, hashes, codes, counts."""
    line = Ligne(action, acteur_id, centre_id, objet, objet_id, details)
    return record_lines(session, [line])[0]


@dataclass(frozen=True)
class Ligne:
    """What one line says: as the parameters of `record`."""

    action: str
    acteur_id: UUID | None = None
    centre_id: UUID | None = None
    objet: str | None = None
    objet_id: UUID | str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def record_lines(session: Session, lines: Sequence[Ligne]) -> list[AuditEvent]:
    """Append several lines in the current transaction: the head of the chain is taken once."""
    head = lock_row(session, JournalHead, 1, WHOLE)
    events = []
    for line in lines:
        event = AuditEvent(
            seq=head.seq + 1,
            le=utc_now(),
            acteur_id=line.acteur_id,
            centre_id=line.centre_id,
            action=line.action,
            objet=line.objet,
            objet_id=str(line.objet_id) if line.objet_id is not None else None,
            details={key: _plain(value) for key, value in line.details.items() if value is not None},
            hash="",
        )
        event.hash = line_hash(event, head.hash)
        head.seq, head.hash = event.seq, event.hash
        events.append(event)
    session.add_all(events)
    session.flush()
    return events


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool, list, dict)) else str(value)


def line_hash(event: AuditEvent, previous: str) -> str:
    """SHA-256 of the previous line's hash and of this line's content, in canonical JSON."""
    content = [
        previous,
        event.seq,
        event.le.isoformat(timespec="microseconds"),
        str(event.acteur_id) if event.acteur_id else None,
        str(event.centre_id) if event.centre_id else None,
        event.action,
        event.objet,
        event.objet_id,
        event.details,
    ]
    encoded = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode()).hexdigest()


@dataclass(frozen=True)
class Verification:
    """Outcome of a check of the chain: `lignes` read; `rupture` is the number of the first line that does not hold."""

    lignes: int
    rupture: int | None
    message: str

    @property
    def intacte(self) -> bool:
        return self.rupture is None


def verify(session: Session) -> Verification:
    """Walk the whole chain and compare every hash, every number and the head. A session for reading is enough: the head is
    read first, and lines written meanwhile are left for the next check."""
    head = session.get_one(JournalHead, 1, populate_existing=True)
    last, last_hash = head.seq, head.hash
    previous, expected = GENESIS, 1
    query = select(AuditEvent).where(AuditEvent.seq <= last).order_by(AuditEvent.seq)
    for event in session.scalars(query.execution_options(yield_per=1000)):
        if event.seq != expected:
            return Verification(expected - 1, expected, f"La ligne {expected} manque.")
        if line_hash(event, previous) != event.hash:
            return Verification(expected - 1, expected, f"La ligne {expected} a été modifiée.")
        previous, expected = event.hash, expected + 1
    if (last, last_hash) != (expected - 1, previous) or _beyond(session, last):
        return Verification(expected - 1, expected, "La fin du journal manque.")
    return Verification(expected - 1, None, f"Journal intact : {expected - 1} ligne(s).")


def _beyond(session: Session, last: int) -> bool:
    """Whether lines stand after a head that has not moved: somebody put it back, or added them without it."""
    # In this order: a line and its head become visible together, so who sees the one then sees the other.
    if session.scalar(select(AuditEvent.seq).where(AuditEvent.seq > last).limit(1)) is None:
        return False
    return session.get_one(JournalHead, 1, populate_existing=True).seq == last


def create_head(session: Session) -> None:
    """Start the chain (once, at installation)."""
    if session.get(JournalHead, 1) is None:
        session.add(JournalHead(id=1, seq=0, hash=GENESIS))
        session.flush()


def lines(
    centre_ids: frozenset[UUID],
    *,
    action: str | None = None,
    objet_id: str | None = None,
    acteur_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[AuditEvent]:
    """Lines of these centres, newest first, filtered."""
    query = select(AuditEvent).where(AuditEvent.centre_id.in_(centre_ids)).order_by(AuditEvent.seq.desc())
    if action:
        query = query.where(AuditEvent.action == action)
    if objet_id:
        query = query.where(AuditEvent.objet_id == objet_id)
    if acteur_id:
        query = query.where(AuditEvent.acteur_id == acteur_id)
    if since:
        query = query.where(AuditEvent.le >= since)
    if until:
        query = query.where(AuditEvent.le < until)
    return query


__all__ = ["Verification", "create_head", "line_hash", "lines", "record", "verify"]
