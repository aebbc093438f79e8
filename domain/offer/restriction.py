"""The forms of an adhesion as a request about a convention shows them: fewer fields, and rules about these only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from domain.forms.conditions import ConditionError, compile_condition
from domain.forms.formset import Check, Form
from domain.forms.types.base import Field
from domain.offer.journey import Step


def restrict_forms(forms: Sequence[Form], steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Form, ...]]:
    """These steps and their forms, in order: only the fields that each step keeps (`champs`), headed by its title and help
    when it has some; a form that serves twice is two forms. Checks and « fills » about fields that no step keeps are left
    out: they have nothing to say here. So are conditions that read one of them: the question is then simply asked."""
    by_id = {form.id: form for form in forms}
    own: list[Step] = []
    kept: list[Form] = []
    for step in steps:
        if step.form not in by_id:
            own.append(step)
            continue
        form = _keep(by_id[step.form], step)
        before = sum(one.form == step.form for one in steps[: len(own)])
        if before:
            form = form.model_copy(update={"id": f"{form.id}_{before + 1}"})
        own.append(step.model_copy(update={"form": form.id}))
        kept.append(form)
    known = {field.id for form in kept for _, field in form.iter_fields()}
    gone = {field.id for form in forms for _, field in form.iter_fields()} - known
    return tuple(own), tuple(_prune(form, known, gone) for form in kept)


def _keep(form: Form, step: Step) -> Form:
    changed: dict[str, object] = {}
    if step.champs:
        sections = (
            section.model_copy(update={"fields": tuple(one for one in section.fields if one.id in step.champs)})
            for section in form.sections
        )
        changed["sections"] = tuple(section for section in sections if section.fields)
    if step.title:
        changed |= {"title": step.title, "short_title": step.title, "help": step.help}
    elif step.help:
        changed["help"] = step.help
    return form.model_copy(update=changed)


def _prune(form: Form, known: Collection[str], gone: Collection[str]) -> Form:
    sections = tuple(
        section.model_copy(
            update={
                "fields": tuple(_prune_field(field, known, gone) for field in section.fields),
                "visible_if": _unless_gone(section.visible_if, gone),
            }
        )
        for section in form.sections
    )
    checks = tuple(check for check in form.checks if _applies(check, known))
    return form.model_copy(update={"sections": sections, "checks": checks})


def _prune_field(field: Field, known: Collection[str], gone: Collection[str]) -> Field:
    if not (field.fills or field.visible_if or field.required_if):
        return field
    changed = {
        "fills": {to: source for to, source in field.fills.items() if to in known},
        "visible_if": _unless_gone(field.visible_if, gone),
        "required_if": _unless_gone(field.required_if, gone),
    }
    return field.model_copy(update=changed)


def _unless_gone(source: str | None, gone: Collection[str]) -> str | None:
    """The condition, None when it reads a field that the offer asks elsewhere. One that is wrong stays, as for checks."""
    try:
        paths = compile_condition(source).paths if source else ()
    except ConditionError:
        return source
    return None if any(_touches(path, one) for path in paths for one in gone) else source


def _applies(check: Check, known: Collection[str]) -> bool:
    """Whether every field that the check cites or reads is there. A condition that is wrong stays: the set of forms says so."""
    if any(champ not in known for champ in check.fields):
        return False
    try:
        paths = compile_condition(str(check.if_ or check.unless)).paths
    except ConditionError:
        return True
    outside = {path for path in paths if path != "aujourdhui" and not path.startswith("offre.options.")}
    return all(any(_touches(path, champ) for champ in known) for path in outside)


def _touches(path: str, champ: str) -> bool:
    return path == champ or path.startswith(f"{champ}.") or champ.startswith(f"{path}.")
