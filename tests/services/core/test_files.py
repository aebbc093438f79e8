"""The file store keeps whole files only, and repairs a damaged one when its bytes come again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from services.core.database import Database
from services.core.files import FileStore


def test_the_same_bytes_deposited_again_repair_a_damaged_file(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    sha256 = files.write(b"convention")
    (path,) = tmp_path.rglob(sha256)
    path.write_bytes(b"")
    with pytest.raises(OSError, match="damaged"):
        files.read(sha256)
    assert files.write(b"convention") == sha256
    assert files.read(sha256) == b"convention"


def test_the_same_bytes_are_written_once(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    sha256 = files.write(b"convention")
    (path,) = tmp_path.rglob(sha256)
    before = path.stat().st_ino
    files.write(b"convention")
    assert path.stat().st_ino == before


def test_bytes_and_name_are_on_the_disk_before_the_store_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("dossier" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fichier")
        fsync(descriptor)

    def noted_replace(source: Path, target: str) -> Path:
        steps.append("nom")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    FileStore(str(tmp_path)).write(b"convention")
    assert steps[:3] == ["fichier", "nom", "dossier"]


def test_files_elsewhere_than_on_this_machine() -> None:
    files = FileStore("memory://portail-essai")
    sha256 = files.write(b"convention")
    assert files.read(sha256) == b"convention"
    assert files.list_hashes() == [sha256]
    files.delete(sha256)


def test_sqlite_waits_for_the_disk_at_each_commit(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'portail.db'}")
    with database.read() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
