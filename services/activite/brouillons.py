"""Drafts of weeks: what somebody is typing in a grid, kept at each change until it is recorded.

A draft belongs to who types it: the responsable who corrects somebody's week has one of their own.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import BrouillonHeures, utc_now
from services.comptes.sessions import expired_holder
from services.core.access import Acteur
from services.core.portail import Portail

Place = tuple[UUID, UUID, date]
"""Centre, assistant, Monday."""

TABLE: Any = BrouillonHeures.__table__
KEYS = ("utilisateur_id", "centre_id", "assistant_id", "lundi")


def keep(portail: Portail, acteur: Acteur, place: Place, contenu: dict[str, Any]) -> None:
    """Keep what this person is typing. No check beyond who they are: it is theirs alone, and checked when recorded."""
    with portail.db.write() as session:
        _put(session, acteur.utilisateur_id, place, contenu)


def park(portail: Portail, token_hash: str, place: Place, contenu: dict[str, Any]) -> bool:
    """The same for somebody whose session has just expired; False when the session was revoked or is too old."""
    with portail.db.write() as session:
        holder = expired_holder(session, token_hash)
        if holder is None:
            return False
        _put(session, holder, place, contenu)
        return True


def _put(session: Session, user_id: UUID, place: Place, contenu: dict[str, Any]) -> None:
    values = {**dict(zip(KEYS, (user_id, *place), strict=True)), "contenu": contenu, "modifie_le": utc_now()}
    session.execute(_UPSERTS[session.get_bind().dialect.name], values)


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(TABLE)
    changed = {"contenu": statement.excluded.contenu, "modifie_le": statement.excluded.modifie_le}
    return statement.on_conflict_do_update(index_elements=list(KEYS), set_=changed)


_UPSERTS = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}


def read(
    session: Session, user_id: UUID, centre_id: UUID, assistant_id: UUID, lundi: date
) -> tuple[dict[str, Any] | None, tuple[date, ...]]:
    """This person's draft of the week that begins on `lundi`, None when there is none; and the Mondays of the other weeks
    that they began and did not record."""
    query = (
        select(BrouillonHeures.lundi, case((BrouillonHeures.lundi == lundi, BrouillonHeures.contenu)))
        .where(
            BrouillonHeures.utilisateur_id == user_id,
            BrouillonHeures.centre_id == centre_id,
            BrouillonHeures.assistant_id == assistant_id,
        )
        .order_by(BrouillonHeures.lundi)
    )
    found = {day: content for day, content in session.execute(query)}  # noqa: C416 - a Row is no pair for mypy
    return found.pop(lundi, None), tuple(found)


def discard(session: Session, user_id: UUID, centre_id: UUID, assistant_id: UUID, lundi: date) -> None:
    """Forget a draft: it is recorded, or given up."""
    session.execute(
        delete(BrouillonHeures).where(
            BrouillonHeures.utilisateur_id == user_id,
            BrouillonHeures.centre_id == centre_id,
            BrouillonHeures.assistant_id == assistant_id,
            BrouillonHeures.lundi == lundi,
        )
    )


def give_up(portail: Portail, acteur: Acteur, place: Place) -> None:
    """Throw away what this person was typing for this week."""
    with portail.db.write() as session:
        discard(session, acteur.utilisateur_id, *place)
