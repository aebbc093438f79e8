"""Fields of a form: the façade over the registry of types.

A type is one class in `domain/field_types`; adding one means writing the class and listing it here. Callers use the
functions below with a `Field` and never look at `field.type` to decide what a value means.
"""

from __future__ import annotations

from typing import Any

from domain.forms.types import choices, composed, dates, durations, numbers, text
from domain.forms.types.base import Field, FieldError, FieldType, Item, Json, Option, is_blank
from domain.forms.types.composed import ADDRESS_PARTS, WEEKDAYS

__all__ = [
    "ADDRESS_PARTS",
    "FIELD_TYPES",
    "WEEKDAYS",
    "Field",
    "FieldError",
    "FieldType",
    "Item",
    "Json",
    "Option",
    "blank_value",
    "display_value",
    "is_blank",
    "parse_value",
    "sample_value",
    "typed_value",
]

_SIMPLE: tuple[FieldType, ...] = (
    text.Text(),
    text.LongText(),
    numbers.Integer(),
    numbers.Decimals(),
    numbers.Money(),
    numbers.Percentage(),
    durations.Duration(),
    dates.Date(),
    choices.YesNo(),
    choices.Choice(),
    choices.Choices(),
    text.Email(),
    text.Telephone(),
    text.Siren(),
    text.Siret(),
    text.PostalCode(),
    text.InseeCode(),
)
_COMPOSED: tuple[FieldType, ...] = (
    choices.Checklist(),
    composed.Address(),
    composed.Collectivite(),
    composed.TimeSlots(),
    composed.Rows(),
    composed.File(),
)

FIELD_TYPES: dict[str, FieldType] = {one.code: one for one in (*_SIMPLE, *_COMPOSED)}
composed.COLUMN_TYPES.update({one.code: one for one in _SIMPLE})


def parse_value(field: Field, raw: object) -> Json:
    """JSON value of `raw` for `field`, None when blank; FieldError (French, with `champ`) when it is refused.

    Accepts its own result: `parse_value(f, parse_value(f, x)) == parse_value(f, x)`.
    """
    return FIELD_TYPES[field.type].parse(field, raw)


def display_value(field: Field, value: Json) -> str:
    """`value` (JSON) as a person reads it, several lines for what has parts; the empty string for None."""
    return FIELD_TYPES[field.type].display(field, value)


def typed_value(field: Field, value: Json) -> Any:
    """`value` (JSON, or None) as conditions and templates see it: Decimal, date, dict of parts."""
    return FIELD_TYPES[field.type].typed(field, value) if value is not None else blank_value(field)


def blank_value(field: Field) -> Any:
    """What templates see when `field` is unanswered: None, a dict of None, or an empty list."""
    return FIELD_TYPES[field.type].blank(field)


def sample_value(field: Field) -> Json:
    """A valid, invented JSON value of `field`."""
    return FIELD_TYPES[field.type].sample(field)
