"""Databases that tests borrow: emptied in a few round trips, and given back a small world that was built once.

Three thousand tests begin with a centre, its offer and somebody of each role, and end with an empty database. Building and
deleting these rows one by one was a sixth of the whole run. Here, `empty` deletes only from the tables that hold something,
without following foreign keys; a `Picture` puts the rows of a world back as they were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.engine import make_url

from models import Base, JournalHead
from services.core import journal
from services.core.database import Database
from services.core.portail import Portail

T = TypeVar("T")
HEAD = JournalHead.__tablename__
_borrowed: dict[str, dict[object, Picture]] = {}
"""By address of a database that tests borrow: the worlds known there."""


@dataclass(frozen=True)
class Picture:
    """Rows of a world, the end of its journal, its files, and what whoever built it returned. On SQLite `rows` holds the
    rows, by table; on PostgreSQL they are in the schema `schema` of the same database."""

    value: Any
    rows: dict[str, list[tuple[Any, ...]]]
    schema: str
    head: tuple[int, str]
    files: dict[str, bytes]


def borrow(database: Database) -> Database:
    """From now on worlds are kept for this database. It does not wait for the disk: nothing here must survive."""
    if database.url not in _borrowed:
        _borrowed[database.url] = {}
        if database.sqlite:
            event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return database


def empty(database: Database) -> None:
    """Take every row away and start the journal again, as of another installation."""
    with _unchecked(database) as cursor:
        _execute_all(cursor, [f'DELETE FROM "{table}"' for table in _filled(cursor)])
        name = uuid4()
        values = (journal.GENESIS, name.hex if database.sqlite else str(name))
        mark = "?" if database.sqlite else "%s"
        cursor.execute(f"UPDATE {HEAD} SET seq = 0, hash = {mark}, installation = {mark} WHERE id = 1", values)
        lost = cursor.rowcount == 0
    if lost:
        with database.write() as session:
            journal.create_head(session)


def build_once(portail: Portail, key: object, build: Callable[[], T]) -> T:
    """What `build` makes of an empty portal and returns: made the first time, put back the next ones. A portal that holds
    something already, or that no test borrows, gets it made each time."""
    known = _borrowed.get(portail.db.url)
    if known is None or not _is_blank(portail.db):
        return build()
    if key not in known:
        value = build()
        known[key] = _take(portail, value, f"monde_{len(known)}")
        return value
    _put_back(portail, known[key])
    made: T = known[key].value
    return made


def _is_blank(database: Database) -> bool:
    with _unchecked(database) as cursor:
        return not _filled(cursor)


def _take(portail: Portail, value: Any, schema: str) -> Picture:
    rows: dict[str, list[tuple[Any, ...]]] = {}
    with _unchecked(portail.db) as cursor:
        head: tuple[int, str] = cursor.execute(f"SELECT seq, hash FROM {HEAD}").fetchone()
        if not portail.db.sqlite:
            cursor.execute(f"CREATE SCHEMA {schema}")
        for table in _filled(cursor):
            if portail.db.sqlite:
                rows[table] = cursor.execute(f'SELECT * FROM "{table}"').fetchall()
            else:
                rows[table] = []
                cursor.execute(f'CREATE TABLE {schema}."{table}" AS TABLE "{table}"')
    return Picture(value, rows, schema, head, {one: portail.files.read(one) for one in portail.files.list_hashes()})


def _put_back(portail: Portail, picture: Picture) -> None:
    mark = "?" if portail.db.sqlite else "%s"
    with _unchecked(portail.db) as cursor:
        if portail.db.sqlite:
            for table, rows in picture.rows.items():
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        else:
            _execute_all(
                cursor, [f'INSERT INTO "{one}" SELECT * FROM {picture.schema}."{one}"' for one in picture.rows]
            )
        if picture.head[0]:
            cursor.execute(f"UPDATE {HEAD} SET seq = {mark}, hash = {mark}", picture.head)
    for sha256, data in picture.files.items():
        path = Path(
            portail.settings.fichiers_url, sha256[:2], sha256
        )  # as FileStore does, without waiting for the disk
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextmanager
def _unchecked(database: Database) -> Iterator[Any]:
    """A driver's cursor in one transaction that checks no foreign key: the rows were right, or all leave."""
    with database.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        cursor = raw.cursor()
        if database.sqlite:
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
        try:
            yield cursor
            raw.commit()
        finally:
            raw.rollback()
            if database.sqlite:
                cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()


def _execute_all(cursor: Any, statements: Sequence[str]) -> None:
    """One round trip on PostgreSQL; SQLite has none to save."""
    if isinstance(cursor, sqlite3.Cursor):
        for statement in statements:
            cursor.execute(statement)
    elif statements:
        cursor.execute("; ".join(statements), prepare=False)


def _filled(cursor: Any) -> Sequence[str]:
    """Names of the tables that hold a row, the head of the journal apart: it always does."""
    return [name for (name,) in cursor.execute(_which()).fetchall()]


@lru_cache(maxsize=1)
def _which() -> str:
    names = [table.name for table in Base.metadata.sorted_tables if table.name != HEAD]
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)


def named(url: str, name: str) -> str:
    """Address of the database `name` of the PostgreSQL server at `url`."""
    parsed = make_url(url).set(drivername="postgresql+psycopg", database=name)
    return parsed.render_as_string(hide_password=False)
