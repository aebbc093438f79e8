"""The tree that templates see: complete, typed, with the right words and amounts."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from documents.contexts.adhesion import ReponsesIncorrectes, build_context, sample_context
from documents.contexts.montants import build_montants
from domain.forms.evaluation import evaluate
from domain.offer import Centre, Offer, load_centre, load_offer
from domain.tarifs import Tarif, load_tarifs

ROOT = Path(__file__).resolve().parents[2]
CIG = ROOT / "forms" / "cig-petite-couronne"
TODAY = date(2022, 12, 20)


@pytest.fixture(scope="module")
def offer() -> Offer:
    return load_offer(CIG / "service-social-travail")


@pytest.fixture(scope="module")
def centre() -> Centre:
    return load_centre(CIG)


@pytest.fixture(scope="module")
def tarifs() -> list[Tarif]:
    return load_tarifs(CIG / "tarifs.yaml")


@pytest.fixture
def case() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "tests" / "cases" / "adhesion-cig.json").read_text("utf-8"))
    return found


def test_the_reference_case(offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]) -> None:
    tree = build_context(offer, centre, case, tarifs, numero="2023-0001", today=TODAY)
    assert tree["collectivite"]["designation"] == "la commune de Choisy-le-Roi"
    assert tree["collectivite"]["type_libelle"] == "commune"
    assert tree["representant"]["nom_complet"] == "Mme Camille Exemple" and tree["representant"]["feminin"] is True
    assert tree["referent"]["feminin"] is False
    assert tree["convention"] == {
        "numero": "2023-0001",
        "projet": False,
        "date_effet": date(2023, 1, 1),
        "date_debut_prestations": date(2023, 1, 1),
        "premiere_echeance": date(2023, 12, 31),
        "annees_reconduites": [2024, 2025, 2026, 2027],
        "terme": date(2027, 12, 31),
        "dernier_jour_denonciation": {"jour": 29, "mois": 9, "texte": "29\u00a0septembre"},
    }
    montants = tree["montants"]
    assert (montants["annuel"], montants["quotite"], montants["heures"]) == (
        Decimal("32426.46"),
        Decimal("47.70"),
        {"minutes": 45992},
    )
    assert sum(one["montant"] for one in montants["echeancier"]) == montants["premiere_annee"]["du"]
    assert montants["tarif_horaire"]["montant"] == Decimal("57.00")
    assert [one["numero"] for one in tree["annexes_liste"]] == [1, 2, 3, 4]
    assert tree["annexes"]["tarifs"]["numero"] == 4
    (warning,) = tree["avertissements"]
    assert "Aucun tarif 2023" in warning and "ceux de 2022" in warning


def test_a_project_has_no_number(offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]) -> None:
    tree = build_context(offer, centre, case, tarifs, numero="2023-0001", projet=True, today=TODAY)
    assert tree["convention"]["numero"] is None and tree["convention"]["projet"] is True


def _shape(value: Any) -> Any:
    """Names of a tree; an uploaded file is a leaf, since templates only ask whether there is one."""
    if not isinstance(value, dict) or "sha256" in value:
        return None
    return {key: _shape(one) for key, one in value.items()}


def test_nothing_answered_gives_the_same_tree_with_blanks(offer: Offer, centre: Centre, tarifs: list[Tarif]) -> None:
    empty = build_context(offer, centre, {}, tarifs, projet=True, today=TODAY)
    full = sample_context(offer, centre, tarifs)
    for name in (
        "collectivite",
        "representant",
        "referent",
        "locaux",
        "besoin",
        "deliberation",
        "convention",
        "montants",
    ):
        assert _shape(empty[name]) == _shape(full[name]), name
    assert empty["collectivite"]["designation"] is None
    assert empty["convention"]["terme"] is None
    assert empty["locaux"]["equipements"]["bureau"] is None and empty["locaux"]["disponibilites"] == []
    assert empty["montants"]["annuel"] is None and empty["avertissements"] == []


def test_a_quotite_alone_is_already_priced(offer: Offer, centre: Centre, tarifs: list[Tarif]) -> None:
    tree = build_context(offer, centre, {"besoin": {"quotite": "47,70"}}, tarifs, projet=True, today=TODAY)
    assert tree["montants"]["annuel"] == Decimal("32426.46")
    assert tree["montants"]["premiere_annee"]["du"] is None


def test_first_year_follows_the_start_of_the_service(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["besoin"]["date_debut_prestations"] = "2023-09-15"
    montants = build_context(offer, centre, case, tarifs, today=TODAY)["montants"]
    assert montants["premiere_annee"]["du"] == Decimal("9594.68")
    assert [one["montant"] for one in montants["echeancier"]][:2] == [Decimal("0.00"), Decimal("0.00")]


def test_refused_answers_stop_a_convention_and_are_told_in_a_project(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["collectivite"]["siren"] = "219400224"
    case["besoin"]["date_debut_prestations"] = "2022-01-01"
    with pytest.raises(ReponsesIncorrectes) as refused:
        build_context(offer, centre, case, tarifs, today=TODAY)
    assert len(refused.value.erreurs) == 2 and "SIREN" in refused.value.message
    tree = build_context(offer, centre, case, tarifs, projet=True, today=TODAY)
    assert tree["collectivite"]["siren"] is None
    assert any("SIREN" in one for one in tree["avertissements"])


def test_the_party_is_named_before_anyone_says_how(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["collectivite"] |= {"type": "ccas", "appellation": None}
    told = build_context(offer, centre, case, tarifs, projet=True, today=TODAY)["collectivite"]
    assert (told["appellation"], told["appellation_de"], told["appellation_a"]) == ("le CCAS", "du CCAS", "au CCAS")
    case["collectivite"]["appellation"] = "l’Employeur"
    told = build_context(offer, centre, case, tarifs, projet=True, today=TODAY)["collectivite"]
    assert told["appellation"] == "l’Employeur"


def test_references_and_steps_keep_their_numbers_on_the_line(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    tree = build_context(offer, centre, case, tarifs, today=TODAY)
    references = " ".join(tree["centre"]["references"].values())
    assert "L.\u00a0452-40" in references and "n°\u00a02001-654 du 19\u00a0juillet" in references
    assert any("31\u00a0décembre" in etape for etape in tree["montants"]["etapes"])


def test_a_mistyped_name_in_a_data_file_is_told(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["referent"]["courrriel"] = "x@example.org"
    tree = build_context(offer, centre, case, tarifs, today=TODAY)
    assert any("referent.courrriel" in one for one in tree["avertissements"])


def test_the_quality_agrees_with_the_person(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["collectivite"] |= {"type": "ccas"}
    case["representant"]["qualite"] = "président"
    tree = build_context(offer, centre, case, tarifs, today=TODAY)
    assert tree["representant"]["qualite"] == "présidente"
    assert tree["collectivite"]["designation_de"] == "du centre communal d’action sociale de Choisy-le-Roi"
    case["representant"]["civilite"] = "M."
    assert build_context(offer, centre, case, tarifs, today=TODAY)["representant"]["qualite"] == "président"


def test_hidden_answers_are_not_printed(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["collectivite"]["type"] = "ccas"
    assert build_context(offer, centre, case, tarifs, today=TODAY)["collectivite"]["code_insee"] is None


def test_a_file_stands_for_an_annex(offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]) -> None:
    fichier = {"nom": "code.pdf", "sha256": "a" * 64}
    tree = build_context(offer, centre, case, tarifs, annexes_fichiers={"deontologie": fichier}, today=TODAY)
    assert tree["annexes"]["deontologie"]["fichier"] == fichier
    assert tree["annexes"]["missions"]["fichier"] is None


def test_an_optional_annex_left_out_does_not_leave_a_hole(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    annexes = tuple(one.model_copy(update={"facultative": one.id == "missions"}) for one in offer.annexes)
    tree = build_context(
        offer.model_copy(update={"annexes": annexes}),
        centre,
        case,
        tarifs,
        annexes_exclues=["missions", "fiche"],
        today=TODAY,
    )
    assert [(one["id"], one["numero"]) for one in tree["annexes_liste"]] == [
        ("deontologie", 1),
        ("fiche", 2),
        ("tarifs", 3),
    ]


def test_no_tariff_at_all_leaves_blanks_and_says_so(offer: Offer, centre: Centre, case: dict[str, Any]) -> None:
    tree = build_context(offer, centre, case, [], today=TODAY)
    assert tree["montants"]["annuel"] is None and tree["montants"]["heures"]["minutes"] == 45992
    assert any("Aucun tarif" in one for one in tree["avertissements"])


def test_hostile_text_goes_through_as_text(
    offer: Offer, centre: Centre, tarifs: list[Tarif], case: dict[str, Any]
) -> None:
    case["collectivite"]["nom"] = "{{ 7*7 }} <b>& 😀\ud800"
    tree = build_context(offer, centre, copy.deepcopy(case), tarifs, today=TODAY)
    assert tree["collectivite"]["nom"] == "{{ 7*7 }} <b>& 😀"
    assert tree["collectivite"]["designation"] == "la commune de {{ 7*7 }} <b>& 😀"


def test_the_cost_can_be_shown_while_the_form_is_being_filled_in(offer: Offer, tarifs: list[Tarif]) -> None:
    answers = {"besoin.quotite": "47,70", "besoin.date_debut_prestations": "15/09/2023"}
    montants, warnings = build_montants(offer, evaluate(offer.formset, answers, TODAY).tree, tarifs)
    assert montants["premiere_annee"]["du"] == Decimal("9594.68")
    assert len(warnings) == 1
