"""`portail echeances` with the worked examples G12 to G14; `portail quotidien`, once a day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Run

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "echeances.yaml").read_text("utf-8"))
CIG = ("echeances", "--centre", "cig-petite-couronne")


@pytest.mark.parametrize("case", CASES["denonciations"], ids=lambda case: case["nom"])
@pytest.mark.parametrize("centre", ["cig-petite-couronne", "cdg-martinique"])
def test_notice(run: Run, centre: str, case: dict[str, Any]) -> None:
    """Both centres have the same rules."""
    result = run("echeances", "--centre", centre, "--effet", case["effet"], "--denonciation", case["lettre"], "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["recevable"] == case["recevable"]
    for name in ("fin", "fin_proposee"):
        assert said.get(name) == (case[name].isoformat() if name in case else None), name
    watched = case["recevable"] == "tardive" or case.get("avant_effet", False)
    assert bool(said["avertissements"]) == watched
    assert ("sans portée" in " ".join(said["avertissements"])) == case.get("sans_portee", False)


@pytest.mark.parametrize("case", CASES["termes"], ids=lambda case: str(case["effet"]))
def test_terms(run: Run, case: dict[str, Any]) -> None:
    """G13."""
    said = json.loads(run(*CIG, "--effet", case["effet"], "--json").stdout)
    year = case["effet"].year
    assert said["terme"] == case["terme"].isoformat()
    assert said["reconductions"] == [year + rank for rank in range(1, 5)]
    assert said["dernier_jour_denonciation"] == {str(one): f"{one}-09-29" for one in range(year, year + 4)}
    assert "recevable" not in said and "fin" not in said


def test_in_words(run: Run) -> None:
    said = run(*CIG, "--effet", "01/01/2023", "--denonciation", "30/09/2026")
    assert "Terme : 31 décembre 2027" in said.stdout
    assert "dénoncer au plus tard le 29 septembre 2024" in said.stdout, "a Sunday"
    assert "Dénonciation tardive : fin proposée le 31 décembre 2027" in said.stdout
    assert "une personne du centre doit confirmer" in said.stderr and "sans portée" in said.stderr
    late = run(*CIG, "--effet", "2023-01-01", "--denonciation", "2027-09-12").stdout
    assert "sans objet : la convention prend fin à son terme" in late


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--effet", "2023-02-30"), 2, "2023-02-30"),
        (("--effet", "demain"), 2, "demain"),
        ((), 2, "--effet"),
        (("--effet", "9998-01-01"), 1, "1900 et 2200"),
        (("--effet", "2023-01-01", "--denonciation", "hier"), 2, "hier"),
    ],
)
def test_what_is_refused(run: Run, args: tuple[str, ...], code: int, said: str) -> None:
    result = run(*CIG, *args)
    assert result.exit_code == code
    assert said in result.stderr


def test_an_unknown_centre(run: Run) -> None:
    result = run("echeances", "--centre", "nulle-part", "--effet", "2023-01-01")
    assert result.exit_code == 1 and "nulle-part" in result.stderr


def test_the_daily_round_is_done_once(run: Run) -> None:
    assert run("quotidien").exit_code == 1, "before init"
    assert run("init").exit_code == 0
    first = json.loads(run("quotidien", "--json").stdout)["centres"]
    assert set(first) == {"cig-petite-couronne", "cdg-martinique"}
    assert first["cdg-martinique"]["reconductions.renew_due"] == 0
    again = run("quotidien")
    assert again.exit_code == 0 and "déjà été fait" in again.stdout
    alone = json.loads(run("rappels", "envoyer", "--json").stdout)["centres"]
    assert alone == {"cdg-martinique": 0, "cig-petite-couronne": 0}
    assert "cdg-martinique : 0 rappel mis en file" in run("rappels", "envoyer").stdout
