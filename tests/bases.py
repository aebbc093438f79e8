"""Databases that tests borrow: emptied in a few round trips, and given back a small world that was built once.

Three thousand tests begin with a centre, its offer and somebody of each role, and end with an empty database. Building and
deleting these rows one by one was a sixth of the whole run. Here, `empty` deletes only from the tables that hold something,
without following foreign keys; a `Picture` puts the rows of a world back as they were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.engine import make_url

from models import Base, JournalHead
from services.core import journal
from services.core.database import Database

HEAD = JournalHead.__tablename__
_borrowed: dict[str, dict[object, Picture | None]] = {}
"""By address of a database that tests borrow: the worlds known there."""


@dataclass(frozen=True)
class Picture:
    """Rows of a world, and what whoever built it returned. On SQLite `rows` holds them, by table; on PostgreSQL they are
    in the schema `schema` of the same database."""

    value: Any
    rows: dict[str, list[tuple[Any, ...]]]
    schema: str


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


def recall(database: Database, key: object) -> Any:
    """Put the world `key` back in the database and give its value; None when it is not known there."""
    picture = _borrowed.get(database.url, {}).get(key)
    if picture is None:
        return None
    with _unchecked(database) as cursor:
        if database.sqlite:
            for table, rows in picture.rows.items():
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        else:
            _execute_all(
                cursor, [f'INSERT INTO "{one}" SELECT * FROM {picture.schema}."{one}"' for one in picture.rows]
            )
    return picture.value


def is_blank(database: Database) -> bool:
    """Whether tests borrow this database and it holds nothing: what is built next can be kept."""
    if database.url not in _borrowed:
        return False
    with _unchecked(database) as cursor:
        return not _filled(cursor)


def keep(database: Database, key: object, value: Any) -> None:
    """Remember what the database holds as the world `key`."""
    schema = f"monde_{len(_borrowed[database.url])}"
    rows: dict[str, list[tuple[Any, ...]]] = {}
    with _unchecked(database) as cursor:
        if not database.sqlite:
            cursor.execute(f"CREATE SCHEMA {schema}")
        for table in _filled(cursor):
            if database.sqlite:
                rows[table] = cursor.execute(f'SELECT * FROM "{table}"').fetchall()
            else:
                rows[table] = []
                cursor.execute(f'CREATE TABLE {schema}."{table}" AS TABLE "{table}"')
    _borrowed[database.url][key] = Picture(value, rows, schema)


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
