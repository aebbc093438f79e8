"""`portail simuler`: the worked examples that its options can express, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Run

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "simulations.yaml").read_text("utf-8"))
SHARE = ("simuler", "--centre", "cig-petite-couronne")
BASE = ("--quotite", "47.70", "--effet", "2023-01-01", "--annee", "2023")


def _options(case: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in case["options"].items():
        for one in value if isinstance(value, list) else [value]:
            found += [f"--{name}", str(one)]
    return found


@pytest.mark.parametrize("case", CASES["simulations"], ids=lambda case: case["nom"])
def test_worked_example(run: Run, case: dict[str, Any]) -> None:
    result = run("simuler", *_options(case), "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    for name, wanted in case["attendu"].items():
        assert said[name] == wanted, name
    assert all(isinstance(step, str) for step in said["etapes"])


@pytest.mark.parametrize("case", CASES["refus"], ids=lambda case: case["nom"])
def test_refusal_says_why(run: Run, case: dict[str, Any]) -> None:
    result = run("simuler", *_options(case), "--json")
    assert result.exit_code == case["code"], result.output
    assert case["message"] in result.stderr
    assert result.stdout == ""


def test_tariff_of_another_year_is_told(run: Run) -> None:
    said = json.loads(run(*SHARE, *BASE, "--json").stdout)
    assert "Aucun tarif 2023" in said["avertissements"][0]
    assert json.loads(run(*SHARE, *BASE, "--tarif", "67980", "--json").stdout)["avertissements"] == []


def test_absence_that_changes_nothing_is_told(run: Run) -> None:
    said = json.loads(run(*SHARE, *BASE, "--absence", "2024-01-01:2024-01-31", "--json").stdout)
    assert said["du"] == "32426.46"
    assert "ne change rien" in said["avertissements"][-1]


def test_people_read_steps_and_quarters(run: Run) -> None:
    result = run(*SHARE, *BASE)
    assert "67\u202f980,00\u00a0€ × 47,70\u00a0% = 32\u202f426,46\u00a0€" in result.stdout
    assert "4e trimestre 2023\u00a0: 8\u202f106,61\u00a0€" in result.stdout
    assert "Aucun tarif 2023" in result.stderr


def test_no_database_is_needed(run: Run, tmp_path: Path) -> None:
    assert run(*SHARE, *BASE).exit_code == 0
    assert not (tmp_path / "var").exists()


def test_help_is_french(run: Run) -> None:
    said = run("simuler", "--help").stdout
    assert "Usage" in said and "--avenant" in said and "Show" not in said
