"""The steps of a request about a convention, changed in a draft as `domain.forms.structure_editing` changes those of an adhesion.

A step has no id, since a form may serve twice in one request: it is known by its place, from 0, in the draft that was shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from domain.errors import Invalide
from domain.forms.editing import Contenu, change, find_form, free_id, insert, iter_fields, readable_fields, slug
from domain.forms.field_editing import check_expression, clean_label
from domain.forms.fields import Field
from domain.offer.journey import Step
from domain.offer.reading import find_row, own_forms
from domain.text import clean_text

SUMMARY = "recapitulatif"


def list_steps(contenu: Contenu, nature: str) -> list[Contenu]:
    """The steps of a request, in their order."""
    steps: list[Contenu] = find_row(contenu, "demandes", nature)["steps"]
    return list(steps)


def find_step(contenu: Contenu, nature: str, place: int) -> Contenu:
    """The step at this place; Invalide when there is none."""
    steps = list_steps(contenu, nature)
    if not 0 <= place < len(steps):
        raise Invalide("Cette étape n’existe plus dans le brouillon : rechargez la page.")
    return steps[place]


def step_title(contenu: Contenu, step: Mapping[str, Any]) -> str:
    """What a step is called: its own title, else that of its form."""
    if step.get("title"):
        return str(step["title"])
    if step["kind"] == SUMMARY:
        return "Récapitulatif"
    return next((str(form["title"]) for form in contenu["forms"] if form["id"] == step["form"]), str(step["form"]))


def form_questions(contenu: Contenu, form_id: str) -> dict[str, str]:
    """The questions that a form asks, label by id, without those retired."""
    return {
        str(field["id"]): str(field["label"])
        for form, _, field in iter_fields(contenu)
        if form["id"] == form_id and not field.get("retired")
    }


def asked_fields(contenu: Contenu, nature: str) -> dict[str, Field]:
    """The fields that a request asks, by id: those that the conditions of its steps may read."""
    known = readable_fields(contenu, nature)
    return {one: known[one] for step in list_steps(contenu, nature) for one in _kept(contenu, step) if one in known}


def add_step(
    contenu: Contenu, nature: str, valeurs: Mapping[str, Any], *, taken: Collection[str] = ()
) -> tuple[Contenu, int]:
    """A new step before the summary, and its place. `valeurs`: as for `update_step`, and `form`, one of the offer's or none for
    a new one, called after the title. `taken`: ids of forms of other versions."""
    given = _clean(contenu, str(valeurs.get("form") or ""), valeurs)
    form_id, new_form = str(valeurs.get("form") or ""), None
    if not form_id:
        title = clean_label(valeurs.get("title"), "title", "le titre de l’étape")
        form_id = free_id(slug(title), {str(form["id"]) for form in contenu["forms"]} | set(taken))
        new_form = {"id": form_id, "title": title, "short_title": "", "help": "", "sections": [], "checks": []}
        given["title"] = ""
    step = Step.model_validate({"form": form_id, **given}).model_dump(mode="json")
    steps = list_steps(contenu, nature)
    place = next((rank for rank, one in enumerate(steps) if one["kind"] == SUMMARY), len(steps))

    def add(new: Contenu) -> None:
        if new_form is not None:
            new["forms"].append(new_form)
        insert(_steps(new, nature), step, place)

    return change(contenu, add), place


def update_step(contenu: Contenu, nature: str, place: int, valeurs: Mapping[str, Any]) -> Contenu:
    """A step's `title` and `help` (empty: those of its form), `champs` (the questions asked, none for all), `prerempli` and
    `visible_if`, those that `valeurs` holds. The summary only has a title."""
    step = find_step(contenu, nature, place)
    given = _clean(contenu, str(step["form"] or ""), valeurs)
    if step["kind"] == SUMMARY:
        given = {"title": given.get("title") or step_title(contenu, {**step, "title": ""})}
    changed = change(contenu, lambda new: _steps(new, nature)[place].update(given))
    return _check_effect(contenu, changed, nature, "champs")


def move_step(contenu: Contenu, nature: str, place: int, position: int) -> Contenu:
    """The step at another place; the summary stays last."""
    if find_step(contenu, nature, place)["kind"] == SUMMARY:
        raise Invalide("Le récapitulatif reste la dernière étape.", "place")
    last = len(list_steps(contenu, nature)) - 2

    def move(new: Contenu) -> None:
        steps = _steps(new, nature)
        insert(steps, steps.pop(place), min(position, last))

    return change(contenu, move)


def delete_step(contenu: Contenu, nature: str, place: int, *, published: Collection[str] = ()) -> Contenu:
    """Takes a step away, and its form when nothing else shows it; Invalide with the reason when it must stay. `published`: ids
    of fields that published versions asked, which must stay in a form."""
    reason = why_kept(contenu, nature, place, published)
    if reason:
        raise Invalide(f"Cette étape ne se retire pas : {reason}.")
    step = find_step(contenu, nature, place)
    alone = _alone(contenu, nature, place)

    def remove(new: Contenu) -> None:
        _steps(new, nature).pop(place)
        if alone:
            new["forms"].remove(find_form(new, str(step["form"])))

    return change(contenu, remove)


def why_kept(contenu: Contenu, nature: str, place: int, published: Collection[str] = ()) -> str:
    """Why a step cannot be taken away, in French; empty when it can."""
    step, demande = find_step(contenu, nature, place), find_row(contenu, "demandes", nature)
    if step["kind"] == SUMMARY:
        return "c’est le récapitulatif, d’où la demande est envoyée"
    others = [one for rank, one in enumerate(demande["steps"]) if rank != place]
    if not any(one["form"] for one in others):
        return "une demande a au moins une étape à remplir"
    effect = demande.get("champ_effet")
    if effect and effect in _kept(contenu, step) and not any(effect in _kept(contenu, one) for one in others):
        return "elle demande la date d’effet, choisissez d’abord une autre question pour cette date"
    own = {str(field["id"]) for form, _, field in iter_fields(contenu) if form["id"] == step["form"]}
    if _alone(contenu, nature, place) and own & set(published):
        return "ses questions ont été publiées et leurs réponses sont conservées, mettez-lui plutôt une condition"
    return ""


def check_effect(contenu: Contenu, nature: str, champ: str) -> None:
    """Invalide about `champ` when the request has a date of effect that none of its steps asks."""
    effect = find_row(contenu, "demandes", nature).get("champ_effet")
    if effect and not any(effect in _kept(contenu, step) for step in list_steps(contenu, nature)):
        label = next((str(one["label"]) for _, _, one in iter_fields(contenu) if one["id"] == effect), effect)
        raise Invalide(f"« {label} » donne la date d’effet : une étape de la demande doit la poser.", champ)


def _check_effect(before: Contenu, after: Contenu, nature: str, champ: str) -> Contenu:
    """`after`, unless the date of effect was asked before and is not any more."""
    try:
        check_effect(before, nature, champ)
    except Invalide:
        return after
    check_effect(after, nature, champ)
    return after


def _kept(contenu: Contenu, step: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the questions that a step asks."""
    return (one for one in form_questions(contenu, str(step["form"])) if not step["champs"] or one in step["champs"])


