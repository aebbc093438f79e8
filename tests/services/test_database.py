"""Schema revisions, read without Alembic when serving."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from services.database import MIGRATIONS, Database
from services.portail import Portail


def test_newest_revision_is_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert Database.newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_served_database_is_current(portail: Portail) -> None:
    assert portail.db.is_current()


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
