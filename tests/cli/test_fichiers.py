"""The file store belongs to one installation; what the database does not know is removed only when asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.core.files import FileStore
from tests.cli.conftest import Run


def test_the_files_of_another_database_are_refused_until_they_are_attached(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = installed
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'autre.db'}")
    for args in (("init",), ("servir",), ("fichiers", "purger")):
        result = run(*args)
        assert result.exit_code == 1
        assert "appartient à une autre installation" in result.stderr
    assert run("fichiers", "rattacher").exit_code == 0
    assert run("init").exit_code == 0
    assert "Fichiers retirés : 0." in run("fichiers", "purger").stdout


def test_unknown_files_are_counted_then_removed_when_asked(installed: Run, tmp_path: Path) -> None:
    run = installed
    store = FileStore(str(tmp_path / "var" / "fichiers"))
    sha256 = store.write(b"inconnu")
    (path,) = (tmp_path / "var" / "fichiers").rglob(sha256)
    os.utime(path, (0, 0))
    result = run("fichiers", "purger")
    assert "Fichiers retirés : 0." in result.stdout
    assert "laissés en place : 1." in result.stdout
    assert "Fichiers retirés : 1." in run("fichiers", "purger", "--orphelins").stdout
    assert not store.exists(sha256)
