"""The condition builder: what it writes means what it says, and is read back the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalide
from domain.forms.condition_builder import (
    AUJOURDHUI,
    Comparaison,
    Regle,
    compile_regle,
    describe_regle,
    operators_of,
    read_regle,
    read_valeur,
)
from domain.forms.conditions import compile_condition
from domain.forms.fields import FIELD_TYPES, Field, Item, Option
from domain.forms.formset import FormSet
from domain.offer import Offer, load_offer
from tests.factories import FORMS

OPTIONS = (Option(id="commune", label="Commune"), Option(id="epci", label="Intercommunalité"))
ITEMS = (Item(id="bureau", label="Un bureau"), Item(id="fauteuil", label="Un fauteuil"))


def make_field(kind: str, **extra: Any) -> Field:
    given: dict[str, Any] = {"id": f"essai.{kind}", "type": kind, "label": f"Essai {kind}"}
    if kind in ("choice", "choices"):
        given["options"] = OPTIONS
    if kind == "checklist":
        given["items"] = ITEMS
    return Field(**(given | extra))


FIELDS = {field.id: field for field in (make_field(kind) for kind in FIELD_TYPES)}


def valeurs(field: Field, attend: str) -> st.SearchStrategy[Any]:
    """Values that the builder's widgets can give."""
    if attend == "rien":
        return st.none()
    if attend == "nombre":
        return st.integers(0, 999)
    if attend == "case":
        return st.sampled_from([item.id for item in ITEMS])
    option = st.sampled_from([one.id for one in OPTIONS])
    if attend == "valeurs":
        return st.lists(option, min_size=1, max_size=2)
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "choice": option,
        "choices": option,
        "date": st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 1, 1)).map(lambda day: day.isoformat())
        | st.just(AUJOURDHUI),
        "integer": st.integers(-10_000, 10_000),
        "duration": st.integers(0, 10_000),
        "decimal": st.decimals(-99999, 99999, places=3).map(str),
        "money": st.decimals(0, 99999, places=2).map(str),
        "percentage": st.decimals(0, 100, places=2).map(str),
        "text": st.text(min_size=1, max_size=30).filter(lambda text: text.strip() != ""),
        "email": st.just("contact@example.org"),
        "telephone": st.just("0145678901"),
        "siren": st.just("219400223"),
        "siret": st.just("21940022300017"),
        "postal_code": st.just("94600"),
        "insee_code": st.sampled_from(["94022", "2A004"]),
    }
    return by_type[field.type]


@st.composite
def regles(draw: st.DrawFn) -> Regle:
    found = []
    for _ in range(draw(st.integers(1, 4))):
        field = draw(st.sampled_from(list(FIELDS.values())))
        wanted = draw(st.sampled_from(operators_of(field)))
        raw = draw(valeurs(field, wanted.attend))
        if wanted.attend == "valeur":
            try:
                raw = read_valeur(field, raw)
            except Invalide:  # a text that is blank once cleaned
                continue
        found.append(Comparaison(field.id, wanted.code, raw))
    return Regle(tuple(found), draw(st.sampled_from(("and", "or"))) if len(found) > 1 else "and")


@given(regles())
def test_a_rule_is_read_back_as_it_was_made(regle: Regle) -> None:
    source = compile_regle(regle, FIELDS)
    assert read_regle(source, FIELDS) == regle
    if source is not None:
        compile_condition(source)
        assert describe_regle(regle, FIELDS)


TREE = {
    "essai": {"choice": "commune", "integer": 12, "yes_no": False, "checklist": {"bureau": True, "fauteuil": False}}
}


@pytest.mark.parametrize(
    ("comparaison", "expected", "holds"),
    [
        (Comparaison("essai.choice", "egal", "commune"), "essai.choice == 'commune'", True),
        (Comparaison("essai.choice", "hors", ["epci"]), "essai.choice not in ['epci']", True),
        (Comparaison("essai.integer", "plus_que", 12), "essai.integer > 12", False),
        (Comparaison("essai.yes_no", "non"), "essai.yes_no == false", True),
        (Comparaison("essai.checklist", "non_cochee", "fauteuil"), "not essai.checklist.fauteuil", True),
        (Comparaison("essai.checklist", "nombre_moins_que", 2), "essai.checklist|length < 2", True),
        (Comparaison("essai.date", "vide"), "essai.date is not defined", True),
        (Comparaison("essai.date", "moins_que", "2026-01-01"), "essai.date < date('2026-01-01')", False),
        (Comparaison("essai.percentage", "au_moins", "47.70"), "essai.percentage >= 47.70", False),
    ],
)
def test_what_it_writes_and_what_that_means(comparaison: Comparaison, expected: str, holds: bool) -> None:
    source = compile_regle(Regle((comparaison,)), FIELDS)
    assert source == expected
    assert compile_condition(source)(TREE) is holds


@pytest.mark.parametrize(
    "source",
    [
        "essai.integer * 2 > 4",
        "essai.choice == 'commune' and (essai.integer > 1 or essai.yes_no)",
        "1 < essai.integer < 5",
        "essai.inconnu == 'x'",
        "essai.choice == 'departement'",
        "essai.integer",
        "essai.date.year == 2026",
        "essai.text == essai.email",
        "not (essai.integer > 4)",
        "essai.integer >",
        "essai.text.__class__",
    ],
)
def test_any_other_shape_stays_an_expression(source: str) -> None:
    assert read_regle(source, FIELDS) is None


@pytest.mark.parametrize(
    ("comparaison", "message"),
    [
        (Comparaison("essai.absent", "egal", "x"), "Choisissez la question"),
        (Comparaison("essai.text", "au_moins", "x"), "ne se compare pas ainsi"),
        (Comparaison("essai.integer", "egal", "douze"), "nombre entier"),
        (Comparaison("essai.choice", "egal", "autre"), "réponse de la liste"),
        (Comparaison("essai.choice", "parmi", []), "au moins une réponse"),
        (Comparaison("essai.checklist", "cochee", "canapé"), "Choisissez la case"),
        (Comparaison("essai.rows", "nombre_au_moins", -1), "nombre entier"),
        (Comparaison("essai.decimal", "egal", "9007199254.7409931"), "trop de chiffres"),
        (Comparaison("essai.text", "egal", "  "), "donnez la valeur"),
    ],
)
def test_what_is_missing_is_said(comparaison: Comparaison, message: str) -> None:
    with pytest.raises(Invalide, match=message):
        compile_regle(Regle((comparaison,)), FIELDS)


def offers() -> list[Offer]:
    return [load_offer(path.parent) for path in sorted(FORMS.glob("*/*/offre.yaml"))]


def test_conditions_of_the_offers_are_shown_as_rules() -> None:
    """Those written by hand keep their meaning once written by the builder."""
    for offer in offers():
        formset: FormSet = offer.formset
        sources = [
            source
            for form in offer.forms
            for section in form.sections
            for source in (section.visible_if, *(c for f in section.fields for c in (f.visible_if, f.required_if)))
            if source
        ]
        for source in sources:
            regle = read_regle(source, formset.fields)
            assert regle is not None and regle.comparaisons, source
            written = compile_regle(regle, formset.fields)
            assert written is not None
            tree = formset.sample_tree()
            assert compile_condition(written)(tree) == compile_condition(source)(tree)
            assert compile_condition(written)({}) == compile_condition(source)({})
