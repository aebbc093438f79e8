"""The steps of a request about a convention, changed as data: what is refused says why, the offer stays correct."""

from __future__ import annotations

from typing import Any

import pytest

from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.forms.editing import find_faults, find_form, nature_of, readable_fields, readers_of
from domain.offer import editing as offer_editing
from domain.offer import load_offer, read_offer, request_editing
from services.core.settings import ROOT
from tests.factories import cig_offer


@pytest.fixture
def contenu() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


def forms_of(contenu: dict[str, Any], nature: str) -> list[str]:
    return [str(step["form"]) for step in request_editing.list_steps(contenu, nature) if step["form"]]


def test_every_step_of_the_shipped_offers_is_kept_as_it_is_shown() -> None:
    for folder in (ROOT / "forms").glob("*/*/"):
        content = load_offer(folder).model_dump(mode="json")
        for demande in content["demandes"]:
            for place, step in enumerate(demande["steps"]):
                shown = {name: step[name] for name in ("title", "help", "champs", "prerempli", "visible_if")}
                assert request_editing.update_step(content, demande["nature"], place, shown) == content


def test_a_form_of_the_offer_joins_a_request(contenu: dict[str, Any]) -> None:
    """« Locaux » in the request for other hours, filled in beforehand, only its address, when a box is ticked."""
    after, place = request_editing.add_step(
        contenu,
        "horaires",
        {"form": "referent", "title": "Qui prévenir", "prerempli": True, "champs": ["referent.nom"]},
    )
    assert place == 2 and forms_of(after, "horaires") == ["horaires", "locaux", "referent"]
    assert find_faults(after) == () and "referent.nom" in request_editing.asked_fields(after, "horaires")
    variant = read_offer(after).variant("horaires")
    form = next(one for one in variant.forms if one.id == "referent")
    assert (form.title, [field.id for _, field in form.iter_fields()]) == ("Qui prévenir", ["referent.nom"])
    step = variant.steps[2]
    assert step.prerempli and step.champs == ("referent.nom",)
    every = list(request_editing.form_questions(after, "referent"))
    whole = request_editing.update_step(after, "horaires", 2, {"champs": every})
    assert request_editing.find_step(whole, "horaires", 2)["champs"] == [], "all of them is none left out"
    assert request_editing.delete_step(whole, "horaires", 2) == contenu, "the form stays: the adhesion shows it"


def test_a_new_form_belongs_to_the_request(contenu: dict[str, Any]) -> None:
    after, place = request_editing.add_step(
        contenu, "referent", {"title": "Passage de relais"}, taken={"passage_relais"}
    )
    assert forms_of(after, "referent")[place] == "passage_relais_2"
    assert find_form(after, "passage_relais_2")["title"] == "Passage de relais" and find_faults(after) == ()
    assert request_editing.delete_step(after, "referent", place) == contenu


def test_steps_move_and_the_summary_stays_last(contenu: dict[str, Any]) -> None:
    first = forms_of(contenu, "avenant")
    after = request_editing.move_step(contenu, "avenant", 0, 99)
    assert forms_of(after, "avenant") == [*first[1:], first[0]]
    assert request_editing.list_steps(after, "avenant")[-1]["kind"] == "recapitulatif"
    with pytest.raises(Invalide, match="dernière étape"):
        request_editing.move_step(contenu, "avenant", len(first), 0)


def test_a_condition_reads_what_the_request_asks(contenu: dict[str, Any]) -> None:
    shown = {"visible_if": "avenant.objets.locaux and collectivite.nom == 'Ville'"}
    after = request_editing.update_step(contenu, "avenant", 2, shown)
    assert request_editing.find_step(after, "avenant", 2)["visible_if"] == shown["visible_if"]
    with pytest.raises(Invalide) as refused:
        request_editing.update_step(contenu, "avenant", 2, {"visible_if": "avenant.objets.("})
    assert refused.value.champ == "visible_if"
    with pytest.raises(DefinitionError, match=r"referent\.nom"):
        request_editing.update_step(contenu, "avenant", 2, {"visible_if": "referent.nom == 'Ville'"})
    asked = request_editing.asked_fields(contenu, "avenant")
    assert {"avenant.objets", "besoin.quotite"} <= set(asked) and "referent.nom" not in asked
    assert asked["collectivite.type"].options, "with those that the offer gives"
    assert nature_of(contenu, "avenant") == "avenant" and nature_of(contenu, "besoin") == "adhesion"
    assert "avenant.objets" not in readable_fields(contenu)
    assert "la condition d’une étape de la demande « Avenant »" in readers_of(contenu, "avenant.objets")


def test_what_must_stay_says_why(contenu: dict[str, Any]) -> None:
    last = len(request_editing.list_steps(contenu, "referent")) - 1
    with pytest.raises(Invalide, match="récapitulatif"):
        request_editing.delete_step(contenu, "referent", last)
    with pytest.raises(Invalide, match="la date d’effet"):
        request_editing.delete_step(contenu, "referent", 0)
    after = offer_editing.update_row(contenu, "demandes", "referent", {"champ_effet": ""})
    shorter = request_editing.delete_step(after, "referent", 0)
    with pytest.raises(Invalide, match="au moins une étape"):
        request_editing.delete_step(shorter, "referent", 0)
    own, place = request_editing.add_step(contenu, "referent", {"title": "Relais"})
    section = {**find_form(contenu, "changement")["sections"][0], "fields": []}
    field = {**find_form(contenu, "changement")["sections"][0]["fields"][0], "id": "relais.date"}
    find_form(own, "relais")["sections"].append({**section, "fields": [field]})
    with pytest.raises(Invalide, match="ont été publiées"):
        request_editing.delete_step(own, "referent", place, published={"relais.date"})
    with pytest.raises(Invalide, match="rechargez"):
        request_editing.find_step(contenu, "referent", 9)


def test_the_date_of_effect_is_asked_by_a_step(contenu: dict[str, Any]) -> None:
    with pytest.raises(Invalide, match="date d’effet") as refused:
        offer_editing.update_row(contenu, "demandes", "referent", {"champ_effet": "besoin.date_effet"})
    assert refused.value.champ == "champ_effet"
    others = [one for one in request_editing.form_questions(contenu, "avenant") if one != "avenant.date_effet"]
    with pytest.raises(Invalide, match="date d’effet") as refused:
        request_editing.update_step(contenu, "avenant", 0, {"champs": others})
    assert refused.value.champ == "champs"
    assert "la date d’effet de la demande « Avenant »" in readers_of(contenu, "avenant.date_effet")
    with pytest.raises(Invalide, match="Choisissez parmi") as refused:
        request_editing.update_step(contenu, "avenant", 0, {"champs": ["besoin.quotite"]})


def test_an_avenant_keeps_a_document_to_sign(contenu: dict[str, Any]) -> None:
    with pytest.raises(Invalide) as refused:
        offer_editing.update_row(contenu, "demandes", "avenant", {"document": ""})
    assert refused.value.champ == "document"
