"""Sections and steps of an offer's forms: adding, naming, moving and taking them away, as `domain.forms.editing` does for fields.

The ids of sections and forms are permanent too: a new title keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.errors import Invalide
from domain.forms.editing import (
    Contenu,
    change,
    find_form,
    find_section,
    free_id,
    insert,
    slug,
)
from domain.forms.field_editing import check_expression, clean_label
from domain.offer.journey import Step
from domain.text import clean_text

STEP_KINDS: dict[str, str] = {
    "formulaire": "Formulaire",
    "contact": "Prise de contact",
    "seance_information": "Séance d’information",
    "etat_des_lieux": "État des lieux",
}
"""What a step that one fills in can be for."""

SIDES: dict[str, str] = {"collectivite": "La collectivité", "centre": "Le centre, la collectivité lit"}
"""Who answers the questions of a section."""


def add_section(
    contenu: Contenu, form_id: str, titre: str, *, help: str = "", position: int | None = None
) -> tuple[Contenu, str]:
    """A new section, empty, at the end of a form or at `position`, and the id it was given."""
    known = {str(section["id"]) for section in find_form(contenu, form_id)["sections"]}
    title = clean_label(titre, "title", "le titre de la partie")
    ident = free_id(slug(title), known)
    section: Contenu = {
        "id": ident,
        "title": title,
        "help": _help(help),
        "visible_if": None,
        "rempli_par": "collectivite",
        "fields": [],
    }
    return change(contenu, lambda new: insert(find_form(new, form_id)["sections"], section, position)), ident


def update_section(contenu: Contenu, form_id: str, section_id: str, valeurs: Mapping[str, Any]) -> Contenu:
    """A section's `title`, `help`, condition and side that answers, those that `valeurs` holds."""
    find_section(contenu, form_id, section_id)
    given: dict[str, Any] = {}
    if "title" in valeurs:
        given["title"] = clean_label(valeurs["title"], "title", "le titre de la partie")
    if "help" in valeurs:
        given["help"] = _help(valeurs["help"])
    if "visible_if" in valeurs:
        given["visible_if"] = check_expression(valeurs["visible_if"], "visible_if")
    if "rempli_par" in valeurs:
        if valeurs["rempli_par"] not in SIDES:
            raise Invalide("Choisissez qui remplit cette partie.", champ="rempli_par")
        given["rempli_par"] = valeurs["rempli_par"]
    return change(contenu, lambda new: find_section(new, form_id, section_id).update(given))


def move_section(contenu: Contenu, form_id: str, section_id: str, position: int) -> Contenu:
    """The section at another place of its form."""

    def move(new: Contenu) -> None:
        sections, section = find_form(new, form_id)["sections"], find_section(new, form_id, section_id)
        sections.remove(section)
        insert(sections, section, position)

    find_section(contenu, form_id, section_id)
    return change(contenu, move)


def delete_section(contenu: Contenu, form_id: str, section_id: str) -> Contenu:
    """Takes away a section without fields: retired ones keep theirs."""
    if find_section(contenu, form_id, section_id)["fields"]:
        raise Invalide("Cette partie a encore des questions, posées ou retirées : déplacez-les d’abord.")
    sections = "sections"
    return change(contenu, lambda new: find_form(new, form_id)[sections].remove(find_section(new, form_id, section_id)))


def add_step(
    contenu: Contenu, titre: str, *, kind: str = "formulaire", help: str = "", taken: Collection[str] = ()
) -> tuple[Contenu, str]:
    """A new step with its form, before the summary, and the form's id. `taken`: ids of forms of other versions."""
    if kind not in STEP_KINDS:
        raise Invalide("Choisissez ce que fait cette étape.", "kind")
    title = clean_label(titre, "title", "le titre de l’étape")
    ident = free_id(slug(title), {str(form["id"]) for form in contenu["forms"]} | set(taken))
    form = {"id": ident, "title": title, "short_title": "", "help": _help(help), "sections": [], "checks": []}

    def add(new: Contenu) -> None:
        new["forms"].append(form)
        step = Step.model_validate({"kind": kind, "form": ident}).model_dump(mode="json")
        insert(new["steps"], step, _summary(new))
        _sort_forms(new)

    return change(contenu, add), ident


def update_form(contenu: Contenu, form_id: str, valeurs: Mapping[str, Any]) -> Contenu:
    """A form's `title`, `short_title` (in the progress view) and `help`, those that `valeurs` holds."""
    find_form(contenu, form_id)
    given: dict[str, Any] = {}
    if "title" in valeurs:
        given["title"] = clean_label(valeurs["title"], "title", "le titre de l’étape")
    if "short_title" in valeurs:
        given["short_title"] = clean_text(str(valeurs["short_title"] or ""))[:60]
    if "help" in valeurs:
        given["help"] = _help(valeurs["help"])
    return change(contenu, lambda new: find_form(new, form_id).update(given))


def move_step(contenu: Contenu, form_id: str, position: int) -> Contenu:
    """The step of this form at another place; the summary stays last."""

    def move(new: Contenu) -> None:
        step = _step(new, form_id)
        new["steps"].remove(step)
        summary = _summary(new)
        insert(new["steps"], step, position if summary is None else min(position, summary))
        _sort_forms(new)

    _step(contenu, form_id)
    return change(contenu, move)


def set_step_condition(contenu: Contenu, form_id: str, source: object) -> Contenu:
    """When the step of this form is shown: always without `source`, a condition that is read as those of fields are."""
    _step(contenu, form_id)
    kept = check_expression(source, "visible_if")
    return change(contenu, lambda new: _step(new, form_id).update(visible_if=kept))


def delete_step(contenu: Contenu, form_id: str, *, published: Collection[str]) -> Contenu:
    """Takes away a step and its form. `published`: ids of the fields of published versions, which must stay somewhere."""
    form = find_form(contenu, form_id)
    if any(section["fields"] for section in form["sections"]):
        kept = any(field["id"] in published for section in form["sections"] for field in section["fields"])
        raise Invalide(
            "Cette étape a des questions déjà publiées : déplacez-les ou retirez-les dans une autre étape d’abord."
            if kept
            else "Cette étape a encore des questions : supprimez-les ou déplacez-les d’abord."
        )

    def remove(new: Contenu) -> None:
        new["forms"].remove(find_form(new, form_id))
        new["steps"].remove(_step(new, form_id))

    return change(contenu, remove)


def _step(contenu: Contenu, form_id: str) -> Contenu:
    found: Contenu | None = next((step for step in contenu["steps"] if step["form"] == form_id), None)
    if found is None:
        raise Invalide("Cette étape n’existe plus dans le brouillon : rechargez la page.")
    return found


def _summary(contenu: Contenu) -> int | None:
    """Where the summary is, None when the offer has none."""
    kinds = [step["kind"] for step in contenu["steps"]]
    return kinds.index("recapitulatif") if "recapitulatif" in kinds else None


def _sort_forms(contenu: Contenu) -> None:
    """Forms follow their steps, as when an offer is read from its files."""
    order = [step["form"] for step in contenu["steps"]]
    contenu["forms"].sort(key=lambda form: order.index(form["id"]) if form["id"] in order else len(order))


def _help(text: object) -> str:
    return clean_text(str(text or ""), multiline=True)[:2000]
