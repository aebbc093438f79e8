"""Changing forms as data: an offer that is correct stays so, and an id, once given, means one question for ever."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.forms import editing
from domain.forms import structure_editing as structure
from domain.forms.fields import FIELD_TYPES
from domain.offer import Offer
from tests.factories import cig_offer

OPTION = {"id": "oui", "label": "Oui"}


def contenu() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


PUBLISHED = editing.field_ids(contenu())


def add(content: dict[str, Any], label: str, **extra: Any) -> tuple[dict[str, Any], str]:
    changed = editing.add_field(content, "locaux", "lieu", {"label": label, "type": "text", **extra}, taken=PUBLISHED)
    (new,) = editing.field_ids(changed) - editing.field_ids(content)
    return changed, new


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Surface du bureau (m²)", "locaux.surface_bureau_m2"),
        ("Téléphone", "locaux.telephone_2"),
        ("Adresse", "locaux.adresse_2"),
        ("If", "locaux.if_"),
        ("2e étage ?", "locaux.question_2e_etage"),
        ("???", "locaux.question"),
        (
            "Est-ce que la collectivité a déjà un assistant de service social du travail",
            "locaux.collectivite_deja_assistant_service",
        ),
    ],
)
def test_an_id_is_proposed_from_the_label(label: str, expected: str) -> None:
    _, new = add(contenu(), label)
    assert new == expected


def test_an_id_of_another_version_is_never_given_again() -> None:
    changed = editing.add_field(
        contenu(), "locaux", "lieu", {"label": "Surface", "type": "text"}, taken=PUBLISHED | {"locaux.surface"}
    )
    assert "locaux.surface_2" in editing.field_ids(changed)
    with pytest.raises(Invalide, match="a déjà servi") as refused:
        add(contenu(), "Surface", id="locaux.telephone")
    assert refused.value.champ == "id"


@pytest.mark.parametrize(
    ("ident", "message"),
    [
        ("Locaux.surface", "incorrect"),
        ("surface", "deux mots"),
        ("locaux.if", "réservé"),
        ("montants.surface", "réservé aux documents"),
        ("locaux.adresse.etage", "se confond"),
        ("locaux", "deux mots"),
    ],
)
def test_an_id_that_cannot_be_is_refused(ident: str, message: str) -> None:
    with pytest.raises(Invalide, match=message) as refused:
        add(contenu(), "Surface", id=ident)
    assert refused.value.champ == "id"


@pytest.mark.parametrize(
    ("valeurs", "champ"),
    [
        ({"label": "  "}, "label"),
        ({"label": "x" * 301}, "label"),
        ({"label": "Étage", "type": "ascenseur"}, "type"),
        ({"label": "Étage", "type": "choice"}, "options"),
        ({"label": "Étage", "type": "choice", "options": [OPTION, OPTION]}, "options"),
        ({"label": "Étage", "type": "integer", "min": "9", "max": "2"}, "min"),
        ({"label": "Étage", "type": "integer", "min": "beaucoup"}, "min"),
        ({"label": "Étage", "visible_if": "locaux.telephone =="}, "visible_if"),
        ({"label": "Étage", "required_if": "().__class__"}, "required_if"),
    ],
)
def test_what_is_wrong_is_said_about_the_right_thing(valeurs: dict[str, Any], champ: str) -> None:
    before = contenu()
    with pytest.raises(Invalide) as refused:
        editing.add_field(before, "locaux", "lieu", {"type": "text", **valeurs})
    assert refused.value.champ == champ
    assert before == contenu()


def test_conditions_that_cannot_hold_are_refused_with_their_place() -> None:
    with pytest.raises(DefinitionError, match="qui n’est pas un champ"):
        add(contenu(), "Étage", visible_if="locaux.ascenseur")
    changed, first = add(contenu(), "Étage", visible_if="locaux.telephone is defined")
    with pytest.raises(DefinitionError, match="condition circulaire"):
        editing.update_field(changed, "locaux.telephone", {"visible_if": f"{first} is defined"})
    with pytest.raises(DefinitionError, match="natures différentes"):
        add(contenu(), "Étage", visible_if="besoin.quotite > 'beaucoup'")


def test_a_published_type_does_not_change_and_a_new_one_may() -> None:
    with pytest.raises(Invalide, match="ne change pas"):
        editing.update_field(contenu(), "locaux.telephone", {"type": "text"}, published=PUBLISHED)
    changed, new = add(contenu(), "Étage")
    changed = editing.update_field(changed, new, {"type": "integer"}, published=PUBLISHED)
    assert editing.find_field(changed, new)[2]["type"] == "integer"


def test_retiring_keeps_the_field_and_asks_it_no_more() -> None:
    changed = editing.retire_field(contenu(), "locaux.telephone")
    offer = Offer.model_validate(changed)
    assert offer.formset.fields["locaux.telephone"].retired
    assert editing.restore_field(changed, "locaux.telephone") == contenu()
    with pytest.raises(Invalide, match="peut être retirée"):
        editing.delete_field(contenu(), "locaux.telephone", published=PUBLISHED)
    with pytest.raises(Invalide, match="a déjà servi"):
        add(changed, "Téléphone", id="locaux.telephone")


@pytest.mark.parametrize(
    ("field_id", "reason"),
    [
        ("besoin.quotite", "le calcul des montants"),
        ("besoin.date_effet", "les dates de la convention"),
        ("collectivite.type", "la condition de"),
        ("locaux.equipements", "le contrôle"),
    ],
)
def test_what_something_depends_on_is_not_retired(field_id: str, reason: str) -> None:
    with pytest.raises(Invalide, match=reason):
        editing.retire_field(contenu(), field_id)


def test_an_option_that_a_condition_cites_stays() -> None:
    _, _, field = editing.find_field(contenu(), "collectivite.type")
    if field["options_from"]:  # the kinds of collectivité are the offer's: make a list of our own
        changed, new = add(contenu(), "Étage", type="choice", options=[OPTION, {"id": "non", "label": "Non"}])
    changed = editing.update_field(changed, "locaux.telephone", {"visible_if": f"{new} == 'oui'"})
    with pytest.raises(Invalide, match="sert à la condition"):
        editing.update_field(changed, new, {"options": [{"id": "non", "label": "Non"}]})
    kept = editing.update_field(changed, new, {"options": [OPTION]})
    assert [option["id"] for option in editing.find_field(kept, new)[2]["options"]] == ["oui"]


def test_moving_keeps_the_id() -> None:
    changed = editing.move_field(contenu(), "locaux.telephone", "referent", "referent", 0)
    form, section, _ = editing.find_field(changed, "locaux.telephone")
    assert (form["id"], section["id"], section["fields"][0]["id"]) == ("referent", "referent", "locaux.telephone")
    assert editing.field_ids(changed) == PUBLISHED


def test_sections_and_steps() -> None:
    changed, section_id = structure.add_section(contenu(), "locaux", "Accès au bâtiment")
    assert section_id == "acces_batiment"
    changed = structure.update_section(changed, "locaux", section_id, {"title": "Accès", "help": "Aide"})
    changed = structure.move_section(changed, "locaux", section_id, 0)
    assert editing.find_form(changed, "locaux")["sections"][0]["id"] == section_id
    assert structure.delete_section(changed, "locaux", section_id) == contenu()
    with pytest.raises(Invalide, match="encore des questions"):
        structure.delete_section(contenu(), "locaux", "lieu")

    changed, form_id = structure.add_step(contenu(), "Besoins particuliers")
    steps = [step["form"] for step in changed["steps"]]
    assert steps[-2:] == [form_id, None]
    changed = structure.move_step(changed, form_id, 1)
    assert [form["id"] for form in changed["forms"]][1] == form_id == changed["steps"][1]["form"]
    changed = structure.move_step(changed, form_id, 99)
    assert changed["steps"][-1]["kind"] == "recapitulatif"
    assert structure.delete_step(changed, form_id, published=PUBLISHED) == contenu()
    with pytest.raises(Invalide, match="déjà publiées"):
        structure.delete_step(contenu(), "locaux", published=PUBLISHED)


def test_a_faulty_draft_can_be_mended_but_not_made_worse() -> None:
    broken = contenu()
    editing.find_field(broken, "locaux.telephone")[2]["visible_if"] = "locaux.absent"
    assert editing.find_faults(broken)
    changed, _ = add(broken, "Étage")
    assert editing.find_faults(changed) == editing.find_faults(broken)
    assert not editing.find_faults(editing.update_field(changed, "locaux.telephone", {"visible_if": ""}))


LABELS = st.sampled_from(
    ["Surface", "Étage", "Téléphone", "Accès", "Adresse", "If", "Quotité", "", "Surface du bureau"]
)
KINDS = st.sampled_from(sorted(FIELD_TYPES))
CONDITIONS = st.sampled_from([
    None, "", "locaux.telephone is defined", "locaux.surface", "besoin.quotite > 40", "besoin.quotite > 'x'", "nimporte",
    "locaux.etage == 'a'", "locaux.surface > 3 and", "locaux.surface_2 is defined",
])  # fmt: skip


class Editing(RuleBasedStateMachine):
    """Somebody at the editor, who publishes now and then: whatever they do, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.content = contenu()
        self.published: dict[str, str] = {f["id"]: f["type"] for _, _, f in editing.iter_fields(self.content)}

    def attempt(self, operation: Any, *args: Any, **kwargs: Any) -> None:
        before = copy.deepcopy(self.content)
        try:
            result = operation(self.content, *args, **kwargs)
        except Invalide as error:
            assert error.message.strip()
            result = before
        assert self.content == before, "an operation changed what it was given"
        self.content = result[0] if isinstance(result, tuple) else result

    def field(self, number: int) -> str:
        ids = [field["id"] for _, _, field in editing.iter_fields(self.content)]
        return ids[number % len(ids)]

    def section(self, number: int) -> tuple[str, str]:
        found = [(form["id"], section["id"]) for form in self.content["forms"] for section in form["sections"]]
        return found[number % len(found)]

    @rule(
        number=st.integers(0, 99), label=LABELS, kind=KINDS, condition=CONDITIONS, place=st.integers(-2, 30) | st.none()
    )
    def add(self, number: int, label: str, kind: str, condition: str | None, place: int | None) -> None:
        given = {"label": label, "type": kind, "visible_if": condition, "options": [OPTION], "items": [OPTION]}
        self.attempt(editing.add_field, *self.section(number), given, position=place, taken=self.published)

    @rule(number=st.integers(0, 99), label=LABELS, kind=KINDS | st.none(), condition=CONDITIONS, required=st.booleans())
    def update(self, number: int, label: str, kind: str | None, condition: str | None, required: bool) -> None:
        given: dict[str, Any] = {"label": label, "visible_if": condition, "required": required}
        if kind:
            given["type"] = kind
        self.attempt(editing.update_field, self.field(number), given, published=self.published)

    @rule(number=st.integers(0, 99))
    def retire(self, number: int) -> None:
        self.attempt(editing.retire_field, self.field(number))

    @rule(number=st.integers(0, 99))
    def restore(self, number: int) -> None:
        self.attempt(editing.restore_field, self.field(number))

    @rule(number=st.integers(0, 99))
    def delete(self, number: int) -> None:
        self.attempt(editing.delete_field, self.field(number), published=self.published)

    @rule(number=st.integers(0, 99), where=st.integers(0, 99), place=st.integers(-1, 9) | st.none())
    def move(self, number: int, where: int, place: int | None) -> None:
        self.attempt(editing.move_field, self.field(number), *self.section(where), place)

    @rule(number=st.integers(0, 99), label=LABELS, place=st.integers(0, 5))
    def sections(self, number: int, label: str, place: int) -> None:
        form_id, section_id = self.section(number)
        self.attempt(structure.add_section, form_id, label, position=place)
        self.attempt(structure.move_section, form_id, section_id, place)
        self.attempt(structure.update_section, form_id, section_id, {"title": label})

    @rule(number=st.integers(0, 99))
    def delete_section(self, number: int) -> None:
        self.attempt(structure.delete_section, *self.section(number))

    @rule(label=LABELS, place=st.integers(0, 9))
    def steps(self, label: str, place: int) -> None:
        self.attempt(structure.add_step, label)
        self.attempt(structure.move_step, self.content["forms"][0]["id"], place)

    @rule(number=st.integers(0, 9))
    def delete_step(self, number: int) -> None:
        form = self.content["forms"][number % len(self.content["forms"])]
        self.attempt(structure.delete_step, form["id"], published=self.published)

    @precondition(lambda self: not editing.find_faults(self.content))
    @rule()
    def publish(self) -> None:
        self.published |= {field["id"]: field["type"] for _, _, field in editing.iter_fields(self.content)}

    @invariant()
    def stays_correct_and_permanent(self) -> None:
        assert editing.find_faults(self.content) == ()
        held = {field["id"]: field["type"] for _, _, field in editing.iter_fields(self.content)}
        assert {key: held.get(key) for key in self.published} == self.published
        steps = [step["form"] for step in self.content["steps"] if step["form"]]
        assert steps == [form["id"] for form in self.content["forms"]][: len(steps)]  # then those of requests
        assert Offer.model_validate(self.content).model_dump(mode="json") == self.content


Editing.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestEditing = Editing.TestCase