def _alone(contenu: Contenu, nature: str, place: int) -> bool:
    """Whether nothing but this step shows its form."""
    demande, step = find_row(contenu, "demandes", nature), find_step(contenu, nature, place)
    uses = sum(one["form"] == step["form"] for one in demande["steps"])
    return step["form"] in own_forms(contenu, demande) and uses == 1


def _steps(contenu: Contenu, nature: str) -> list[Contenu]:
    """The list itself, to change it."""
    steps: list[Contenu] = find_row(contenu, "demandes", nature)["steps"]
    return steps


def _clean(contenu: Contenu, form_id: str, valeurs: Mapping[str, Any]) -> Contenu:
    given: Contenu = {}
    if "title" in valeurs:
        given["title"] = clean_text(str(valeurs["title"] or ""))[:200]
    if "help" in valeurs:
        given["help"] = clean_text(str(valeurs["help"] or ""), multiline=True)[:2000]
    if "prerempli" in valeurs:
        given["prerempli"] = bool(valeurs["prerempli"])
    if "visible_if" in valeurs:
        given["visible_if"] = check_expression(valeurs["visible_if"], "visible_if")
    if form_id and form_id not in {str(form["id"]) for form in contenu["forms"]}:
        raise Invalide("Choisissez un formulaire.", "form")
    if "champs" in valeurs and form_id:
        known = form_questions(contenu, form_id)
        asked = set(valeurs["champs"] or ())
        if asked - set(known):
            raise Invalide("Choisissez parmi les questions du formulaire.", "champs")
        given["champs"] = [] if asked == set(known) else [one for one in known if one in asked]
    return given
