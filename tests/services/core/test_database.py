"""Schema revisions, read without Alembic when serving; many who write at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from models import Operation
from services.core.database import MIGRATIONS, Database
from services.core.portail import Portail


def test_newest_revision_is_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert Database.newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_served_database_is_current(portail: Portail) -> None:
    assert portail.db.is_current()


def test_an_error_that_is_logged_says_nothing_of_what_was_typed(portail: Portail) -> None:
    with pytest.raises(DBAPIError) as caught, portail.db.write() as session:
        session.execute(text("SELECT absente FROM operation WHERE id = :typed"), {"typed": "prenom.nom@example.org"})
    assert "prenom.nom" not in str(caught.value)


def test_database_knows_whether_it_is_current(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'vide.db'}")
    assert database.revision() is None
    assert not database.is_current()
    database.migrate()
    assert database.is_current()
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ancienne'"))
    assert not database.is_current()
    database.dispose()


def test_those_who_write_at_once_wait_their_turn(make_portail: Callable[[str], Portail]) -> None:
    """On SQLite, even when it is told to give up at the first lock it meets."""
    database = Database(make_portail("sqlite").db.url)  # its connections serve no other test

    @event.listens_for(database.engine, "checkout")
    def _impatient(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    def write(number: int) -> None:
        with database.write() as session:
            session.add(Operation(id=f"operation-{number}"))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(60)))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Operation)) == 60
    database.dispose()
