"""A field that changes place is said to move: nobody should fear that it is deleted."""

from __future__ import annotations

from domain.forms import editing
from services.offres.diff import describe_changes
from tests.factories import cig_offer


def test_a_field_in_another_form_moved() -> None:
    before = cig_offer().model_dump(mode="json")
    after = editing.move_field(before, "locaux.descriptif", "referent", "referent", 0)
    (change,) = describe_changes(before, after)
    assert change.titre.endswith("champ « Description du bureau et de l’attente » › déplacé")
    assert change.avant == "Locaux mis à disposition › Le lieu des permanences"
    assert change.apres.startswith("Référent du service social")
    assert change.path == "forms/referent/sections/referent/fields/locaux.descriptif"


def test_what_else_changed_in_it_is_told_too() -> None:
    before = cig_offer().model_dump(mode="json")
    after = editing.move_field(before, "locaux.descriptif", "referent", "referent")
    after = editing.update_field(after, "locaux.descriptif", {"label": "Le bureau"})
    after = editing.retire_field(after, "locaux.telephone")
    told = [change.titre for change in describe_changes(before, after)]
    assert len(told) == 3
    assert sum("déplacé" in one for one in told) == 1 and not any("supprimé" in one for one in told)


def test_a_faulty_draft_is_compared_all_the_same() -> None:
    before = cig_offer().model_dump(mode="json")
    broken = {**before, "forms": [{"id": "locaux", "sections": [{"fields": ["x", {"id": "locaux.adresse"}] * 2}]}, 3]}
    assert describe_changes(before, broken)
    assert describe_changes(broken, before)
