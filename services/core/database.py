"""Engine and transactions, the same on SQLite and PostgreSQL.

One write is one transaction: `with db.write() as session` commits at the end or rolls everything back. Never navigate
(st.rerun, st.switch_page) inside such a block: those raise, and the write would vanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from services.core import sql_text
from services.core.settings import ROOT

MIGRATIONS = ROOT / "migrations"
_REVISION = re.compile(r"^revision(?:: str)? = ['\"](\w+)['\"]", re.MULTILINE)
_FOLLOWED = re.compile(r"^down_revision(?::[^=]+)? = ['\"](\w+)['\"]", re.MULTILINE)


class Database:
    """A database of the portal. `read()` and `write()` give sessions; nothing else opens transactions."""

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = (
            _sqlite_engine(url)
            if self.sqlite
            else create_engine(url, pool_pre_ping=True, pool_size=10, hide_parameters=True)
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._queue: AbstractContextManager[Any] = RLock() if self.sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: closed without committing; what was loaded stays usable."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any exception. On SQLite it takes the write
        lock at once (BEGIN IMMEDIATE), so that what it reads cannot change under it.

        Threads of this process queue for it here: SQLite itself only has those that wait try again, after longer and longer
        pauses, and among thirty the unluckiest would give up.
        """
        with self._queue, self._sessions() as session:
            if self.sqlite:
                session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            with _committed(session):
                yield session

    def migrate(self) -> None:
        """Bring the schema to the newest revision (Alembic)."""
        # Imported here: it takes a third of a second, and serving does without it.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def revision(self) -> str | None:
        """The revision of the schema; None when there is none yet."""
        if not inspect(self.engine).has_table("alembic_version"):
            return None
        with self.engine.connect() as connection:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found

    @staticmethod
    def newest_revision() -> str:
        """The revision that this version of the portal needs: the one that no other follows, read in the files of
        migrations/versions as Alembic does."""
        sources = [path.read_text(encoding="utf-8") for path in (MIGRATIONS / "versions").glob("*.py")]
        revisions = {found for source in sources for found in _REVISION.findall(source)}
        head: str
        (head,) = revisions.difference(found for source in sources for found in _FOLLOWED.findall(source))
        return head

    def is_current(self) -> bool:
        """Whether the schema is at the newest revision."""
        return self.revision() == self.newest_revision()

    def ping(self) -> None:
        """Raise the driver's error when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        self.engine.dispose()


@contextmanager
def _committed(session: Session) -> Iterator[None]:
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _sqlite_engine(url: str) -> Engine:
    # hide_parameters: an error that is logged says which statement failed, not what people typed.
    engine = create_engine(url, connect_args={"timeout": 15}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not issue BEGIN by itself: we choose DEFERRED or IMMEDIATE below.
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL: a number that was given, printed and mailed must outlive a power cut.
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        sql_text.register(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
