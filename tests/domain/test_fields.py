"""Every type of field against what people really type, and against what nobody should."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.forms.fields import (
    FIELD_TYPES,
    Field,
    FieldError,
    blank_value,
    display_value,
    parse_value,
    sample_value,
    typed_value,
)
from domain.forms.types.base import check_id
from domain.text import clean_text

OPTIONS = ({"id": "a", "label": "Première réponse"}, {"id": "b", "label": "Seconde réponse"})
EXTRA: dict[str, dict[str, Any]] = {
    "choice": {"options": OPTIONS},
    "choices": {"options": OPTIONS},
    "checklist": {"items": ({"id": "table", "label": "Table"}, {"id": "chaise", "label": "Chaise"})},
    "rows": {
        "columns": (
            {"id": "nom", "type": "text", "label": "Nom", "required": True},
            {"id": "age", "type": "integer", "label": "Âge"},
        )
    },
    "collectivite": {"fills": {"a.b": "nom"}},
}


def make(type_: str, **more: Any) -> Field:
    return Field.model_validate({"id": "x.y", "type": type_, "label": "Question", **EXTRA.get(type_, {}), **more})


@pytest.mark.parametrize(
    ("type_", "raw", "stored"),
    [
        ("text", "  Choisy \t le\u00a0Roi ", "Choisy le Roi"),
        ("text", "e\u0301te\u0301 😀 {{ 7*7 }} <b>&", "été 😀 {{ 7*7 }} <b>&"),
        ("text", "a\x00b\x07c\ud800d\ufffee\u202ef", "abcdef"),
        ("text", " \x00 ", None),
        ("text", 94600, "94600"),
        ("long_text", "un \r\n\r\n\r\n deux\x0b\ntrois\n", "un\n\ndeux\ntrois"),
        ("integer", "1 450", 1450),
        ("integer", "12,0", 12),
        ("decimal", "47,70", "47.70"),
        ("decimal", "\u22121\u202f234,5", "-1234.5"),
        ("decimal", "47.70", "47.70"),
        ("decimal", "-0", "0"),
        ("percentage", "47,7 %", "47.70"),
        ("percentage", 47.7, "47.70"),
        ("percentage", Decimal("47.70"), "47.70"),
        ("money", "67\u202f980,00\u00a0€", "67980.00"),
        ("money", "1.234,5", "1234.50"),
        ("money", "1,234.5", "1234.50"),
        ("duration", "40 h", 2400),
        ("duration", "40", 2400),
        ("duration", "7 h 20", 440),
        ("duration", "7h05", 425),
        ("duration", "40\u00a0heures 30\u00a0min", 2430),
        ("duration", "12:30", 750),
        ("duration", "90 min", 90),
        ("duration", "40,5", 2430),
        ("duration", "1 607 h", 96420),
        ("duration", 7200, 7200),
        ("date", "14/12/2022", "2022-12-14"),
        ("date", "2022-12-14", "2022-12-14"),
        ("date", "1er août 2026", "2026-08-01"),
        ("date", date(2022, 12, 14), "2022-12-14"),
        ("date", "29/02/2024", "2024-02-29"),
        ("yes_no", "Oui", True),
        ("yes_no", False, False),
        ("choice", "b", "b"),
        ("choice", "première réponse", "a"),
        ("choices", ["b", "a", "b"], ["a", "b"]),
        ("checklist", {"table": True}, {"table": True, "chaise": False}),
        ("checklist", {"table": False}, None),
        ("email", "Camille.Exemple@EXAMPLE.org", "Camille.Exemple@example.org"),
        ("telephone", "0123456789", "01 23 45 67 89"),
        ("telephone", "+33 (0)1.23.45.67.89", "01 23 45 67 89"),
        ("telephone", "+596 596 12 34 57", "05 96 12 34 57"),
        ("telephone", "05 96 12 34 57", "05 96 12 34 57"),
        ("telephone", "100000000", "01 00 00 00 00"),
        ("telephone", "+32 2 555 12 12", "+32 2 555 12 12"),
        ("siren", "219 400 223", "219400223"),
        ("siren", 732829320, "732829320"),
        ("siret", "732 829 320 00074", "73282932000074"),
        ("siret", "35600000049837", "35600000049837"),
        ("postal_code", "94 600", "94600"),
        ("postal_code", "97216", "97216"),
        ("insee_code", "2a004", "2A004"),
        (
            "address",
            {"voie": " 1  rue ", "code_postal": "94600", "ville": "Choisy"},
            {"voie": "1 rue", "complement": None, "code_postal": "94600", "ville": "Choisy"},
        ),
        ("address", {"voie": "", "ville": None}, None),
        ("collectivite", "219400223", "219400223"),
        (
            "time_slots",
            [{"jour": "Jeudi", "debut": "13h30", "fin": "17 h"}, {"jour": "lundi", "debut": "9:00", "fin": "12:30"}],
            [{"jour": "lundi", "debut": "09:00", "fin": "12:30"}, {"jour": "jeudi", "debut": "13:30", "fin": "17:00"}],
        ),
        ("time_slots", [{"jour": "", "debut": "", "fin": None}], None),
        ("rows", [{"nom": "A", "age": "3"}, {}, {"nom": "B"}], [{"nom": "A", "age": 3}, {"nom": "B", "age": None}]),
        ("file", {"nom": "acte.pdf", "piece": "7d1f"}, {"nom": "acte.pdf", "piece": "7d1f"}),
    ],
)
def test_what_is_typed_is_understood(type_: str, raw: object, stored: object) -> None:
    assert parse_value(make(type_), raw) == stored


@pytest.mark.parametrize(
    ("type_", "raw", "message"),
    [
        ("text", "x" * 100_000, "100\u202f000 caractères, pour 200 au plus"),
        ("long_text", "x" * 100_000, "100\u202f000 caractères, pour 4\u202f000 au plus"),
        ("text", ["liste"], "texte"),
        ("text", True, "texte"),
        ("integer", "3,5", "entier"),
        ("integer", "٤٥", "nombre"),
        ("integer", "beaucoup", "un nombre entier, par exemple 1\u202f450."),
        ("decimal", "beaucoup", "un nombre, par exemple 47,70."),
        ("decimal", "1e9", "nombre"),
        ("decimal", "NaN", "nombre"),
        ("decimal", float("inf"), "nombre"),
        ("decimal", "1.234.567,8,9", "nombre"),
        ("decimal", "9" * 40, "nombre"),
        ("percentage", "100,01", "ne peut pas dépasser 100"),
        ("percentage", "47,705", "2 décimales au plus"),
        ("money", "-1", "au moins 0"),
        ("duration", "-40 h", "heures et minutes"),
        ("duration", "7,33", "minutes entières"),
        ("duration", "7 h 75", "0 à 59"),
        ("duration", "quarante heures", "heures et minutes"),
        ("duration", 7.33, "texte"),
        ("duration", "99999 h", "ne peut pas dépasser"),
        ("date", "31/02/2026", "n’existe pas"),
        ("date", "29/02/2023", "n’existe pas"),
        ("date", "12/12/22", "quatre chiffres"),
        ("date", "demain", "14/12/2026"),
        ("date", "01/01/1066", "ne peut pas précéder"),
        ("yes_no", "peut-être", "oui ou par non"),
        ("choice", "c", "de la liste"),
        ("choice", {"id": "a"}, "de la liste"),
        ("choices", ["a", "z"], "de la liste"),
        ("choices", 3, "de la liste"),
        ("checklist", {"lampe": True}, "« lampe »"),
        ("checklist", "table", "Cochez"),
        ("email", "camille@", "pas valable"),
        ("email", "a@b@example.org", "pas valable"),
        ("email", "x" * 300 + "@example.org", "caractères"),
        ("telephone", "01 23 45", "pas valable"),
        ("telephone", "appelez-moi", "pas valable"),
        ("siren", "219400224", "n’existe pas"),
        ("siren", "21940022", "9 chiffres"),
        ("siren", "٢١٩٤٠٠٢٢٣", "9 chiffres"),
        ("siret", "73282932000075", "n’existe pas"),
        ("siret", "35600000049838", "n’existe pas"),
        ("postal_code", "00100", "cinq chiffres"),
        ("postal_code", "2A004", "cinq chiffres"),
        ("insee_code", "9460", "code INSEE"),
        ("address", {"voie": "1 rue", "code_postal": "94600"}, "« Ville »"),
        ("address", {"voie": "1 rue", "code_postal": "946", "ville": "X"}, "cinq chiffres"),
        ("address", "1 rue", "adresse"),
        ("address", {"voie": "x" * 100_000, "code_postal": "94600", "ville": "X"}, "Numéro et voie : "),
        ("address", {"pays": "France"}, "« pays »"),
        ("time_slots", [{"jour": "lundi", "debut": "12:00", "fin": "09:00"}], "doit suivre"),
        ("time_slots", [{"jour": "lundi", "debut": "25:00", "fin": "26:00"}], "heure"),
        ("time_slots", [{"jour": "lune", "debut": "9h", "fin": "10h"}], "jour de la semaine"),
        ("time_slots", [{"jour": "lundi", "debut": "9h", "fin": ""}], "heure de fin"),
        (
            "time_slots",
            [{"jour": "lundi", "debut": "9h", "fin": "12h"}, {"jour": "lundi", "debut": "11h", "fin": "13h"}],
            "chevauchent",
        ),
        ("time_slots", [{}] * 1000, "200 lignes"),
        ("rows", [{"age": "3"}], "indiquez « Nom »"),
        ("rows", [{"nom": "A", "age": "vieux"}], "Ligne 1, Âge"),
        ("rows", [{"prenom": "A"}], "« prenom »"),
        ("rows", "A", "liste"),
        ("file", {"nom": "acte.pdf"}, "Déposez"),
        ("file", {"nom": "acte.pdf", "sha256": "../../etc"}, "Déposez"),
        ("file", "acte.pdf", "Déposez"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(type_: str, raw: object, message: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse_value(make(type_), raw)
    assert message in refused.value.message
    assert refused.value.champ == "x.y"


def test_the_place_of_a_mistake_inside_a_field_is_told() -> None:
    with pytest.raises(FieldError) as refused:
        parse_value(make("address"), {"voie": "1 rue", "code_postal": "946", "ville": "X"})
    assert refused.value.partie == "code_postal"
    with pytest.raises(FieldError) as refused:
        parse_value(make("rows"), [{"nom": "A"}, {"nom": "B", "age": "x"}])
    assert refused.value.partie == "2.age"


def test_bounds_are_those_of_the_definition() -> None:
    quotite = make("percentage", min="0.01")
    assert parse_value(quotite, "0,01") == "0.01"
    with pytest.raises(FieldError, match=r"au moins 0,01"):
        parse_value(quotite, "0")
    day = make("date", min="2026-01-01", max="2026-12-31")
    with pytest.raises(FieldError, match="ne peut pas dépasser le 31/12/2026"):
        parse_value(day, "01/01/2027")


@pytest.mark.parametrize("type_", sorted(FIELD_TYPES))
def test_every_type_honours_its_contract(type_: str) -> None:
    field = make(type_)
    sample = sample_value(field)
    assert parse_value(field, sample) == sample
    assert parse_value(field, json.loads(json.dumps(sample))) == sample
    assert display_value(field, sample)
    assert display_value(field, None) == ""
    assert typed_value(field, sample) is not None
    assert typed_value(field, None) == blank_value(field)
    assert FIELD_TYPES[type_].check_definition(field) is None
    for blank in (None, "", [], {}):
        assert parse_value(field, blank) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["voie", "ville", "jour", "debut", "fin", "nom", "table", "x"]) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("type_", sorted(FIELD_TYPES))
@given(raw=json_values | st.text(alphabet="0123456789 ,.-/h€%+", max_size=20))
def test_anything_is_either_stored_for_good_or_refused(type_: str, raw: object) -> None:
    """Whatever arrives, nothing but FieldError may come out; what is accepted is JSON, and accepted again unchanged."""
    field = make(type_)
    try:
        stored = parse_value(field, raw)
    except FieldError as refused:
        assert refused.message
        return
    assert parse_value(field, stored) == stored
    assert json.loads(json.dumps(stored)) == stored
    display_value(field, stored).encode("utf-8")


@given(st.text())
def test_cleaning_text_twice_changes_nothing_and_leaves_nothing_unprintable(raw: str) -> None:
    for multiline in (False, True):
        once = clean_text(raw, multiline=multiline)
        assert clean_text(once, multiline=multiline) == once
        assert not any(c < " " and c != "\n" for c in once)
        once.encode("utf-8")


def test_values_read_as_in_french() -> None:
    assert display_value(make("money"), "67980.00") == "67\u202f980,00\u00a0€"
    assert display_value(make("percentage"), "47.70") == "47,70\u00a0%"
    assert display_value(make("date"), "2022-12-14") == "14/12/2022"
    assert display_value(make("integer", unit="agents"), 1450) == "1\u202f450\u00a0agents"
    assert display_value(make("checklist"), {"table": True, "chaise": False}) == "☒ Table\n☐ Chaise"
    assert (
        display_value(make("time_slots"), [{"jour": "lundi", "debut": "09:00", "fin": "12:30"}])
        == "Lundi : de 9\u00a0h\u00a000 à 12\u00a0h\u00a030"
    )


@pytest.mark.parametrize(
    "wrong", ["", "Majuscule", "a..b", ".a", "a.", "é", "a-b", "a b", "locaux.in", "9a", "a.__class__"]
)
def test_ids_that_templates_could_not_read_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        check_id(wrong, dotted=True)
