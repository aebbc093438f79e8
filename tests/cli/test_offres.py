"""`portail offre`: out, back, compared, published, with the exit codes of every command."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from services.core.settings import ROOT

Run = Callable[..., Result]
CENTRE, OFFRE = "cig-petite-couronne", "service-social-travail"
FOLDER = f"{CENTRE}/{OFFRE}"


def edited(archive: Path, target: Path, old: str, new: str) -> None:
    """The same archive with one text of the form of the need replaced."""
    name, output = f"forms/{FOLDER}/besoin.yaml", io.BytesIO()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(output, "w") as made:
        for one in source.namelist():
            data = source.read(one)
            if one == name:
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            made.writestr(one, data)
    target.write_bytes(output.getvalue())


def test_out_edit_back_compare_publish(installed: Run, tmp_path: Path) -> None:
    archive, again, other = tmp_path / "offre.zip", tmp_path / "encore.zip", tmp_path / "autre.zip"
    done = installed("offre", "exporter", "--centre", CENTRE, "-o", archive)
    assert done.exit_code == 0 and "version 1 (en vigueur)" in done.stdout
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            assert opened.read(name) == (ROOT / name).read_bytes()
    edited(archive, other, "label: Part d’un temps plein", "label: Quotité")
    done = installed("offre", "importer", other)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "(version 2) : 1 différence avec" in done.stdout
    done = installed("offre", "comparer", "--centre", CENTRE)
    assert "avant : Part d’un temps plein" in done.stdout and "après : Quotité" in done.stdout
    assert installed("offre", "importer", archive).exit_code == 1
    done = installed("offre", "publier", "--centre", CENTRE, "--offre", OFFRE)
    assert done.exit_code == 0 and "version 2 est en vigueur" in done.stdout
    assert installed("offre", "exporter", "--centre", CENTRE, "--version", 1, "-o", again).exit_code == 0
    assert again.read_bytes() == archive.read_bytes()
    listed = json.loads(installed("offre", "lister", "--centre", CENTRE, "--json").stdout)
    assert [(one["numero"], one["etat"]) for one in listed["versions"]] == [(1, "retiree"), (2, "publiee")]
    found = json.loads(installed("offre", "comparer", "--centre", CENTRE, "--de", 2, "--a", 1, "--json").stdout)
    assert [one["apres"] for one in found["differences"]] == ["Part d’un temps plein"]


def test_refusals(installed: Run, tmp_path: Path) -> None:
    """1 with the place and the reason on stderr, 2 for a wrong usage; nothing is left behind."""
    archive, spoilt = tmp_path / "offre.zip", tmp_path / "faux.zip"
    installed("offre", "exporter", "--centre", CENTRE, "-o", archive)
    edited(archive, spoilt, "type: percentage", "type: pourcentage")
    (tmp_path / "rien.zip").write_bytes(b"rien")
    cases = [
        (("importer", spoilt), 1, "le type « pourcentage » n’existe pas"),
        (("importer", tmp_path / "rien.zip"), 1, "archive ZIP lisible"),
        (("importer", tmp_path / "absent.zip"), 1, "absent.zip"),
        (("exporter", "--centre", "cig", "-o", archive), 1, "Le centre « cig » n’existe pas"),
        (("exporter", "--centre", CENTRE, "--offre", "x", "-o", archive), 1, "L’offre « x » n’existe pas"),
        (("exporter", "--centre", CENTRE, "--version", 9, "-o", archive), 1, "n’a pas de version 9"),
        (("exporter", "--centre", CENTRE, "--brouillon", "-o", archive), 1, "n’a pas de brouillon"),
        (("comparer", "--centre", CENTRE), 1, "n’a pas de brouillon"),
        (("publier", "--centre", CENTRE), 1, "n’a pas de brouillon"),
        (("exporter", "--centre", CENTRE, "--brouillon", "--version", 1, "-o", archive), 2, "ne vont pas ensemble"),
        (("exporter", "--centre", CENTRE), 2, "Il manque l’option"),
        (("importer",), 2, "Il manque l’argument"),
    ]
    for args, code, told in cases:
        done = installed("offre", *args)
        assert (done.exit_code, done.stdout) == (code, ""), args
        assert told in done.stderr
    listed = json.loads(installed("offre", "lister", "--centre", CENTRE, "--json").stdout)
    assert [one["etat"] for one in listed["versions"]] == ["publiee"]
