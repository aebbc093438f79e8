"""What the rendered documents say, for the people and the cases that the domain lists."""

from __future__ import annotations

from typing import Any

import pytest

from documents.engine.compiled import compile_template
from documents.word.bookmarks import list_bookmarks
from documents.word.compose import Part, compose
from domain.offer import Party
from tests.doc_templates.conftest import ALL, ISSUED, OFFER, answers, context
from tests.doc_templates.lecture import full_text, texts

NBSP, NARROW = "\u00a0", "\u202f"
BLANK = "……………"


def rendered(docx: bytes, tree: dict[str, Any]) -> str:
    return full_text(compile_template(docx).render(tree))


@pytest.fixture(scope="session")
def master(templates: dict[str, bytes]) -> bytes:
    return compose([Part(templates[name], nom=name) for name in ISSUED])


def test_issued_document_has_each_point_once(master: bytes, tree: dict[str, Any]) -> None:
    marks = list_bookmarks(compile_template(master).render(tree))
    assert len(marks) == len(set(marks)) == 122


def test_convention_says_who_how_long_and_how_much(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    text = rendered(templates["convention"], tree)
    assert f"Convention n°{NBSP}2023\u20110001" in text
    assert "que représente Mme Camille Exemple, maire, autorisée à signer" in text
    assert "2024, 2025, 2026 et 2027" in text
    assert "31 décembre 2027" in text.replace(NBSP, " ")
    assert f"47,70{NBSP}%" in text
    assert f"32{NARROW}426,46{NBSP}€" in text
    assert "Au tarif 2022" in text
    assert f"29{NBSP}septembre" in text
    assert text.count("par délégation") == 1


def test_convention_says_the_notice_that_the_offer_sets(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    said = rendered(templates["convention"], tree)
    assert f"au plus tard le 29{NBSP}septembre{NBSP}; la dénonciation prend effet le 1er janvier qui suit." in said
    assert "La date d’envoi, attestée par la preuve de dépôt, fait foi. Ce délai n’est pas reporté" in said
    tree["offre"]["denonciation"].update(mode="preavis", preavis_mois=6, reference="reception")
    said = rendered(templates["convention"], tree)
    assert f"accusé de réception, à tout moment, 6{NBSP}mois à l’avance. La date de réception fait foi." in said
    assert f"29{NBSP}septembre" not in said and "même quantième" in said


@pytest.mark.parametrize(
    ("civilite", "feminin", "expected"),
    [("Mme", True, "autorisée à"), ("M.", False, "autorisé à"), (None, None, "autorisé(e) à")],
)
def test_agreement_follows_the_civilite(
    templates: dict[str, bytes], tree: dict[str, Any], civilite: str | None, feminin: bool | None, expected: str
) -> None:
    tree["representant"].update(civilite=civilite, feminin=feminin)
    assert expected in rendered(templates["convention"], tree)


@pytest.mark.parametrize("party", OFFER.parties, ids=lambda party: party.code)
def test_every_kind_of_collectivite(party: Party, master: bytes, templates: dict[str, bytes]) -> None:
    """No article is left uncontracted, no agreement forgotten, whatever the kind of collectivité."""
    given = answers()
    given["collectivite"].update(type=party.code, appellation=party.appellation)
    given["representant"]["qualite"] = party.qualite
    tree = context(given)
    text = rendered(master, tree) + rendered(templates["deliberation"], tree)
    for name in (party.appellation, tree["collectivite"]["designation"]):
        if name.startswith("le "):
            assert f"de {name}" not in text and f"à {name}" not in text
    assert f"que représente Mme Camille Exemple, {party.qualite_feminin or party.qualite}" in text


def test_women_who_preside_and_sign(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    tree["centre"]["president"] = {"qualite": "présidente", "feminin": True, "nom": "Mme Claude Exemple"}
    tree["centre"]["delegataire"] = {"qualite": "directrice générale adjointe", "feminin": True, "nom": None}
    text = rendered(templates["convention"], tree)
    assert "que représente sa présidente, Mme Claude Exemple," in text
    assert "pour la présidente et par délégation,\nla directrice générale adjointe" in text


def test_a_centre_without_delegate_still_has_the_line(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    tree["centre"]["delegataire"] = None
    assert f"par délégation,\n{BLANK}" in rendered(templates["convention"], tree)


def test_projet_has_no_number_and_needs_almost_no_answer(master: bytes) -> None:
    known = {"collectivite": {"type": "commune", "nom": "Ivry-sur-Seine"}}
    docx = compile_template(master).render(context(known, projet=True))
    written = "\n".join(texts(docx))
    assert "Projet de convention, non numéroté" in written
    assert "au service social du travail – projet" in written
    assert "La commune d’Ivry-sur-Seine" in written
    assert "None" not in written
    assert len(list_bookmarks(docx)) == 122


def test_deliberation_needs_neither_number_nor_date(templates: dict[str, bytes]) -> None:
    given = answers()
    del given["deliberation"]
    tree = context(given)
    text = rendered(templates["deliberation"], tree)
    assert f"Délibération n°{NBSP}{BLANK} – séance du {BLANK}" in text
    assert "l’organe délibérant décide" in text
    assert f"32{NARROW}426,46{NBSP}€" in text
    assert "d’autoriser la maire à les signer" in text


@pytest.mark.parametrize(
    ("organe", "qualite", "feminin", "expected"),
    [
        ("conseil municipal", "maire", False, ("le conseil municipal décide", "d’autoriser le maire à")),
        (
            "assemblée délibérante",
            "présidente",
            True,
            ("l’assemblée délibérante décide", "d’autoriser la présidente à"),
        ),
        (
            "conseil d’administration",
            "adjoint au maire",
            False,
            ("le conseil d’administration", "d’autoriser l’adjoint"),
        ),
    ],
)
def test_deliberation_names_its_people(
    templates: dict[str, bytes],
    tree: dict[str, Any],
    organe: str,
    qualite: str,
    feminin: bool,
    expected: tuple[str, str],
) -> None:
    tree["deliberation"]["organe"] = organe
    tree["representant"].update(qualite=qualite, feminin=feminin)
    text = rendered(templates["deliberation"], tree)
    assert all(part in text for part in expected)


@pytest.mark.parametrize(
    ("fichier", "expected", "absent"),
    [
        (None, "n’a pas encore fourni", "SHA-256"),
        ({"nom": "code.pdf", "sha256": "ab" * 32}, "ab" * 32, "pas encore fourni"),
        ({"nom": "Code.DOCX", "sha256": "cd" * 32}, "commence à la page suivante", "SHA-256"),
    ],
)
def test_code_of_ethics_missing_beside_or_following(
    templates: dict[str, bytes], tree: dict[str, Any], fichier: dict[str, str] | None, expected: str, absent: str
) -> None:
    tree["annexes"]["deontologie"]["fichier"] = fichier
    text = rendered(templates["annexe-deontologie"], tree)
    assert expected in text and absent not in text


def test_fiche_shows_premises_and_hours(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    text = rendered(templates["annexe-fiche"], tree)
    assert text.count("☒") == 16 + 1 and text.count("☐") == 1 + 1  # one of each in the legend
    assert "☐\tPhotocopieur" in text
    assert f"Jeudi\n13{NBSP}h{NBSP}30\n17{NBSP}h{NBSP}00" in text
    tree["locaux"].update(disponibilites=[], conditions_particulieres="")
    text = rendered(templates["annexe-fiche"], tree)
    assert f"{BLANK}\n{BLANK}\n{BLANK}" in text
    assert "Aucune" in text


def test_tariffs_keep_their_own_year(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    """B03: a tariff of 2022 applied to 2023 is never called the tariff of 2023."""
    text = rendered(templates["annexe-tarifs"], tree)
    assert "Tarifs de l’année 2022" in text
    assert "Tarif 2022 d’un temps complet" in text
    assert "tarif 2023" not in text.lower()
    assert f"67{NARROW}980,00{NBSP}€" in text and f"57,00{NBSP}€" in text
    assert text.count(f"8{NARROW}106,62{NBSP}€") == 2


@pytest.mark.parametrize("name", ALL)
def test_hostile_answers_stay_text(name: str, templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    tree["collectivite"]["designation"] = "la commune de <b>& {{ 7*7 }}\x00"
    tree["representant"]["nom_complet"] = "Mme {% raw %} 😀"
    compile_template(templates[name]).render(tree, check=True)


def test_hostile_answers_are_printed_as_typed(templates: dict[str, bytes], tree: dict[str, Any]) -> None:
    tree["collectivite"]["designation"] = "la commune de <b>& {{ 7*7 }}"
    assert "La commune de <b>& {{ 7*7 }}" in rendered(templates["convention"], tree)
