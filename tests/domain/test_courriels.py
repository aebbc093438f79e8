"""The texts of mails: what may be written in one, what is said of a bad one, what becomes of hostile values."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.courriels import MAX_CORPS, MAX_OBJET, Catalogue, Modele, catalogue, check_textes
from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.offer import Echeance, TexteCourriel

MODELES = [pytest.param(one, id=one.id) for one in catalogue().modeles]
CONVENTION = "convention_emise"


@pytest.mark.parametrize("modele", MODELES)
def test_every_model_says_something_with_its_sample_values(modele: Modele) -> None:
    samples = catalogue().samples(modele.id)
    texte = catalogue().write(modele.id, modele.objet, modele.corps, samples)
    assert "\n" not in texte.objet
    assert texte.corps.startswith("Bonjour Camille Durand,\n\n")
    assert texte.corps.endswith("Message automatique : merci de ne pas y répondre.\n")
    assert "{" not in texte.objet + texte.corps
    if modele.page:
        assert samples["page"] in texte.corps
    assert catalogue().check(modele.id, modele.objet, modele.corps) == ()


def test_no_text_names_a_service_of_its_own() -> None:
    """A mail about an offer says its title; one about an account knows no offer."""
    for modele in catalogue().modeles:
        assert "service social" not in (modele.objet + modele.corps).lower(), modele.id
        if not catalogue().editable(modele.id):
            assert "service" not in [tag.code for tag in catalogue().tags(modele.id)], modele.id


@pytest.mark.parametrize(
    ("corps", "said"),
    [
        ("Convention {{ numro }}", "{{ numro }} n’est pas une balise de ce courriel (vouliez-vous « numero » ?)"),
        ("Bonjour\n\n{{ lien }}", "ligne 3 : {{ lien }} n’est pas une balise de ce courriel"),
        ("{{ numero", "une balise ne se lit pas, ligne 1"),
        ("{% if numero %}oui", "une balise ne se lit pas, ligne 1"),
        ("{{ numero.__class__ }}", "seules des balises"),
        ("{{ numero|upper }}", "seules des balises"),
        ("{{ numero() }}", "seules des balises"),
        ("{% for a in numero %}x{% endfor %}", "seules des balises"),
        ("{% set a = 1 %}", "seules des balises"),
        ("{% include 'x' %}", "seules des balises"),
        ("{{ 9 ** 9 ** 9 }}", "seules des balises"),
        ("{{ numero in numero }}", "seules des balises"),
        ("{% if numero %}" * 60 + "x" + "{% endif %}" * 60, "trop de conditions l’une dans l’autre"),
        ("{{ not " * 1 + "not " * 900 + "numero }}", "trop de conditions l’une dans l’autre"),
        (" \n ", "Le texte est vide."),
        ("x" * (MAX_CORPS + 1), f"{MAX_CORPS} caractères au plus"),
    ],
)
def test_a_bad_text_is_refused_with_its_place_and_the_reason(corps: str, said: str) -> None:
    (fault,) = catalogue().check(CONVENTION, "Objet", corps)
    assert said in fault.message
    assert fault.champ == "corps"


@pytest.mark.parametrize(
    ("objet", "said"),
    [
        ("", "L’objet est vide."),
        ("Deux\nlignes", "une seule ligne"),
        ("x" * (MAX_OBJET + 1), "trop long"),
        ("{{ nmero }}", "vouliez-vous « numero »"),
    ],
)
def test_a_bad_subject_is_refused(objet: str, said: str) -> None:
    (fault,) = catalogue().check(CONVENTION, objet, "Texte")
    assert said in fault.message
    assert fault.champ == "objet"


def test_a_mail_without_its_link_is_of_no_use() -> None:
    (fault,) = catalogue().check("invitation", "Objet", "Un texte sans lien.")
    assert "{{ lien }}" in fault.message


@pytest.mark.parametrize(
    "hostile",
    ["Ville\r\nBcc: x@example.org", "{{ adresse }}", "{% if a %}", "\x00\u202eVille", "x" * 5000, "</script>"],
)
def test_hostile_names_stay_values(hostile: str) -> None:
    values = catalogue().samples(CONVENTION) | {"collectivite": hostile, "numero": hostile, "nom": hostile}
    texte = catalogue().write(CONVENTION, "Convention {{ numero }}", "Pour {{ collectivite }}", values)
    assert "\n" not in texte.objet
    assert len(texte.objet) <= MAX_OBJET
    assert not any(line.lower().startswith("bcc:") for line in texte.corps.splitlines())
    assert "{{ adresse }}" not in hostile or "{{ adresse }}" in texte.corps, "a value is not a text"
    assert "\x00" not in texte.corps


@given(st.text(alphabet=string.printable + "éàœ’« »{}%#\u2028\u202e", max_size=400))
def test_any_typed_text_is_refused_in_french_or_can_be_written(corps: str) -> None:
    faults = catalogue().check(CONVENTION, "Objet", corps)
    if not faults:
        assert catalogue().write(CONVENTION, "Objet", corps, catalogue().samples(CONVENTION)).corps.endswith("\n")
    for fault in faults:
        assert fault.message.startswith(("Le texte", "L’objet"))


def test_values_are_shown_as_what_they_are() -> None:
    values = catalogue().samples("demande_refusee") | {"motif": "Un\nDeux\n\n\n\nTrois"}
    assert (
        "Motif : Un\nDeux\n\nTrois\n" in catalogue().write("demande_refusee", "o", "Motif : {{ motif }}", values).corps
    )


def test_a_tag_without_a_value_is_told() -> None:
    with pytest.raises(Invalide, match=re.escape("la balise {{ numero }} n’a pas de valeur")):
        catalogue().write(CONVENTION, "Objet", "{{ numero }}", {})
    asked = "{% if numero %}n° {{ numero }}{% elif numero == 'x' %}x{% else %}sans numéro{% endif %}"
    assert "\nsans numéro\n" in catalogue().write(CONVENTION, "Objet", asked, {}).corps


def test_an_offer_words_only_the_mails_that_are_about_it() -> None:
    texte = TexteCourriel(objet="Objet", corps="Texte")
    assert check_textes({CONVENTION: texte}) == []
    assert "une offre ne récrit aucun courriel de ce nom" in check_textes({"invitation": texte})[0]
    assert "vouliez-vous « convention_emise »" in check_textes({"convention_emis": texte})[0]
    bad = TexteCourriel(objet="Objet", corps="{{ rfrence }}")
    assert check_textes({CONVENTION: bad})[0].startswith("courriel « Convention à signer » : Le texte, ligne 1 :")


def test_a_broken_catalogue_says_where() -> None:
    data = catalogue().model_dump(mode="json")
    data["modeles"][0] |= {"sujet": "compte", "variables": ["lein"]}
    data["modeles"][1] |= {"corps": "{{ adrese }}"}
    with pytest.raises(DefinitionError) as caught:
        Catalogue.model_validate(data)
    said = str(caught.value)
    assert "le sujet « compte » n’existe pas (vouliez-vous « comptes » ?)" in said
    assert "vouliez-vous « adresse » ?" in said


def test_a_condition_alone_on_its_line_leaves_no_gap_and_one_in_a_line_keeps_what_follows() -> None:
    values = catalogue().samples(CONVENTION)
    alone = "Un\n{% if numero %}\nDeux\n  {% endif %}\nTrois"
    whole = "{% if numero %}Un{% else %}Zéro{% endif %}\nDeux"
    assert "\nUn\nDeux\n" in catalogue().write(CONVENTION, "Objet", whole, values).corps
    inside = "Un{% if numero %} et deux{% endif %}\nTrois"
    assert "\nUn\nDeux\nTrois\n" in catalogue().write(CONVENTION, "Objet", alone, values).corps
    assert "\nUn et deux\nTrois\n" in catalogue().write(CONVENTION, "Objet", inside, values).corps


def test_every_model_is_sent_by_some_program_and_every_reminder_has_its_text() -> None:
    root = Path(__file__).parents[2]
    words = {
        node.value
        for path in (*(root / "services").rglob("*.py"), root / "domain" / "workflow" / "mails.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    ids = {one.id for one in catalogue().modeles}
    assert {one for one in ids if not one.startswith("rappel_")} - words == set()
    assert {f"rappel_{one}" for one in get_args(Echeance)} == {one for one in ids if one.startswith("rappel_")}
