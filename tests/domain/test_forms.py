"""A definition that is wrong is refused when it is loaded, with the place and the reason in French."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from domain.definitions import DefinitionError, read_yaml
from domain.forms.fields import Option
from domain.forms.formset import FormSet, load_form, parse_form

GOOD = """\
id: besoin
title: Besoin
sections:
  - id: quotite
    title: Quotité
    fields:
      - {id: besoin.quotite, type: percentage, label: Quotité, required: true, min: 0.01}
      - {id: besoin.effet, type: date, label: Effet}
      - {id: besoin.motif, type: text, label: Motif, visible_if: besoin.quotite > 50}
      - id: besoin.lieu
        type: choice
        label: Lieu
        options: [{id: ici, label: Ici}, {id: ailleurs, label: Ailleurs}]
checks:
  - {if: besoin.quotite > 90, message: C’est beaucoup., fields: [besoin.quotite], severity: alerte}
"""


def test_a_good_form_is_read_with_its_exact_values() -> None:
    form = parse_form(GOOD)
    fields = FormSet([form]).fields
    assert list(fields) == ["besoin.quotite", "besoin.effet", "besoin.motif", "besoin.lieu"]
    assert fields["besoin.quotite"].min == Decimal("0.01")
    assert form.checks[0].if_ == "besoin.quotite > 90"


def test_a_form_survives_json() -> None:
    form = parse_form(GOOD)
    assert type(form).model_validate_json(form.model_dump_json()) == form


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        (
            "required: true",
            "requierd: true",
            "besoin.yaml, ligne 7, section « quotite », champ « besoin.quotite »",
            "« requierd » n’existe pas (vouliez-vous « required » ?)",
        ),
        ("label: Effet", "help: x", "ligne 8, section « quotite », champ « besoin.effet »", "la clé « label » manque"),
        ("required: true", "required: oui", "ligne 7", "true ou false est attendu"),
        ("min: 0.01", "min: peu", "ligne 7", "la borne « peu »"),
        ("besoin.effet, type: date", "Besoin.effet, type: date", "ligne 8", "identifiant « Besoin.effet » incorrect"),
        ("besoin.effet, type: date", "besoin.in, type: date", "ligne 8", "« in » est réservé"),
        ("title: Besoin\n", "title: Besoin\ntitle: Autre\n", "ligne 3", "« title » est écrite deux fois"),
        ("title: Besoin\n", "title: &a Besoin\nhelp: *a\n", "ligne 3", "alias"),
        *(
            ("title: Besoin\n", f"title: {tagged}\n", "ligne 2", "étiquettes")
            for tagged in ("!!float abc", "!!timestamp 2024-13-45", "!decimal abc", "!!bool x", "!!set {a, b}")
        ),
        ("title: Besoin\n", "title: : [\n", "ligne 2", "YAML"),
        ("severity: alerte", "severity: grave", "ligne 15", "« grave » n’est pas une valeur possible"),
        ("if: besoin.quotite > 90, ", "", "ligne 15", "« if » ou une condition « unless »"),
        (GOOD, "- liste", "besoin.yaml", "des clés et des valeurs"),
        (GOOD, "", "besoin.yaml", "des clés et des valeurs"),
        (GOOD, "x: " + "[" * 5000, "besoin.yaml", "YAML"),
    ],
)
def test_mistakes_of_one_file_are_told_with_their_line(before: str, after: str, place: str, reason: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_form(GOOD.replace(before, after), "besoin.yaml")
    told = [str(fault) for fault in refused.value.faults]
    assert any(place in one and reason in one for one in told), told


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("type: percentage", "type: pourcentage", "champ « besoin.quotite »", "le type « pourcentage » n’existe pas"),
        ("besoin.effet, type: date", "besoin.quotite, type: date", "champ « besoin.quotite »", "sert déjà ailleurs"),
        (
            "besoin.effet, type: date",
            "besoin.quotite.effet, type: date",
            "champ « besoin.quotite.effet »",
            "« besoin.quotite » est déjà un champ",
        ),
        ("besoin.effet, type: date", "montants.effet, type: date", "champ « montants.effet »", "réservé aux documents"),
        (
            "visible_if: besoin.quotite > 50",
            "visible_if: besoin.quotit > 50",
            "champ « besoin.motif »",
            "vouliez-vous « besoin.quotite »",
        ),
        (
            "visible_if: besoin.quotite > 50",
            "visible_if: besoin.motif",
            "champ « besoin.motif »",
            "circulaire : besoin.motif → besoin.motif",
        ),
        (
            "visible_if: besoin.quotite > 50",
            "visible_if: besoin.effet > 50",
            "champ « besoin.motif »",
            "natures différentes",
        ),
        (
            "visible_if: besoin.quotite > 50",
            "visible_if: besoin.quotite.__class__",
            "champ « besoin.motif »",
            "« __class__ »",
        ),
        ("visible_if: besoin.quotite > 50", "visible_if: range(9)", "champ « besoin.motif »", "appel"),
        ("visible_if: besoin.quotite > 50", "required_if: besoin.quotite >", "champ « besoin.motif »", "ne se lit pas"),
        ("visible_if: besoin.quotite > 50", "required_for: signer", "champ « besoin.motif »", "« required_for »"),
        ("label: Effet", "label: Effet, default: 31/02/2026", "champ « besoin.effet »", "n’existe pas"),
        (
            "label: Effet",
            "label: Effet, fills: {besoin.moti: nom}",
            "champ « besoin.effet »",
            "vouliez-vous « besoin.motif »",
        ),
        (
            "options: [{id: ici, label: Ici}, {id: ailleurs, label: Ailleurs}]",
            "help: x",
            "champ « besoin.lieu »",
            "« options »",
        ),
        ("{id: ailleurs,", "{id: ici,", "champ « besoin.lieu »", "« ici » est définie deux fois"),
        (
            "fields: [besoin.quotite]",
            "fields: [besoin.quota]",
            "formulaire « besoin »",
            "vouliez-vous « besoin.quotite »",
        ),
        ("min: 0.01", "min: 2026-01-01", "champ « besoin.quotite »", "bornes"),
    ],
)
def test_mistakes_between_fields_are_told_with_their_place(before: str, after: str, place: str, reason: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        FormSet([parse_form(GOOD.replace(before, after))])
    told = [str(fault) for fault in refused.value.faults]
    assert any(place in one and reason in one for one in told), told


def test_a_circle_of_several_fields_is_told_in_order() -> None:
    text = """\
