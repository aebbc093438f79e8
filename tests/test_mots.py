"""No word of one offer is written in the portal's own pages, mails and documents: a centre may offer something else altogether."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from domain.courriels import catalogue
from services.core.settings import ROOT

WORDS = re.compile(r"\bsoci(?:al|aux|o[- ])", re.I)
SHARED = ("activite.yaml", "courriels.yaml", "parametres.yaml", "pilotage.yaml")
"""Files of `forms/` that every offer reads: the others are an offer's own."""


def _sources() -> list[Path]:
    folders = ("commands", "documents", "domain", "pages", "services", "ui", "web")
    return [ROOT / "app.py", ROOT / "cli.py", *(path for one in folders for path in sorted((ROOT / one).rglob("*.py")))]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a module that is not the description of its code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.lineno, node.value


def test_no_word_of_one_offer_is_in_the_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:80]}"
        for path in _sources()
        for line, text in _texts(path)
        if WORDS.search(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", SHARED)
def test_no_word_of_one_offer_is_in_what_every_offer_reads(name: str) -> None:
    told = yaml.safe_dump(yaml.safe_load((ROOT / "forms" / name).read_text(encoding="utf-8")), allow_unicode=True)
    assert not WORDS.search(told), WORDS.findall(told)


def test_no_word_of_one_offer_is_on_the_screens_of_the_browser() -> None:
    for path in (ROOT / "web" / "static").glob("*.js"):
        assert not WORDS.search(path.read_text(encoding="utf-8")), path.name
    for name in ("registre_donnees.yaml", "variables_gabarits.yaml"):
        assert not WORDS.search((ROOT / "data" / name).read_text(encoding="utf-8")), name


def test_a_mail_calls_the_service_what_its_offer_is_called() -> None:
    for modele in catalogue().modeles:
        values = {**catalogue().samples(modele.id), "service": "Archives itinérantes"}
        written = catalogue().write(modele.id, modele.objet, modele.corps, values)
        assert not WORDS.search(f"{written.objet}\n{written.corps}"), modele.id
