"""Fields typed as text: words, numbers, identifiers. Numbers too: a French comma is typed, never spun."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from domain.formatting import nombre
from domain.forms.fields import Field, Json, display_value
from ui.forms import state
from ui.forms.model import FieldView
from ui.forms.words import label_of

NUMBERS = frozenset({"integer", "decimal", "money", "percentage"})
FREE_TEXT = frozenset({"text", "long_text"})
SUFFIXES = {"money": "en euros", "percentage": "en %", "duration": "en heures et minutes"}
WIDTHS = {
    "integer": 220, "decimal": 220, "money": 220, "percentage": 220, "postal_code": 140, "siren": 220, "siret": 260,
    "telephone": 260, "insee_code": 140, "duration": 220,
}  # fmt: skip
AUTOCOMPLETE = {"email": "email", "telephone": "tel", "postal_code": "postal-code"}


def to_text(field: Field, value: Json) -> str:
    """An answer as it is typed: numbers without their unit, identifiers in groups, plain spaces."""
    if value is None:
        return ""
    if field.type in FREE_TEXT:
        return str(value)
    text = nombre(Decimal(str(value))) if field.type in NUMBERS else display_value(field, value)
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def starting_text(view: FieldView) -> str:
    """What the text field starts with: the answer, or what was refused, as typed."""
    return state.as_typed(view.shown) if view.refused else to_text(view.field, view.stored)


def render_text(view: FieldView) -> None:
    """One line of text."""
    field, key = view.field, view.key
    if not state.is_current(view, key):
        state.fill(view, {key: starting_text(view)})
    st.text_input(
        label_of(view, SUFFIXES.get(field.type) or field.unit),
        key=key,
        on_change=state.on_change,
        args=(view.saver, field.id, key),
        placeholder=field.example or None,
        autocomplete=AUTOCOMPLETE.get(field.type, "off"),
        disabled=view.disabled,
        width=WIDTHS.get(field.type, "stretch"),
    )


def render_long_text(view: FieldView) -> None:
    """Several lines of text."""
    key = view.key
    if not state.is_current(view, key):
        state.fill(view, {key: starting_text(view)})
    st.text_area(
        label_of(view),
        key=key,
        height=120,
        on_change=state.on_change,
        args=(view.saver, view.field.id, key),
        placeholder=view.field.example or None,
        disabled=view.disabled,
    )
