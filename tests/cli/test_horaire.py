"""The second offer, by the hour, from the command line: no database, no browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.conventions import word_text
from tests.martinique import EXAMPLE, example

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.fixture
def document(run: Run, tmp_path: Path) -> Any:
    """Makes a document from data; gives its text and what `--json` said."""

    def make(command: str, data: dict[str, Any]) -> tuple[str, Any]:
        source, output = tmp_path / "donnees.json", tmp_path / f"{command}.docx"
        source.write_text(json.dumps(data), encoding="utf-8")
        result = run(command, source, "--sortie", output, "--json")
        assert result.exit_code == 0, result.stderr
        return word_text(output.read_bytes()), json.loads(result.stdout)

    return make


def test_the_example_of_the_second_offer(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "c.docx"
    result = run("convention", EXAMPLE, "--sortie", output, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert (said["numero"], said["terme"], said["avertissements"]) == ("PROJET", "2030-12-31", [])
    amounts = said["montants"]
    assert (amounts["annuel"], amounts["du"], amounts["heures"], amounts["quotite"]) == (
        "7200.00",
        "5425.00",
        7200,
        None,
    )
    text = word_text(output.read_bytes())
    for words in (
        f"7{NARROW}200,00{NBSP}€",
        f"90{NBSP}h{NBSP}25",
        "commune de L’Ajoupa-Bouillon",
        "tribunal administratif de la Martinique",
        f"au plus tard le 29{NBSP}septembre",
        "après qu’il s’est concerté avec son employeur",
        "à la fin de chaque trimestre",
    ):
        assert words in text, words
    assert "……" not in text.partition("Règlement des différends")[0], "nothing is left blank before the signatures"


def test_forty_hours_a_year(document: Any) -> None:
    tree = example(
        besoin__minutes_prevues="40 h", besoin__date_effet="2027-01-01", besoin__date_debut_prestations="2027-01-01"
    )
    text, said = document("convention", tree)
    assert said["montants"]["annuel"] == said["montants"]["du"] == "2400.00"
    assert f"2{NARROW}400,00{NBSP}€" in text
    assert [one for one in said["avertissements"] if "Aucun tarif 2027" in one]


@pytest.mark.parametrize(
    ("type_", "organe", "words"),
    [
        ("commune", "conseil municipal", "le conseil municipal décide"),
        ("ccas", "conseil d’administration", "le conseil d’administration décide"),
    ],
)
def test_the_body_that_decides(document: Any, type_: str, organe: str, words: str) -> None:
    text, _ = document("deliberation", example(collectivite__type=type_, deliberation__organe=organe))
    assert words in text
    assert f"7{NARROW}200,00{NBSP}€ pour une année entière et de 5{NARROW}425,00{NBSP}€ pour la première" in text


def test_hours_are_billed_by_the_minute(run: Run) -> None:
    """G5: 7 h 20 is 440,00 €, not 7,33 × 60."""
    result = run("simuler", "--centre", "cdg-martinique", "--minutes", "750,440,0,1550", "--json")
    said = json.loads(result.stdout)
    assert said["lignes"] == ["750.00", "440.00", "0.00", "1550.00"]
    assert said["total"] == "2740.00"


def test_a_body_that_is_not_affiliated_is_told(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "donnees.json"
    source.write_text(json.dumps(example(collectivite__affilie=False)), encoding="utf-8")
    result = run("convention", source, "--sortie", tmp_path / "c.docx")
    assert result.exit_code == 1
    assert "réservée aux collectivités" in result.stderr
    assert not (tmp_path / "c.docx").exists()
