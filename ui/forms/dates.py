"""Dates: typed as one writes them, or picked in the calendar.

The date widget alone would not do: typing 31/02 into it gives the 28th without a word. The text field keeps what is typed, and
the calendar beside it shows only its button (style `portail-calendrier`).
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from domain.forms.fields import Json, display_value
from ui.forms import state
from ui.forms.model import FieldView, Saver
from ui.forms.text import starting_text
from ui.forms.words import label_of

YEARS_AROUND = 10


def render_date(view: FieldView) -> None:
    """A day."""
    field, key, picker = view.field, view.key, view.part("calendrier")
    day = _day(view.stored)
    if not state.is_current(view, key):
        state.fill(view, {key: _typed(view), picker: day})
    low, high = _range(view, day)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.text_input(
            label_of(view),
            key=key,
            on_change=state.on_change,
            args=(view.saver, field.id, key),
            placeholder="JJ/MM/AAAA",
            autocomplete="off",
            disabled=view.disabled,
            width=260,
        )
        if not view.disabled:
            st.date_input(
                f"Calendrier : {field.label}",
                value=None,
                min_value=low,
                max_value=high,
                format="DD/MM/YYYY",
                key=picker,
                on_change=_on_pick,
                args=(view.saver, field.id, picker),
                width=44,
            )


def _typed(view: FieldView) -> str:
    return starting_text(view) if view.refused else display_value(view.field, view.stored)


def _day(value: Json) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _range(view: FieldView, day: date | None) -> tuple[date, date]:
    """Days that the calendar offers: around today and around the answer, within what the field allows."""
    today = view.model.evaluation.tree["aujourdhui"]
    low = date(min(today, day or today).year - YEARS_AROUND, 1, 1)
    high = date(max(today, day or today).year + YEARS_AROUND, 12, 31)
    if isinstance(view.field.min, date) and (day is None or view.field.min <= day):
        low = max(low, view.field.min)
    if isinstance(view.field.max, date) and (day is None or view.field.max >= day):
        high = min(high, view.field.max)
    return low, max(low, high)


def _on_pick(saver: Saver, champ: str, picker: str) -> None:
    picked: date | None = st.session_state.to_dict().get(picker)
    if picked is not None:
        state.commit(saver, champ, lambda _shown: picked.isoformat())
        saver.settle()
