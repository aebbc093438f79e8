"""What holds for the whole tree: imports, glossary, one folder per concern."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import models
from domain.roles import Role
from models import Base

ROOT = Path(__file__).parent.parent
GLOSSAIRE = (ROOT / "docs" / "glossaire.md").read_text(encoding="utf-8")


def test_every_model_and_role_is_in_the_glossary() -> None:
    names = {mapper.class_.__name__ for mapper in Base.registry.mappers} | {role.value for role in Role}
    assert {name for name in names if f"`{name}`" not in GLOSSAIRE} == set()


def test_glossary_names_only_what_exists() -> None:
    classes = set(re.findall(r"\| `([A-Z][A-Za-z]+)` \|", GLOSSAIRE))
    assert classes - {name for name in vars(models) if name[0].isupper()} == set()


def test_migrations_make_the_schema_of_the_models(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from services.core.database import Database

    database = Database(f"sqlite:///{tmp_path / 'neuf.db'}")
    database.migrate()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.dispose()


def test_pages_hold_no_sql_and_no_rules() -> None:
    """The import contracts see packages only; pages are scripts."""
    allowed = {"ui", "services", "domain", "streamlit", "markupsafe", *sys.stdlib_module_names, "__future__"}
    for script in (ROOT / "pages").glob("*.py"):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in names} - allowed == set(), script.name


def test_no_code_knows_a_centre() -> None:
    """A centre is data: no program names one, its offer, nor asks which one it is."""
    codes = [path.parent.name for path in (ROOT / "forms").glob("*/centre.yaml")]
    codes += [path.parent.name for path in (ROOT / "forms").glob("*/*/offre.yaml")]
    assert len(codes) >= 4
    asked = re.compile(r"centre(\.code|_code)?\s*[!=]=\s*[\"']")
    for folder in ("commands", "documents", "domain", "models", "pages", "services", "ui", "web", "migrations"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert not [code for code in codes if code in source], path
            assert not asked.search(source), path


def test_services_do_not_import_streamlit() -> None:
    code = (
        "import cli, services.core.portail, web, sys; "
        "sys.exit(any(name.partition('.')[0] == 'streamlit' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
