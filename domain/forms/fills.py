"""What choosing one answer writes into others: the record of a collectivité, the words of a kind of collectivité.

Only what a person did not type is replaced: a target that is blank, or that still holds what the previous choice wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.forms.fields import Field, Json, is_blank
from domain.forms.formset import FormSet
from domain.referentiel import Referentiel


def compute_fills(
    formset: FormSet, field_id: str, value: Json, referentiel: Referentiel | None = None
) -> dict[str, Json]:
    """Raw values that the answer `value` of a field would write, by target id; empty when it writes none."""
    field = formset.fields[field_id]
    if not field.fills or is_blank(value):
        return {}
    source = _values_of(field, value, referentiel)
    found = {target: source.get(attribute) for target, attribute in field.fills.items()}
    return {target: one for target, one in found.items() if not is_blank(one)}


def _values_of(field: Field, value: Json, referentiel: Referentiel | None) -> Mapping[str, Any]:
    for option in field.options:
        if option.id == value:
            return option.values
    record = referentiel.get(str(value)) if referentiel is not None else None
    return record.values() if record is not None else {}


def apply_fills(
    formset: FormSet,
    answers: Mapping[str, Json],
    field_id: str,
    value: Json,
    referentiel: Referentiel | None = None,
) -> dict[str, Json]:
    """Changes to save when `field_id` becomes `value`: the field itself, what it fills, and what those fill in turn.

    `answers` are those before the change. Targets that a person typed something else into are left alone.
    """
    changes: dict[str, Json] = {field_id: value}
    todo = [field_id]
    while todo:
        source = todo.pop(0)
        before = compute_fills(formset, source, answers.get(source), referentiel)
        for target, filled in compute_fills(formset, source, changes[source], referentiel).items():
            current = answers.get(target)
            if target in changes or filled == current:
                continue
            if is_blank(current) or current == before.get(target):
                changes[target] = filled
                todo.append(target)
    return changes
