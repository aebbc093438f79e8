"""Closed answers: yes or no, one or several of a list, boxes to tick."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import streamlit as st

from domain.forms.fields import Item
from ui.forms import state
from ui.forms.model import FieldView, Saver
from ui.forms.words import label_of, show_help

MAX_RADIO = 7
MAX_BOXES = 12
YES_NO = {True: "Oui", False: "Non"}


def render_yes_no(view: FieldView) -> None:
    """Oui, Non; neither before it is answered."""
    key = view.key
    if not state.is_current(view, key):
        state.fill(view, {key: view.stored if isinstance(view.stored, bool) else None})
    st.radio(
        label_of(view),
        (True, False),
        index=None,
        format_func=YES_NO.__getitem__,
        horizontal=True,
        key=key,
        on_change=state.on_change,
        args=(view.saver, view.field.id, key),
        disabled=view.disabled,
    )


def render_choice(view: FieldView) -> None:
    """One option: all in sight when they are few, a list otherwise."""
    key, options = view.key, view.field.options
    labels = {option.id: option.label for option in options}
    if not state.is_current(view, key):
        state.fill(view, {key: view.stored if view.stored in labels else None})
    if len(options) <= MAX_RADIO:
        captions = [option.help for option in options]
        st.radio(
            label_of(view),
            list(labels),
            index=None,
            format_func=labels.__getitem__,
            captions=captions if any(captions) else None,
            key=key,
            on_change=state.on_change,
            args=(view.saver, view.field.id, key),
            disabled=view.disabled,
        )
        return
    st.selectbox(
        label_of(view),
        list(labels),
        index=None,
        format_func=labels.__getitem__,
        placeholder="Choisissez dans la liste",
        key=key,
        on_change=state.on_change,
        args=(view.saver, view.field.id, key),
        disabled=view.disabled,
    )


def render_choices(view: FieldView) -> None:
    """Several options: boxes when they are few, a list with search otherwise."""
    options = view.field.options
    chosen = view.stored if isinstance(view.stored, list) else []
    if len(options) <= MAX_BOXES:
        st.markdown(f"**{label_of(view)}**")
        _render_boxes(view, ((option.id, option.label) for option in options), set(chosen))
        return
    labels = {option.id: option.label for option in options}
    key = view.key
    if not state.is_current(view, key):
        state.fill(view, {key: [one for one in chosen if one in labels]})
    st.multiselect(
        label_of(view),
        list(labels),
        format_func=labels.__getitem__,
        placeholder="Choisissez dans la liste",
        key=key,
        on_change=state.on_change,
        args=(view.saver, view.field.id, key),
        disabled=view.disabled,
    )


def render_checklist(view: FieldView) -> None:
    """Boxes to tick, under the headings of their groups; one click ticks them all."""
    field = view.field
    ticked = {key for key, value in view.stored.items() if value} if isinstance(view.stored, dict) else set()
    st.markdown(f"**{label_of(view)}**")
    show_help(f"{len(ticked)} sur {len(field.items)} cochées.")
    if not state.is_current(view, view.part(field.items[0].id)):
        state.fill(view, {view.part(item.id): item.id in ticked for item in field.items})
    for group, items in groupby(field.items, key=lambda item: item.group):
        with st.container(gap="xsmall"):
            if group:
                st.markdown(group)
            for item in items:
                _render_item(view, item)
    if not view.disabled and len(ticked) < len(field.items):
        st.button(
            "Tout cocher",
            key=view.part("+tout"),
            icon=":material/done_all:",
            on_click=_on_all,
            args=(view.saver, field.id, tuple(item.id for item in field.items)),
        )


def _render_item(view: FieldView, item: Item) -> None:
    field = view.field
    st.checkbox(
        f"{item.label} – {item.help}" if item.help else item.label,
        key=view.part(item.id),
        on_change=state.on_parts_change,
        args=(view.saver, field.id, tuple(one.id for one in field.items)),
        disabled=view.disabled,
    )


def _render_boxes(view: FieldView, options: Iterable[tuple[str, str]], ticked: set[str]) -> None:
    known = list(options)
    if not state.is_current(view, view.part(known[0][0])):
        state.fill(view, {view.part(ident): ident in ticked for ident, _ in known})
    for ident, label in known:
        st.checkbox(
            label,
            key=view.part(ident),
            on_change=_on_boxes_of_list,
            args=(view.saver, view.field.id, tuple(one for one, _ in known)),
            disabled=view.disabled,
        )


def _on_boxes_of_list(saver: Saver, champ: str, options: tuple[str, ...]) -> None:
    prefix = f"{saver.prefix}{champ}:"
    state.commit(saver, champ, lambda shown: [one for one in options if shown.get(prefix + one)])
    saver.settle()


def _on_all(saver: Saver, champ: str, items: tuple[str, ...]) -> None:
    state.commit(saver, champ, lambda _shown: dict.fromkeys(items, True))
    saver.settle()
