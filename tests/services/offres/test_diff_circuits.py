"""Differences between circuits, in the words of their states, conditions and roles."""

from __future__ import annotations

from typing import Any

from domain.offer import editing as offer_editing
from domain.workflow import editing as workflow_editing
from services.offres.diff import describe_changes
from tests.factories import cig_offer


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one.titre, one.avant, one.apres) for one in describe_changes(before, after)]


def contenu() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


def test_states_are_called_by_their_names() -> None:
    way_out = {"libelle": "Valider", "roles": ["responsable"], "condition": "emission_possible"}
    after, _ = workflow_editing.add_state(contenu(), "dossier", "À valider", "", "accepter", way_out)
    assert told(contenu(), after) == [
        ("Circuit du dossier › États › « À valider »", "", "À valider"),
        ("Circuit du dossier › action « Accepter le dossier » › Conduit à", "Accepté", "À valider"),
        (
            "Circuit du dossier › action « Valider » ajoutée",
            "",
            "depuis À valider, conduit à Accepté, par Responsable du service, si Tout ce qu’il faut pour émettre la convention"
            " est réuni",
        ),
    ]


def test_a_new_name_is_one_difference() -> None:
    after = workflow_editing.update_state(contenu(), "dossier", "depose", "Reçu", "Déposé, en attente du centre")
    assert told(contenu(), after) == [("Circuit du dossier › États › « Déposé »", "Déposé", "Reçu")]


def test_the_circuit_of_a_request_is_compared_with_the_portal_s() -> None:
    with_request, nature = offer_editing.add_row(contenu(), "demandes", {"titre": "Visite", "circuit": "accord"})
    after = workflow_editing.update_action(
        with_request, f"demande:{nature}", "valider", {"libelle": "Donner son accord"}
    )
    assert told(with_request, after) == [
        (
            "Demande « Visite » › Circuit › action « Donner son accord » › Libellé",
            "Accepter la demande",
            "Donner son accord",
        )
    ]


def test_faulty_circuits_are_compared_all_the_same() -> None:
    for broken in (None, [], {"etats": "?", "transitions": [None, {"de": 3}]}, {"transitions": "?"}):
        after = {
            **contenu(),
            "workflow_dossier": broken,
            "demandes": [None, {"nature": 4}, {"nature": "x", "workflow": broken}],
        }
        assert describe_changes(contenu(), after)
        assert describe_changes(after, contenu())
