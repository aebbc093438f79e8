"""Evaluation of a dossier's answers: what is visible, required, answered, wrong, and what is missing, in form order.

One pass over the fields, in an order where visibility depends only on what was seen before. A hidden field counts as
unanswered for every condition, and its stored answer is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dc_field
from datetime import date
from typing import Any, Literal

from domain.forms.answers import put_path
from domain.forms.conditions import Condition, ConditionError
from domain.forms.fields import FIELD_TYPES, Field, FieldError, Json, parse_value, typed_value
from domain.forms.formset import STAGES, Form, FormSet

Reason = Literal["manquant", "invalide", "incoherent"]


@dataclass(frozen=True, slots=True)
class FieldState:
    """One field at one moment. `value` is its JSON value, None when blank, hidden or refused; `error` says why refused.

    `error_part` is the place inside the field (`code_postal`, `2.debut`), when there is one.
    """

    field: Field
    form_id: str
    section_id: str
    visible: bool
    required: bool
    recommended: bool
    value: Json
    error: str | None = None
    error_part: str | None = None


@dataclass(frozen=True, slots=True)
class Manque:
    """Something that keeps the dossier from going on: `message` is French and complete, `required_for` what it blocks."""

    field_id: str
    label: str
    form_id: str
    section_id: str
    reason: Reason
    message: str
    required_for: str = "deposer"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one form is: required fields visible now, those answered and correct, and the mistakes in it."""

    form_id: str
    title: str
    required: int
    answered: int
    faults: int
    started: bool

    @property
    def complete(self) -> bool:
        """True when nothing required is missing and nothing is wrong."""
        return self.answered == self.required and not self.faults

    @property
    def state(self) -> Literal["vide", "en_cours", "complet"]:
        """`vide` before the first answer, then `en_cours`, then `complet`."""
        return "complet" if self.complete and self.started else "en_cours" if self.started else "vide"


@dataclass(slots=True)
class Evaluation:
    """The whole dossier at one moment.

    `missing` (blocking) and `recommended` (not blocking) are in form order. `problems` and `alerts` hold the messages to
    show next to each field. `anomalies` are conditions that failed although they passed at loading: for the log.
    """

    fields: dict[str, FieldState] = dc_field(default_factory=dict)
    sections: dict[tuple[str, str], bool] = dc_field(default_factory=dict)
    progress: dict[str, Progress] = dc_field(default_factory=dict)
    missing: list[Manque] = dc_field(default_factory=list)
    recommended: list[Manque] = dc_field(default_factory=list)
    problems: dict[str, list[str]] = dc_field(default_factory=dict)
    alerts: dict[str, list[str]] = dc_field(default_factory=dict)
    anomalies: list[str] = dc_field(default_factory=list)
    tree: dict[str, Any] = dc_field(default_factory=dict)

    def blocking(self, action: str = "deposer") -> list[Manque]:
        """What blocks a workflow action: everything required for it or for an earlier one, and every mistake."""
        reached = STAGES[: STAGES.index(action) + 1]
        return [one for one in self.missing if one.required_for in reached]

    def complete_for(self, action: str = "deposer") -> bool:
        """True when nothing blocks `action`."""
        return not self.blocking(action)

    def missing_in(self, form_id: str) -> list[Manque]:
        """What is missing in one form."""
        return [one for one in self.missing if one.form_id == form_id]


def evaluate(forms: FormSet | Sequence[Form], answers: Mapping[str, Json], today: date) -> Evaluation:
    """State of every field of `forms` for `answers` (JSON or raw values by field id; unknown ids are ignored).

    `today` is what `aujourdhui` means in conditions. Pass a `FormSet` to anything but a single call: building one
    checks and compiles every condition.
    """
    formset = forms if isinstance(forms, FormSet) else FormSet(forms)
    result = Evaluation(tree=formset.base_tree(today))
    states: dict[str, FieldState] = {}
    for field_id in formset.order:
        states[field_id] = _field_state(formset, field_id, answers, result)
    for key, condition in formset.section_visible_if.items():
        result.sections[key] = _holds(condition, result, otherwise=True)
    for field_id in formset.fields:  # back to form order, requirements now that every answer is known
        result.fields[field_id] = _with_requirement(formset, states[field_id], result)
    for form in formset.forms:
        _collect_form(form, result)
    _run_checks(formset, result)
    _order_missing(formset, result)
    _count_progress(formset, result)
    return result


