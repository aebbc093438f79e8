"""The form renderer, on an answer sheet kept in memory: each type of field, mistakes, conflicts, fills, conditions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from domain.forms.fields import FIELD_TYPES
from ui.forms.layout import RENDERERS

TODAY = date(2026, 3, 2)

YAML = """
id: essai
title: Essai
checks:
  - unless: a.fin >= a.debut
    message: La fin précède le début.
    fields: [a.fin, a.debut]
sections:
  - id: une
    title: Une section
    fields:
      - {id: a.text, type: text, label: Texte, required: true, help: Une aide}
      - {id: a.long, type: long_text, label: Texte long, recommended: true}
      - {id: a.entier, type: integer, label: Entier}
      - {id: a.decimal, type: decimal, label: Décimal}
      - {id: a.montant, type: money, label: Montant}
      - {id: a.part, type: percentage, label: Part}
      - {id: a.debut, type: date, label: Début}
      - {id: a.fin, type: date, label: Fin}
      - {id: a.accord, type: yes_no, label: Accord}
      - {id: a.suite, type: text, label: Suite, visible_if: a.accord, required: true}
      - id: a.choix
        type: choice
        label: Choix
        options: [{id: x, label: Ixe}, {id: y, label: Igrec}]
      - id: a.pays
        type: choice
        label: Grande liste
        options: [{id: a, label: A}, {id: b, label: B}, {id: c, label: C}, {id: d, label: D}, {id: e, label: E}, {id: f, label: F}, {id: g, label: G}, {id: h, label: H}]
      - id: a.plusieurs
        type: choices
        label: Plusieurs
        options: [{id: x, label: Ixe}, {id: y, label: Igrec}]
      - id: a.cases
        type: checklist
        label: Cases
        items: [{id: un, label: Case un, group: Groupe}, {id: deux, label: Case deux, group: Groupe}]
      - {id: a.courriel, type: email, label: Courriel}
      - {id: a.tel, type: telephone, label: Téléphone}
      - {id: a.siren, type: siren, label: Siren}
      - {id: a.siret, type: siret, label: Siret}
      - {id: a.cp, type: postal_code, label: Code postal}
      - {id: a.insee, type: insee_code, label: Code INSEE}
      - {id: a.adresse, type: address, label: Adresse}
      - id: a.recherche
        type: collectivite
        label: Recherche
        fills: {a.siren: siren, a.text: nom, a.adresse: adresse}
      - {id: a.plages, type: time_slots, label: Plages}
      - id: a.lignes
        type: rows
        label: Lignes
        columns: [{id: nom, type: text, label: Nom, required: true}, {id: prix, type: money, label: Prix}]
      - {id: a.fichier, type: file, label: Fichier}
