"""Widgets and answers, kept in step: what a widget starts with, and where what is typed goes.

The session remembers, for each field, the version of the answer its widget shows. A widget is filled again when it is new
to the page or when the answer has another version (a colleague changed it, a chosen collectivité filled it); otherwise it is
left alone, so that nothing moves under the fingers. After a change that was accepted the widget is filled again too: the
person sees what was understood (« 47.7 » becomes « 47,70 »).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from domain.forms.fields import Json
from services.adhesion.dossier_views import SaveResult
from ui.forms.model import FieldView, Saver

FOCUS = "_forms_focus"


def seen(saver: Saver) -> dict[str, int]:
    """Version of the answer that each widget shows, by field id. One entry of the session for all: it is read often."""
    key = saver.prefix + "versions"
    state = st.session_state
    if key not in state:
        state[key] = {}
    found: dict[str, int] = state[key]
    return found


def is_current(view: FieldView, key: str) -> bool:
    """Whether the widget `key` is on the page and shows this version of the answer."""
    return seen(view.saver).get(view.field.id) == view.version and key in st.session_state


def fill(view: FieldView, values: Mapping[str, Any]) -> None:
    """Give widgets their values, and remember which version of the answer they show."""
    state = st.session_state
    for key, value in values.items():
        if key not in state or state[key] != value:
            state[key] = value
    seen(view.saver)[view.field.id] = view.version


def commit(saver: Saver, champ: str, read: Callable[[Mapping[str, Any]], Json]) -> SaveResult | None:
    """Save what was typed. What was refused stays in the widget as typed; anything else is read again from the answer. `read`
    finds what was typed in the session's values."""
    versions = seen(saver)
    result = saver.save(champ, read(st.session_state.to_dict()), versions.get(champ, 0))
    if result is not None and result.etat == "invalide":
        versions[champ] = result.version
    elif result is not None:
        versions.pop(champ, None)
    return result


def forget(saver: Saver, champ: str) -> None:
    """Have the widget of `champ` filled again: its answer was changed from elsewhere."""
    seen(saver).pop(champ, None)


def on_change(saver: Saver, champ: str, key: str) -> None:
    """Callback of a field that is one widget."""
    commit(saver, champ, lambda shown: shown.get(key))
    saver.settle()


def on_parts_change(saver: Saver, champ: str, parts: tuple[str, ...]) -> None:
    """Callback of a field whose answer is a dict of parts, one widget each."""
    prefix = f"{saver.prefix}{champ}:"
    commit(saver, champ, lambda shown: {part: shown.get(prefix + part) for part in parts})
    saver.settle()


def as_typed(value: Json) -> str:
    """A refused value as it can be put back in a text field: what no browser can hold is replaced."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def ask_focus(champ: str) -> None:
    """Bring the person to this field on the next run (see `ui.forms.layout.render_focus`)."""
    st.session_state[FOCUS] = champ
