"""A day typed as one writes it: the date widget would turn 31/02 into the 28th without a word."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from domain.forms.fields import Field, FieldError, parse_value

_DAY = Field(id="jour", type="date", label="Date")
FORMAT = "JJ/MM/AAAA"


def day_input(label: str, *, key: str, **options: Any) -> str:
    """A text field for a day; gives what was typed (see `read_day`)."""
    return str(st.text_input(f"{label} ({FORMAT})", key=key, max_chars=30, autocomplete="off", **options) or "").strip()


def read_day(typed: str) -> date | None:
    """The day typed, None when nothing was; FieldError with a French message when it is not one."""
    value = parse_value(_DAY, typed)
    return date.fromisoformat(value) if value else None


def read_day_or_error(typed: str) -> tuple[date | None, str | None]:
    """The day, and the message to show under the field when there is none to be had."""
    try:
        return read_day(typed), None
    except FieldError as error:
        return None, error.message
