"""What is written as YAML reads back the same, whatever people typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.definitions import read_yaml
from domain.forms.formset import parse_form
from domain.offer import Offer, load_offer, parse_offer
from domain.yaml_writer import write_form, write_offer, write_yaml
from services.core.settings import ROOT

OFFERS = [path.parent for path in sorted((ROOT / "forms").glob("*/*/offre.yaml"))]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
WORDS = st.sampled_from(
    [
        *"~#%@`'\"|>=?",
        "true",
        "null",
        "oui",
        "no",
        "0012",
        "12",
        "-3",
        "4.50",
        "2026-01-01",
        "a: b",
        "- x",
        "é’",
        "{{ x }}",
        "<<",
        "*a",
        "&a",
        "!x",
        " x",
        "x ",
        "x\n",
        "\nx",
        "a\n  b\n",
        "a\nb\n\n",
        "a\x85b\u2028",
        "mot " * 60,
        "—" * 300,
    ]
)
SCALAR = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXT | WORDS
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT | WORDS, VALUE, max_size=5))
def test_reads_back_the_same(data: dict[str, Any]) -> None:
    assert read_yaml(write_yaml(data), "essai.yaml").data == data


@pytest.mark.parametrize("folder", OFFERS, ids=lambda path: path.name)
def test_shipped_offers(folder: Any) -> None:
    offer = load_offer(folder)
    texts = write_offer(offer)
    assert set(texts) == {path.name for path in folder.glob("*.yaml")}
    sources = [read_yaml(text, name) for name, text in texts.items()]
    assert stored(parse_offer(sources, offer.centre, offer.code)) == stored(offer)


def stored(offer: Offer) -> dict[str, Any]:
    return offer.model_dump(mode="json")


@given(label=TEXT.filter(bool) | WORDS, help_=TEXT | WORDS, message=TEXT.filter(bool) | WORDS, default=TEXT | WORDS)
def test_form_that_was_edited(label: str, help_: str, message: str, default: str) -> None:
    """A form whose words are anything at all, as the web editor may leave it."""
    form = parse_form(write_yaml({
        "id": "essai", "title": label, "sections": [{"id": "une", "title": label, "help": help_, "fields": [
            {"id": "essai.a", "type": "integer", "label": label, "min": 1, "max": "10.5", "default": default},
            {"id": "essai.b", "type": "choice", "label": label, "options": [
                {"id": "true", "label": label, "values": {help_: default}}]},
        ]}],
        "checks": [{"if": "essai.a == 1", "message": message, "fields": ["essai.a"]}],
    }))  # fmt: skip
    text = write_form(form)
    assert parse_form(text).model_dump(mode="json") == form.model_dump(mode="json")
    assert write_form(parse_form(text)) == text
    assert "if_" not in text.replace(message, "")