"""


def _script(yaml: str) -> None:
    from datetime import date

    import streamlit as st

    from domain.forms.formset import FormSet, parse_form
    from ui.forms import render_form
    from ui.forms.memory import MemorySaver

    formset = FormSet([parse_form(yaml)])
    saver = MemorySaver(formset, "t:")
    for champ, value in st.session_state.pop("colleague", {}).items():
        saver.put(champ, value, "Alix Exemple")
    render_form(saver.model(date(2026, 3, 2)), formset.forms[0])


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(_script, args=(YAML,), default_timeout=30).run()


def _answer(app: AppTest, champ: str) -> Any:
    return app.session_state["t:brouillon"].answers[champ].valeur


def _waiting(app: AppTest, champ: str) -> Any:
    return app.session_state["t:brouillon"].saisies[champ]


def _errors(app: AppTest) -> list[str]:
    return [one.value for one in app.error]


def test_every_type_of_field_has_a_renderer() -> None:
    assert set(RENDERERS) == set(FIELD_TYPES)


def test_whole_form_shows_without_error(app: AppTest) -> None:
    assert not app.exception
    labels = [one.label for one in app.text_input]
    assert "Texte" in labels
    assert "Montant, en euros (facultatif)" in labels
    assert "Texte long (recommandé)" in [one.label for one in app.text_area]
    assert not _errors(app)


@pytest.mark.parametrize(
    ("champ", "typed", "kept", "shown"),
    [
        ("a.text", "  Choisy  le Roi ", "Choisy le Roi", "Choisy le Roi"),
        ("a.entier", "1 450", 1450, "1 450"),
        ("a.decimal", "12.5", "12.5", "12,5"),
        ("a.montant", "67980", "67980.00", "67 980,00"),
        ("a.part", "47.7", "47.70", "47,70"),
        ("a.debut", "1/2/2026", "2026-02-01", "01/02/2026"),
        ("a.debut", "14 décembre 2022", "2022-12-14", "14/12/2022"),
        ("a.courriel", "a.b@EXAMPLE.org", "a.b@example.org", "a.b@example.org"),
        ("a.tel", "0123456789", "01 23 45 67 89", "01 23 45 67 89"),
        ("a.siren", "219400223", "219400223", "219 400 223"),
        ("a.cp", "94 600", "94600", "94600"),
    ],
)
def test_text_is_kept_and_shown_as_understood(app: AppTest, champ: str, typed: str, kept: object, shown: str) -> None:
    app.text_input(key=f"t:{champ}").set_value(typed).run()
    assert _answer(app, champ) == kept
    assert app.text_input(key=f"t:{champ}").value == shown
    assert not _errors(app)


@pytest.mark.parametrize(
    ("champ", "typed", "message"),
    [
        ("a.debut", "31/02/2026", "Cette date n’existe pas"),
        ("a.siren", "219400224", "n’existe pas"),
        ("a.part", "quarante", "Saisissez un nombre"),
        ("a.courriel", "pas-une-adresse", "n’est pas valable"),
        ("a.text", "é" * 100_000, "au plus"),
    ],
)
def test_what_is_refused_stays_as_typed_with_its_message(app: AppTest, champ: str, typed: str, message: str) -> None:
    app.text_input(key=f"t:{champ}").set_value(typed).run()
    assert app.text_input(key=f"t:{champ}").value == typed
    assert any(message in one for one in _errors(app))
    assert _waiting(app, champ).valeur == typed


@pytest.mark.parametrize("typed", ["{{ 7*7 }}", "<b>&", "👩🏽‍💻", "a\x00\x0bb", "**gras** [x](http://y) $x$"])
def test_hostile_text_is_only_text(app: AppTest, typed: str) -> None:
    app.text_input(key="t:a.text").set_value(typed).run()
    assert not app.exception
    assert _answer(app, "a.text") == typed.replace("\x00", "").replace("\x0b", "")


def test_a_condition_shows_its_field_at_once(app: AppTest) -> None:
    assert "t:a.suite" not in [one.key for one in app.text_input]
    app.radio(key="t:a.accord").set_value(True).run()
    assert app.text_input(key="t:a.suite").label == "Suite"
    app.radio(key="t:a.accord").set_value(False).run()
    assert "t:a.suite" not in [one.key for one in app.text_input]


def test_a_check_between_fields_speaks_next_to_each(app: AppTest) -> None:
    app.text_input(key="t:a.debut").set_value("02/01/2026").run()
    app.text_input(key="t:a.fin").set_value("01/01/2026").run()
    assert len([one for one in _errors(app) if "La fin précède le début" in one]) == 2


def test_choices_and_boxes(app: AppTest) -> None:
    app.radio(key="t:a.choix").set_value("y").run()
    app.selectbox(key="t:a.pays").set_value("h").run()
    app.checkbox(key="t:a.plusieurs:y").check().run()
    app.checkbox(key="t:a.cases:deux").check().run()
    assert _answer(app, "a.choix") == "y"
    assert _answer(app, "a.pays") == "h"
    assert _answer(app, "a.plusieurs") == ["y"]
    assert _answer(app, "a.cases") == {"un": False, "deux": True}
    app.button(key="t:a.cases:+tout").click().run()
    assert _answer(app, "a.cases") == {"un": True, "deux": True}
    assert app.checkbox(key="t:a.cases:un").value is True


def test_the_calendar_and_the_typed_date_agree(app: AppTest) -> None:
    app.date_input(key="t:a.debut:calendrier").set_value(date(2026, 5, 4)).run()
    assert app.text_input(key="t:a.debut").value == "04/05/2026"
    app.text_input(key="t:a.debut").set_value("5/5/2026").run()
    assert app.date_input(key="t:a.debut:calendrier").value == date(2026, 5, 5)


def test_an_address_is_one_answer(app: AppTest) -> None:
    app.text_input(key="t:a.adresse:voie").set_value("1 rue de l’Exemple").run()
    assert any("incomplète" in one for one in _errors(app))
    app.text_input(key="t:a.adresse:code_postal").set_value("94600").run()
    app.text_input(key="t:a.adresse:ville").set_value("Choisy-le-Roi").run()
    assert _answer(app, "a.adresse")["ville"] == "Choisy-le-Roi"
    assert not _errors(app)


def test_time_slots_keep_their_order_on_the_screen(app: AppTest) -> None:
    for key, value in (("1.debut", "13h30"), ("1.fin", "17 h")):
        app.text_input(key=f"t:a.plages:{key}").set_value(value).run()
    app.selectbox(key="t:a.plages:1.jour").set_value("jeudi").run()
    app.button(key="t:a.plages:+ajouter").click().run()
    app.selectbox(key="t:a.plages:2.jour").set_value("lundi").run()
    app.text_input(key="t:a.plages:2.debut").set_value("9").run()
    app.text_input(key="t:a.plages:2.fin").set_value("12:30").run()
    assert [slot["jour"] for slot in _answer(app, "a.plages")] == ["lundi", "jeudi"]
    assert app.selectbox(key="t:a.plages:1.jour").value == "jeudi"
    app.button(key="t:a.plages:1-retirer").click().run()
    assert [slot["jour"] for slot in _answer(app, "a.plages")] == ["lundi"]


def test_rows_are_added_and_removed(app: AppTest) -> None:
    app.text_input(key="t:a.lignes:1.prix").set_value("12,5").run()
    assert any("indiquez « Nom »" in one for one in _errors(app))
    app.text_input(key="t:a.lignes:1.nom").set_value("Un").run()
    assert _answer(app, "a.lignes") == [{"nom": "Un", "prix": "12.50"}]
    app.button(key="t:a.lignes:1-retirer").click().run()
    assert _answer(app, "a.lignes") is None


def test_a_collectivite_is_found_and_fills_what_is_known(app: AppTest) -> None:
    app.text_input(key="t:a.recherche:recherche").set_value("choisy le roi").run()
    app.button(key="t:a.recherche:choix-219400223").click().run()
    assert _answer(app, "a.siren") == "219400223"
    assert app.text_input(key="t:a.text").value == "Choisy-le-Roi"
    assert app.text_input(key="t:a.adresse:ville").value == "Choisy-le-Roi"


def test_a_file_is_kept_replaced_and_removed(app: AppTest) -> None:
    app.file_uploader(key="t:a.fichier:depot0").set_value(("acte.pdf", b"%PDF-1.4", "application/pdf")).run()
    assert _answer(app, "a.fichier")["nom"] == "acte.pdf"
    app.file_uploader(key="t:a.fichier:depot1").set_value(("vide.pdf", b"", "application/pdf")).run()
    assert any("vide" in one for one in _errors(app))
    assert _answer(app, "a.fichier")["nom"] == "acte.pdf"
    app.button(key="t:a.fichier:retirer").click().run()
    assert "a.fichier" not in app.session_state["t:brouillon"].answers


@pytest.mark.parametrize("keep", ["garder", "laisser"])
def test_two_people_in_one_field_see_both_values(app: AppTest, keep: str) -> None:
    app.text_input(key="t:a.text").set_value("premier").run()
    draft = app.session_state["t:brouillon"]
    held = draft.answers["a.text"]
    draft.answers["a.text"] = type(held)("celui d’Alix", held.version + 1, held.modifiee_le, "Alix Exemple")
    app.text_input(key="t:a.text").set_value("le mien").run()
    assert any("celui d’Alix" in one.value and "le mien" in one.value for one in app.warning)
    button: Callable[..., Any] = next(one for one in app.button if one.key.startswith(f"t:a.text:{keep}")).click
    button().run()
    assert _answer(app, "a.text") == ("le mien" if keep == "garder" else "celui d’Alix")
    assert app.text_input(key="t:a.text").value == _answer(app, "a.text")
    assert not app.warning


def test_a_colleague_s_change_shows_when_nothing_was_typed(app: AppTest) -> None:
    app.session_state["colleague"] = {"a.text": "changé ailleurs"}
    app.run()
    assert app.text_input(key="t:a.text").value == "changé ailleurs"