def _holds(condition: Condition | None, result: Evaluation, *, otherwise: bool) -> bool:
    """Truth of `condition`; `otherwise` when there is none, or when it fails (kept for the log: never block a clerk)."""
    if condition is None:
        return otherwise
    try:
        return condition(result.tree)
    except ConditionError as error:
        if error.message not in result.anomalies:
            result.anomalies.append(error.message)
        return otherwise


def _field_state(formset: FormSet, field_id: str, answers: Mapping[str, Json], result: Evaluation) -> FieldState:
    field = formset.fields[field_id]
    form_id, section_id = formset.place_of[field_id]
    visible = not field.retired and all(_holds(c, result, otherwise=True) for c in formset.visible_if[field_id])
    value, error, part = None, None, None
    if visible and answers.get(field_id) is not None:
        try:
            value = parse_value(field, answers[field_id])
        except FieldError as refused:
            error, part = refused.message, refused.partie
        if value is not None:
            put_path(result.tree, field_id, typed_value(field, value))
    return FieldState(field, form_id, section_id, visible, False, False, value, error, part)


def _with_requirement(formset: FormSet, state: FieldState, result: Evaluation) -> FieldState:
    """`state` with `required` and `recommended` decided."""
    if not state.visible:
        return state
    field = state.field
    required = field.required or _holds(formset.required_if[field.id], result, otherwise=False)
    if not required and not field.recommended:
        return state
    return FieldState(
        field, state.form_id, state.section_id, True, required, field.recommended and not required,
        state.value, state.error, state.error_part,
    )  # fmt: skip


def _manque(state: FieldState, reason: Reason, message: str, required_for: str) -> Manque:
    field = state.field
    return Manque(field.id, field.label, state.form_id, state.section_id, reason, message, required_for)


def _collect_form(form: Form, result: Evaluation) -> None:
    for _, field in form.iter_fields():
        state = result.fields[field.id]
        if state.error:
            result.problems.setdefault(field.id, []).append(state.error)
            result.missing.append(_manque(state, "invalide", state.error, "deposer"))
        elif state.value is None and (state.required or state.recommended):
            target = result.missing if state.required else result.recommended
            message = f"{FIELD_TYPES[field.type].ask} « {field.label} »."
            target.append(_manque(state, "manquant", message, field.required_for))


def _run_checks(formset: FormSet, result: Evaluation) -> None:
    for _, check, condition in formset.checks:
        states = [result.fields[field_id] for field_id in check.fields]
        if any(state.value is None for state in states):
            continue
        holds = _holds(condition, result, otherwise=check.unless is not None)
        if holds == (check.unless is not None):
            continue
        target = result.problems if check.severity == "erreur" else result.alerts
        for state in states:
            target.setdefault(state.field.id, []).append(check.message)
        if check.severity == "erreur":
            result.missing.append(_manque(states[0], "incoherent", check.message, "deposer"))


def _order_missing(formset: FormSet, result: Evaluation) -> None:
    rank = {field_id: index for index, field_id in enumerate(formset.fields)}
    result.missing.sort(key=lambda one: rank[one.field_id])


def _count_progress(formset: FormSet, result: Evaluation) -> None:
    for form in formset.forms:
        states = [result.fields[field.id] for _, field in form.iter_fields()]
        required = [state for state in states if state.required]
        result.progress[form.id] = Progress(
            form_id=form.id,
            title=form.short_title or form.title,
            required=len(required),
            answered=sum(1 for state in required if state.value is not None),
            faults=sum(1 for one in result.missing if one.form_id == form.id and one.reason != "manquant"),
            started=any(state.value is not None or state.error for state in states),
        )


def kept_answers(evaluation: Evaluation) -> dict[str, Json]:
    """Answers of visible fields, parsed and correct: what validation, documents and the deposited snapshot hold."""
    return {field_id: state.value for field_id, state in evaluation.fields.items() if state.value is not None}
