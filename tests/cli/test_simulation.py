"""`portail simuler`: the worked examples that its options can express, and clear refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from domain.tarification import Prorata
from domain.tarifs import Tarif
from services.core import donnees
from tests.cli.conftest import Run

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "simulations.yaml").read_text("utf-8"))
AMOUNTS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "montants-cig.yaml").read_text("utf-8"))
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


@pytest.mark.parametrize("methode", [one.value for one in Prorata])
def test_first_years(run: Run, methode: str) -> None:
    """G2, every line of its table."""
    for case in AMOUNTS["premiere_annee"]:
        effet = case["debut"]
        result = run(
            *SHARE, "--quotite", "47.70", "--effet", effet, "--annee", effet.year, "--prorata", methode, "--json"
        )
        said = json.loads(result.stdout)
        assert (said["annuel"], said["du"]) == ("32426.46", case[methode][2]), effet
        assert sum(Decimal(one) for one in said["echeancier"]) == Decimal(said["du"])
        assert set(said["echeancier"][: (effet.month - 1) // 3]) <= {"0.00"}


@pytest.mark.parametrize(("effet", "total"), [("2023-01-01", "162132.30"), ("2023-09-01", "140544.27")])
def test_five_years_add_up(run: Run, effet: str, total: str) -> None:
    """G15, year by year."""
    found = [
        json.loads(run(*SHARE, "--quotite", "47.70", "--effet", effet, "--annee", year, "--json").stdout)["du"]
        for year in range(2023, 2028)
    ]
    assert sum(Decimal(one) for one in found) == Decimal(total)


@pytest.mark.parametrize("case", CASES["refus"], ids=lambda case: case["nom"])
def test_refusal_says_why(run: Run, case: dict[str, Any]) -> None:
    result = run("simuler", *_options(case), "--json")
    assert result.exit_code == case["code"], result.output
    assert case["message"] in result.stderr
    assert result.stdout == ""


def test_offer_billed_another_way_is_said_not_a_missing_tariff(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("simuler", "--centre", "cdg-martinique", *BASE)
    assert refused.exit_code == 1
    assert "n’est pas facturée par part d’un temps plein" in refused.stderr
    assert "--minutes" in refused.stderr
    priced = run("simuler", "--centre", "cdg-martinique", *BASE, "--tarif", "67980", "--json")
    assert json.loads(priced.stdout)["annuel"] == "32426.46"
    offer = donnees.find_offer("cig-petite-couronne", None)
    daily = offer.model_copy(
        update={"facturation": offer.facturation.model_copy(update={"mode": "forfait", "service_degrade": None})}
    )
    monkeypatch.setattr(donnees, "list_offers", lambda centre: [daily])
    monkeypatch.setattr(donnees, "find_centre", lambda code: (SimpleNamespace(code=code), ()))
    assert "n’est pas facturée à l’heure" in run(*SHARE, "--minutes", "60").stderr


def test_tariff_of_another_year_is_told(run: Run) -> None:
    said = json.loads(run(*SHARE, *BASE, "--json").stdout)
    assert "Aucun tarif 2023" in said["avertissements"][0]
    assert json.loads(run(*SHARE, *BASE, "--tarif", "67980", "--json").stdout)["avertissements"] == []


def test_what_is_not_said_and_changes_the_price_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(amount: str, size: int) -> Tarif:
        return Tarif(code="heure", annee=2026, montant=Decimal(amount), effectif_min=size)

    centre, _ = donnees.find_centre("cdg-martinique")
    monkeypatch.setattr(donnees, "find_centre", lambda code: (centre, (read("60", 0), read("50", 350))))
    hour = ("simuler", "--centre", "cdg-martinique", "--minutes", "60", "--annee", "2026", "--json")
    said = json.loads(run(*hour).stdout)
    assert said["total"] == "60.00" and "nombre d’agents" in said["avertissements"][0]
    said = json.loads(run(*hour, "--effectif", "1450").stdout)
    assert (said["total"], said["avertissements"][:1]) == ("50.00", [])


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
