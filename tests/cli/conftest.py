"""Running `portail` as an operator does: a process of its own for what the whole process decides, in-process otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main

EXAMPLE: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "cases" / "adhesion-cig.json").read_text(encoding="utf-8")
)
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with its own data folder; the result has `exit_code`, `stdout`, `stderr`."""
    for name in ("DATABASE_URL", "PORTAIL_MODE", "PORTAIL_FICHIERS", "PORTAIL_ADRESSE", "PORTAIL_SMTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTAIL_DATA", str(tmp_path / "var"))

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="portail")

    return invoke


@pytest.fixture(scope="session")
def _installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation just made: migrations take most of `portail init`."""
    folder = tmp_path_factory.mktemp("installation") / "var"
    result = CliRunner(env={"PORTAIL_DATA": str(folder)}).invoke(main, ["init"], prog_name="portail")
    assert result.exit_code == 0, result.stderr
    assert "Offre publiée : Service social du travail" in result.stdout
    return folder


@pytest.fixture
def installed(run: Run, tmp_path: Path, _installation: Path) -> Run:
    """`portail init` done."""
    shutil.copytree(_installation, tmp_path / "var")
    return run


@pytest.fixture
def example() -> dict[str, Any]:
    """A fresh copy of the data file of an adhesion to the CIG petite couronne."""
    copy: dict[str, Any] = json.loads(json.dumps(EXAMPLE))
    return copy


@pytest.fixture
def data_file(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a data file."""

    def write(data: Any) -> Path:
        path = tmp_path / "donnees.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return path

    return write
