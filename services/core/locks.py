"""Rows held until the transaction ends, and read as they are once they are held.

Waiting for a row takes time, and what was read before is out of date after it: the session gives the object that it knows, with
its old values, unless it is told otherwise. Every lock of the portal is taken here (a test checks it), and refreshes what it takes;
what was changed in the session and not written yet is written first. SQLite has no row locks: one writer at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Select, inspect, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

Mode = Mapping[str, bool]

CHANGE: Mode = {"key_share": True}
"""To change the row, not its key (FOR NO KEY UPDATE): what refers to it goes on being recorded meanwhile. A plain FOR UPDATE
would make wait, and sometimes in a circle, who only queues a mail for the centre or adds a line that names it."""
WHOLE: Mode = {}
"""To remove the row, or when nothing refers to it (FOR UPDATE)."""
SHARE: Mode = {"read": True}
"""That the row stays as it is, without keeping the next who want the same from it (FOR SHARE)."""
KEEP: Mode = {"read": True, "key_share": True}
"""That the row stays there, whatever changes in it (FOR KEY SHARE)."""

Row = TypeVar("Row")
Query = TypeVar("Query", bound="Select[*tuple[Any, ...]]")


def locked(query: Query, mode: Mode = CHANGE, *, of: type[Any] | None = None, skip_locked: bool = False) -> Query:
    """`query`, holding the rows that it gives (those of `of` only, where it joins several tables) and refreshing their objects.
    `skip_locked` leaves out those that somebody else holds."""
    held = query.with_for_update(of=of, skip_locked=skip_locked, **mode)
    return held.execution_options(populate_existing=True)


def find_row(session: Session, table: type[Row], key: Any, mode: Mode = CHANGE) -> Row | None:
    """The row of this primary key (a tuple when it has several columns), held; None when there is none.

    Not `session.get`: for a row with a version, that one raises StaleDataError instead of refreshing."""
    values = key if isinstance(key, tuple) else (key,)
    columns = inspect(table).primary_key
    query = select(table).where(*(column == value for column, value in zip(columns, values, strict=True)))
    return session.scalars(locked(query, mode)).one_or_none()


def lock_row(session: Session, table: type[Row], key: Any, mode: Mode = CHANGE) -> Row:
    """As `find_row`; NoResultFound when there is none."""
    found = find_row(session, table, key, mode)
    if found is None:
        raise NoResultFound(f"{table.__name__} {key}")
    return found