id: f
title: F
sections:
  - id: s
    title: S
    fields:
      - {id: f.a, type: yes_no, label: A, visible_if: f.c}
      - {id: f.b, type: yes_no, label: B, visible_if: f.a}
  - id: t
    title: T
    visible_if: f.b
    fields:
      - {id: f.c, type: yes_no, label: C}
"""
    with pytest.raises(DefinitionError, match=r"f\.a → f\.c → f\.b → f\.a"):
        FormSet([parse_form(text)])


def test_every_mistake_is_told_at_once() -> None:
    text = GOOD.replace("required: true", "requierd: true").replace("label: Effet", "labell: Effet")
    with pytest.raises(DefinitionError) as refused:
        parse_form(text)
    assert len(refused.value.faults) == 3


def test_ids_are_unique_over_all_the_forms() -> None:
    with pytest.raises(DefinitionError, match="deux formulaires portent cet identifiant"):
        FormSet([parse_form(GOOD), parse_form(GOOD)])
    with pytest.raises(DefinitionError, match=r"sert déjà ailleurs \(besoin/quotite\)"):
        FormSet([parse_form(GOOD), parse_form(GOOD.replace("id: besoin\n", "id: autre\n"))])


def test_options_may_come_from_the_offer() -> None:
    text = GOOD.replace("options: [{id: ici, label: Ici}, {id: ailleurs, label: Ailleurs}]", "options_from: lieux")
    formset = FormSet([parse_form(text)], {"lieux": [Option(id="x", label="X")]})
    assert [one.id for one in formset.fields["besoin.lieu"].options] == ["x"]
    with pytest.raises(DefinitionError, match="« options_from » ne connaît pas « lieux »"):
        FormSet([parse_form(text)])


def test_yaml_is_the_plain_kind() -> None:
    data = read_yaml("a: oui\nb: 01400\nc: 47.70\nd: 2026-01-01\ne: no\nf: true\ng: 12\nh: ~\ni: 1e5\n", "x.yaml").data
    assert data == {
        "a": "oui",
        "b": "01400",
        "c": Decimal("47.70"),
        "d": "2026-01-01",
        "e": "no",
        "f": True,
        "g": 12,
        "h": None,
        "i": "1e5",
    }
    assert str(data["c"]) == "47.70"


def test_a_file_that_cannot_be_read_is_a_definition_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="ne peut pas être lu"):
        load_form(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes("title: é".encode("latin-1"))
    with pytest.raises(DefinitionError, match="UTF-8"):
        load_form(tmp_path / "latin.yaml")
    (tmp_path / "objet.yaml").write_text("a: !!python/object/apply:os.system [x]", encoding="utf-8")
    with pytest.raises(DefinitionError, match="étiquettes"):
        load_form(tmp_path / "objet.yaml")
