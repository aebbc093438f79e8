"""`convention`, `deliberation`, `gabarit`: golden outcomes, and clear refusals that leave nothing behind."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest

from services.core.settings import ROOT
from tests.cli.conftest import Run
from tests.conventions import word_text

TEMPLATES = ROOT / "doc_templates" / "cig-petite-couronne" / "service-social-travail"
Write = Callable[[Any], Path]


def _text(path: Path) -> str:
    return word_text(path.read_bytes())


def test_example_gives_the_golden_amounts(run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "convention.docx"
    result = run("convention", data_file({**example, "numero": "2026-0007"}), "--sortie", output, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["sha256"] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert said["numero"] == said["manifeste"]["numero"] == "2026-0007"
    assert said["terme"] == "2027-12-31"
    amounts = said["montants"]
    assert (amounts["annuel"], amounts["du"], amounts["heures"]) == ("32426.46", "32426.46", 45992)
    assert [one["montant"] for one in amounts["echeancier"]] == ["8106.62", "8106.61", "8106.62", "8106.61"]
    assert (amounts["tarif"]["annee"], amounts["tarif"]["montant"]) == (2022, "67980.00")
    assert any("Aucun tarif 2023" in warning for warning in said["avertissements"])
    assert set(said["manifeste"]["gabarits"]) == {path.name for path in TEMPLATES.glob("annexe-*.docx")} | {
        "convention.docx"
    }
    text = _text(output)
    assert "2026\u20110007" in text
    assert "47,70\u00a0%" in text
    assert "32\u202f426,46\u00a0€" in text


def test_same_data_same_bytes(run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path) -> None:
    source = data_file(example)
    outputs = [tmp_path / "a.docx", tmp_path / "b.docx"]
    for output in outputs:
        assert run("convention", source, "--sortie", output).exit_code == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_without_number_it_is_a_projet(run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "projet.docx"
    result = run("convention", data_file(example), "--sortie", output, "--json")
    assert json.loads(result.stdout)["numero"] == "PROJET"
    assert "Projet de convention" in _text(output)
    with zipfile.ZipFile(output) as archive:
        headers = [archive.read(name) for name in archive.namelist() if name.startswith("word/header")]
    assert headers
    assert all(b'string="PROJET"' in header for header in headers)


def test_deliberation_needs_neither_number_nor_date(
    run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path
) -> None:
    del example["deliberation"]
    output = tmp_path / "deliberation.docx"
    result = run("deliberation", data_file(example), "--sortie", output, "--json")
    assert result.exit_code == 0, result.stderr
    assert not any("deliberation" in warning for warning in json.loads(result.stdout)["avertissements"])
    text = _text(output)
    assert "32\u202f426,46\u00a0€" in text
    assert "Choisy-le-Roi" in text


@pytest.mark.parametrize(
    ("kind", "appellation", "assembly"),
    [("ccas", "le CCAS", "le conseil d’administration"), ("caisse_ecoles", "la Caisse", "le comité de la caisse")],
)
def test_what_the_kind_of_collectivite_gives_is_not_left_blank(
    run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path, kind: str, appellation: str, assembly: str
) -> None:
    del example["deliberation"], example["collectivite"]["appellation"], example["representant"]["qualite"]
    example["collectivite"]["type"] = kind
    output = tmp_path / "deliberation.docx"
    result = run("deliberation", data_file(example), "--sortie", output, "--json")
    assert result.exit_code == 0, result.stderr
    assert not [one for one in json.loads(result.stdout)["avertissements"] if "réponse manquante" in one]
    text = _text(output)
    assert f"Après en avoir délibéré, {assembly} décide" in text
    assert "l’organe délibérant" not in text
    assert "autoriser la présidente à les signer" in text
    assert run("convention", data_file(example), "--sortie", output).exit_code == 0
    assert f"«\u00a0{appellation}\u00a0»" in _text(output)


def test_missing_answers_are_blanks_that_are_told(
    run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path
) -> None:
    del example["representant"]["nom"]
    output = tmp_path / "convention.docx"
    result = run("convention", data_file(example), "--sortie", output, "--json")
    assert result.exit_code == 0
    warnings = json.loads(result.stdout)["avertissements"]
    assert any(warning.startswith("representant.nom : réponse manquante") for warning in warnings)
    assert "……………" in _text(output)


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for key in parents:
            data = data[key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set("collectivite.sirene", "219400223"), "collectivite.sirene : ce champ n’existe pas (vouliez-vous"),
        (_set("collectivite.siren", "219400224"), "collectivite.siren : "),
        (_set("collectivite.effectif", "beaucoup"), "collectivite.effectif : "),
        (_set("collectivite.nom", ["Choisy"]), "collectivite.nom : "),
        (_set("collectivite.nom", "x" * 100_000), "collectivite.nom : "),
        (_set("besoin.quotite", "147"), "besoin.quotite : "),
        (_set("besoin.date_effet", "2023-02-30"), "besoin.date_effet : "),
        (_set("besoin", "tout"), "besoin : un objet JSON est attendu"),
        (_set("besoin", None), "besoin : un objet JSON est attendu"),
        (_set("besoin.quotite", float("nan")), "besoin.quotite : "),
        (_set("collectivite.effectif", 10**4000), "collectivite.effectif : "),
        (_set("locaux.disponibilites", [{"jour": "lundi", "debut": "12:00", "fin": "09:00"}]), "locaux.disponibilites.1.fin : "),
        (_set("collectivite.adresse", {"voie": "1 rue", "code_postal": "9460", "ville": "Choisy"}), "collectivite.adresse.code_postal : "),
        (_set("locaux.equipements", {"piscine": True}), "locaux.equipements"),
        (_set("centre", "cig-grande-couronne"), "centre : « cig-grande-couronne » n’existe pas (vouliez-vous"),
        (_set("centre", "../../etc"), "centre : « ../../etc » n’existe pas"),
        (_set("offre", None), None),
        (_set("offre", 12), "offre : « 12 » n’existe pas"),
        (_set("numero", "n" * 21), "numero : "),
        (_set("surprise", {"a": 1}), "surprise : ce champ n’existe pas"),
    ],
)  # fmt: skip
def test_wrong_data_are_refused_with_the_path_of_the_field(
    run: Run,
    data_file: Write,
    example: dict[str, Any],
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    expected: str | None,
) -> None:
    change(example)
    output = tmp_path / "convention.docx"
    result = run("convention", data_file(example), "--sortie", output)
    if expected is None:
        assert result.exit_code == 0, result.stderr
        return
    assert result.exit_code == 1
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "n’est pas du JSON correct (ligne 1)"),
        ("[]", "doit contenir un objet JSON"),
        ('{"centre": "a", "centre": "b"}', "« centre » est donné deux fois"),
        ("[" * 100_000, "n’est pas du JSON utilisable"),
        ("", "n’est pas du JSON correct"),
    ],
)
def test_broken_json_is_refused(run: Run, data_file: Write, tmp_path: Path, text: str, expected: str) -> None:
    result = run("convention", data_file(text), "--sortie", tmp_path / "f.docx")
    assert result.exit_code == 1
    assert expected in result.stderr


def test_files_that_cannot_be_read_or_written(
    run: Run, data_file: Write, example: dict[str, Any], tmp_path: Path
) -> None:
    source = data_file(example)
    (tmp_path / "latin.json").write_bytes('{"centre": "é"}'.encode("latin-1"))
    for args, expected in [
        ((tmp_path / "absent.json", "--sortie", tmp_path / "f.docx"), "ne peut pas être lu"),
        ((tmp_path, "--sortie", tmp_path / "f.docx"), "ne peut pas être lu : c’est un dossier"),
        ((tmp_path / "latin.json", "--sortie", tmp_path / "f.docx"), "n’est pas encodé en UTF-8"),
        ((source, "--sortie", tmp_path / "nulle" / "part.docx"), "ne peut pas être écrit"),
        ((source, "--sortie", tmp_path), "ne peut pas être écrit"),
    ]:
        before = sorted(tmp_path.iterdir())
        result = run("convention", *args)
        assert (result.exit_code, sorted(tmp_path.iterdir())) == (1, before)
        assert expected in result.stderr


HOSTILE = "🏛 {{ 7*7 }} {% raw %} <b>&amp; \x00\x0b\x0c \ud83d ]]> fin"


def test_hostile_text_stays_text(run: Run, example: dict[str, Any], tmp_path: Path) -> None:
    example["locaux"]["descriptif"] = HOSTILE
    example["collectivite"]["nom"] = "Choisy & <b>fils</b> {{ 7*7 }} \ud800"
    source, output = tmp_path / "hostile.json", tmp_path / "hostile.docx"
    source.write_text(json.dumps(example), encoding="utf-8")
    result = run("convention", source, "--sortie", output)
    assert result.exit_code == 0, result.stderr
    text = _text(output)
    assert "🏛 {{ 7*7 }} {% raw %} <b>&amp; ]]> fin" in text
    assert "Choisy & <b>fils</b> {{ 7*7 }}" in text
    assert "49" not in text.split("Annexe 3")[0].split("Choisy &")[1][:40]


def test_any_docxtpl_template_is_rendered(run: Run, data_file: Write, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Bonjour {{ nom }} : {% for one in lignes %}{{ one.texte }} ; {% endfor %}{{ total }}")
    document.save(str(tmp_path / "gabarit.docx"))
    source = data_file('{"nom": "A & <B>", "lignes": [{"texte": "un"}, {"texte": "deux"}], "total": 12.50}')
    output = tmp_path / "rendu.docx"
    assert run("gabarit", "rendre", tmp_path / "gabarit.docx", source, "--sortie", output).exit_code == 0
    assert _text(output).startswith("Bonjour A & <B> : un ; deux ; 12,50")
    refused = run(
        "gabarit", "rendre", tmp_path / "gabarit.docx", data_file({"nom": "x"}), "--sortie", tmp_path / "non.docx"
    )
    assert refused.exit_code == 1
    assert "lignes" in refused.stderr
    assert not (tmp_path / "non.docx").exists()


def test_template_check(run: Run, tmp_path: Path) -> None:
    for path in TEMPLATES.glob("convention.docx"):
        result = run("gabarit", "verifier", path, "--centre", "cig-petite-couronne", "--json")
        assert (result.exit_code, json.loads(result.stdout)) == (0, {"erreurs": []})
    document = docx.Document()
    document.add_paragraph("La commune de {{ collectivite.nomm }}")
    document.save(str(tmp_path / "faux.docx"))
    result = run("gabarit", "verifier", tmp_path / "faux.docx", "--centre", "cig-petite-couronne", "--json")
    assert result.exit_code == 1
    (error,) = json.loads(result.stdout)["erreurs"]
    assert "nomm" in error["message"]
    assert "La commune de" in error["paragraphe"]
    assert run("gabarit", "verifier", tmp_path / "faux.docx", "--centre", "ailleurs").exit_code == 1
