"""Differences between two versions, as somebody who reads no YAML understands them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from domain.offer import load_offer
from domain.offer.request_editing import add_step, form_questions, move_step, update_step
from services.offres.diff import Change, describe_changes, describe_gabarits
from tests.factories import FORMS, cig_offer


@pytest.fixture
def before() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


@pytest.fixture
def after(before: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(before)


def form(contenu: dict[str, Any], form_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in contenu["forms"] if one["id"] == form_id)
    return found


def test_nothing_changed(before: dict[str, Any]) -> None:
    assert describe_changes(cig_offer(), before) == []
    assert describe_gabarits({"a.docx": "1"}, {"a.docx": "1"}) == []


def test_field_changed(before: dict[str, Any], after: dict[str, Any]) -> None:
    field = form(after, "besoin")["sections"][0]["fields"][0]
    field.update(label="Quotité", required=False, max="80", visible_if="fiche.affiliee == true")
    told = {change.titre: (change.avant, change.apres) for change in describe_changes(before, after)}
    place = "Formulaire « Votre besoin » › section « Temps d’intervention » › champ « Quotité » › "
    assert told == {
        place + "Libellé": ("Part d’un temps plein", "Quotité"),
        place + "Obligatoire": ("oui", "non"),
        place + "Maximum": ("100", "80"),
        place + "Affiché si": ("", "fiche.affiliee == true"),
    }


def test_field_added_retired_removed_moved(before: dict[str, Any], after: dict[str, Any]) -> None:
    fields = form(after, "referent")["sections"][0]["fields"]
    gone, first, second, *rest = fields
    second["retired"] = True
    new = {"id": "referent.bureau", "type": "text", "label": "Bureau", "required": True}
    form(after, "referent")["sections"][0]["fields"] = [second, first, *rest, new]
    changes = describe_changes(before, after)
    short = [(change.titre.split(" › ")[-1], change.avant, change.apres) for change in changes]
    assert (f"champ « {second['label']} » retiré, ses réponses sont conservées", "", "") in short
    added = next(one for one in short if one[0] == "champ « Bureau » ajouté")
    assert added[1] == "" and added[2].endswith("referent.bureau, obligatoire")
    assert any(one[0] == f"champ « {gone['label']} » supprimé" and "referent.civilite" in one[1] for one in short)
    order = next(one for one in short if one[0] == "Ordre (champs)")
    assert order[1].startswith(f"{first['label']}, {second['label']}")
    assert order[2].startswith(f"{second['label']}, {first['label']}")
    assert len(short) == 4


def test_settings(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["duree"]["mode"] = "expresse"
    after["facturation"]["periodicite"] = "mois"
    after["facturation"]["service_degrade"] = None
    after["steps"] = [after["steps"][1], after["steps"][0], *after["steps"][2:]]
    after["workflow_dossier"]["transitions"][0]["roles"] = ["signataire"]
    after["options"]["affilies_seulement"] = True
    after["documents"].append({"id": "note", "titre": "Note", "parts": [{"template": "note.docx"}]})
    told = {change.titre: (change.avant, change.apres) for change in describe_changes(before, after)}
    assert told["Durée › Reconduction"] == ("Tacite", "Expresse : le centre donne son accord")
    assert told["Facturation › Décomptes"] == ("Chaque trimestre", "Chaque mois")
    assert told["Facturation › Service dégradé"] == ("tarif : heure", "")
    assert told["Ordre (étapes)"][1].startswith("Locaux mis à disposition, Votre collectivité")
    assert told["Options › Réservé aux collectivités affiliées"] == ("non", "oui")
    assert "Document « Note » ajouté" in told
    roles = told["Circuit du dossier › action « Déposer le dossier » › Rôles"]
    assert roles[0].count(",") == 1 and "," not in roles[1]


def test_templates() -> None:
    changes = describe_gabarits({"a.docx": "1", "b.docx": "2"}, {"a.docx": "9", "c.docx": "3"})
    assert [change.titre for change in changes] == [
        "Gabarit « a.docx » remplacé",
        "Gabarit « b.docx » retiré",
        "Gabarit « c.docx » ajouté",
    ]


@pytest.mark.parametrize(
    "faulty",
    [{}, {"forms": "x"}, {"forms": [1]}, {"forms": [{"id": "a"}, {"id": "a"}]}, {"steps": [{}]}, {"duree": 3}, {1: 2}],
)
def test_faulty_drafts_are_compared_all_the_same(before: dict[str, Any], faulty: dict[str, Any]) -> None:
    assert all(isinstance(change, Change) for change in describe_changes(before, faulty))
    assert all(isinstance(change, Change) for change in describe_changes(faulty, before))


def test_two_offers_from_each_other() -> None:
    """Everything is said in French: no key of the model, no Python value, shows through."""
    other = load_offer(FORMS / "cdg-martinique" / "accompagnement-social")
    changes = describe_changes(cig_offer(), other)
    assert len(changes) > 50
    for change in changes:
        last = change.titre.split(" › ")[-1]
        assert not any(
            mark in change.titre + change.avant + change.apres for mark in ("{", "None", "True", "False")
        ) or ("désignation" in change.titre.lower()), change
        assert "_" not in last or "«" in last, change


def test_the_steps_of_a_request_are_called_by_their_names() -> None:
    before = cig_offer().model_dump(mode="json")
    after, place = add_step(before, "horaires", {"form": "referent", "champs": ["referent.nom"]})
    (added,) = describe_changes(before, after)
    assert added.titre == "Demande « Horaires de présence » › étape « Référent du service social » ajoutée"
    (moved,) = describe_changes(after, move_step(after, "horaires", place, 0))
    assert moved.titre.endswith("Ordre (étapes)") and moved.apres.startswith(
        "Référent du service social, Le changement"
    )
    (fewer,) = describe_changes(after, update_step(after, "horaires", place, {"champs": ["referent.prenom"]}))
    assert "étape « Référent du service social »" in fewer.titre
    labels = form_questions(after, "referent")
    assert (fewer.avant, fewer.apres) == (labels["referent.nom"], labels["referent.prenom"])
