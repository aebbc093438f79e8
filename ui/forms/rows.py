"""Repeated rows, and hours by weekday, which are rows of three columns.

Rows keep the order in which they were typed while they are on the page: the answer is sorted, the screen does not move. The
session remembers the row numbers; their cells are ordinary widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

import streamlit as st

from domain.formatting import heure
from domain.forms.fields import WEEKDAYS, Field, FieldError, Json, parse_value
from domain.forms.types.dates import read_time
from ui.forms import state
from ui.forms.choices import YES_NO
from ui.forms.model import FieldView, Saver
from ui.forms.text import to_text
from ui.forms.words import label_of

MAX_ROWS = 50
_DAYS = {day: day.capitalize() for day in WEEKDAYS}


@dataclass(frozen=True)
class Column:
    """One column on the screen: a list when it has `options`, else a text field."""

    name: str
    label: str
    width: int
    options: Mapping[Json, str] | None = None
    placeholder: str | None = None
    field: Field | None = None

    def start(self, value: Json) -> Json:
        """What the cell's widget starts with."""
        if self.options is not None:
            return value if value in self.options else None
        if self.field is None or value is None:
            return state.as_typed(value)
        try:
            return to_text(self.field, parse_value(self.field, value))
        except FieldError:
            return state.as_typed(value)


class _TimeColumn(Column):
    """A time of day: « 9 h 00 »."""

    def start(self, value: Json) -> Json:
        try:
            return heure(time.fromisoformat(read_time(value))).replace("\u00a0", " ") if value else ""
        except FieldError:
            return state.as_typed(value)


SLOT_COLUMNS: tuple[Column, ...] = (
    Column("jour", "jour", 150, options=_DAYS),
    _TimeColumn("debut", "début", 110, placeholder="9 h 00"),
    _TimeColumn("fin", "fin", 110, placeholder="12 h 30"),
)


def render_time_slots(view: FieldView) -> None:
    """Weekday, start and end, as many rows as wanted."""
    _render(view, SLOT_COLUMNS, "Plage", "Ajouter une plage")


def render_rows(view: FieldView) -> None:
    """Rows of the columns that the form defines."""
    columns = tuple(_column(one) for one in view.field.columns)
    _render(view, columns, "Ligne", "Ajouter une ligne")


def _column(field: Field) -> Column:
    label = field.label if field.required else f"{field.label} (facultatif)"
    if field.type == "yes_no":
        return Column(field.id, label, 150, options=YES_NO, field=field)
    if field.type == "choice":
        return Column(field.id, label, 220, options={one.id: one.label for one in field.options}, field=field)
    width = 160 if field.type in ("integer", "decimal", "money", "percentage", "date", "postal_code") else 240
    example = field.example or ("JJ/MM/AAAA" if field.type == "date" else None)
    return Column(field.id, label, width, placeholder=example, field=field)


def _render(view: FieldView, columns: tuple[Column, ...], word: str, add: str) -> None:
    numbers = _numbers(view, columns)
    st.markdown(f"**{label_of(view)}**")
    for place, number in enumerate(numbers, start=1):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=view.part(f"ligne{number}")):
            for column in columns:
                _render_cell(view, column, number, f"{word} {place} : {column.label}", columns)
            if not view.disabled:
                st.button(
                    "Retirer",
                    key=view.part(f"{number}-retirer"),
                    icon=":material/delete:",
                    type="tertiary",
                    help=f"{word} {place} : retirer",
                    on_click=_on_remove,
                    args=(view.saver, view.field.id, columns, number),
                )
    if not view.disabled and len(numbers) < MAX_ROWS:
        key = view.part("+ajouter")
        st.button(add, key=key, icon=":material/add:", on_click=_on_add, args=(view.saver, view.field.id))


def _render_cell(view: FieldView, column: Column, number: int, label: str, columns: tuple[Column, ...]) -> None:
    key = view.part(f"{number}.{column.name}")
    args = (view.saver, view.field.id, columns)
    if column.options is None:
        st.text_input(
            label, key=key, on_change=_on_cell, args=args, width=column.width, disabled=view.disabled,
            placeholder=column.placeholder, autocomplete="off",
        )  # fmt: skip
        return
    st.selectbox(
        label, list(column.options), index=None, format_func=column.options.__getitem__, key=key, on_change=_on_cell,
        args=args, width=column.width, disabled=view.disabled, placeholder="Choisir", filter_mode=None,
    )  # fmt: skip


def _list_key(saver: Saver, champ: str) -> str:
    return f"{saver.prefix}{champ}:lignes"


def _numbers(view: FieldView, columns: tuple[Column, ...]) -> list[int]:
    """Numbers of the rows on the page; filled from the answer when the page is new or the answer has changed."""
    key = _list_key(view.saver, view.field.id)
    known: list[int] | None = st.session_state.get(key)
    if known and state.is_current(view, view.part(f"{known[0]}.{columns[0].name}")):
        return known
    rows = [row for row in view.shown if isinstance(row, Mapping)] if isinstance(view.shown, list) else []
    numbers = list(range(1, max(len(rows), 1) + 1))
    values = {
        view.part(f"{number}.{column.name}"): column.start(row.get(column.name))
        for number, row in zip(numbers, rows or [{}], strict=True)
        for column in columns
    }
    state.fill(view, values)
    st.session_state[key] = numbers
    return numbers


def _typed_rows(shown: Mapping[str, Any], saver: Saver, champ: str, names: tuple[str, ...]) -> list[dict[str, Json]]:
    prefix = f"{saver.prefix}{champ}:"
    numbers = shown.get(_list_key(saver, champ), [])
    return [{name: shown.get(f"{prefix}{number}.{name}") for name in names} for number in numbers]


def _on_cell(saver: Saver, champ: str, columns: tuple[Column, ...]) -> None:
    names = tuple(column.name for column in columns)
    result = state.commit(saver, champ, lambda shown: _typed_rows(shown, saver, champ, names))
    if result is not None and result.etat in ("enregistre", "inchange"):
        # The rows stay as they are on the page: the answer is sorted, the screen is not.
        state.seen(saver)[champ] = result.version
        _rewrite(saver, champ, columns)
    saver.settle()


def _rewrite(saver: Saver, champ: str, columns: tuple[Column, ...]) -> None:
    """Show each cell as it was understood (« 9h » becomes « 9 h 00 »), the rows staying where they are."""
    for number in st.session_state.get(_list_key(saver, champ), []):
        for column in columns:
            key = f"{saver.prefix}{champ}:{number}.{column.name}"
            shown = column.start(st.session_state.get(key))
            if st.session_state.get(key) != shown:
                st.session_state[key] = shown


def _on_add(saver: Saver, champ: str) -> None:
    numbers = st.session_state.get(_list_key(saver, champ), [])
    st.session_state[_list_key(saver, champ)] = [*numbers, max(numbers, default=0) + 1]


def _on_remove(saver: Saver, champ: str, columns: tuple[Column, ...], number: int) -> None:
    """Take a row away; the last one is emptied instead, so that there is always one to type in."""
    key = _list_key(saver, champ)
    left = [one for one in st.session_state.get(key, []) if one != number]
    st.session_state[key] = left or [number + 1]
    _on_cell(saver, champ, columns)
