"""Widgets and answers, kept in step: what a widget starts with, and where what is typed goes.

The session remembers, for each field, the version of the answer its widget shows. A widget is filled again when it is new
to the page or when the answer has another version (a colleague changed it, a chosen collectivité filled it); otherwise it is
left alone, so that nothing moves under the fingers. After a change that was accepted the widget is filled again too: the
person sees what was understood (« 47.7 » becomes « 47,70 »).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequestType

from domain.forms.fields import Json
from services.adhesion.dossier_views import SaveResult
from ui.forms.model import FieldView, Saver

Result = TypeVar("Result")
FOCUS = "_forms_focus"


def seen(saver: Saver) -> dict[str, int]:
    """Version of the answer that each widget shows, by field id. One entry of the session for all: it is read often."""
    key = _versions_key(saver)
    state = st.session_state
    if key not in state:
        state[key] = {}
    found: dict[str, int] = state[key]
    return found


def _versions_key(saver: Saver) -> str:
    return saver.prefix + "versions"


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
    """Save what was typed, whatever happens meanwhile. What was refused stays in the widget as typed; anything else is read
    again from the answer. `read` finds what was typed in the session's values.

    These are taken all at once, the one way of reading them that Streamlit never interrupts: a tab closed while its last
    field is being left must not lose it.
    """

    def save() -> SaveResult | None:
        shown = st.session_state.to_dict()
        versions: dict[str, int] = shown.get(_versions_key(saver), {})
        result = saver.save(champ, read(shown), versions.get(champ, 0))
        if result is not None and result.etat == "invalide":
            versions[champ] = result.version
        elif result is not None:
            versions.pop(champ, None)
        return result

    return shielded(save)


def shielded(work: Callable[[], Result]) -> Result:
    """Do `work` to its end, then let Streamlit obey what was asked meanwhile.

    When another click arrives while a callback runs, Streamlit raises inside the callback, once, at whatever session entry
    it reads next. `work` is then done over, which must be harmless, and the request goes back to the queue. A closed tab
    is another matter: from then on every reading raises, and nobody is left to see what follows.
    """
    asked: RerunData | None = None
    while True:
        try:
            result = work()
        except RerunException as request:
            asked = request.rerun_data
            continue
        if asked is not None:
            _hand_back(asked)
        return result


def is_awaited() -> bool:
    """Whether a click that concerns the whole page waits for the callback to end. It keeps its place in the queue."""
    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return False
    queue = context.script_requests
    with queue._lock:
        return queue._state is ScriptRequestType.RERUN and not queue._rerun_data.fragment_id_queue


def _hand_back(asked: RerunData) -> None:
    """Queue a request again, before those that came after it. Raised instead, it would be queued last, and what had been
    typed when it was sent would take the place of what was typed since: fields filled in a hurry were lost so.

    Streamlit has no public way to put a request in front of another: its own folding is used, in the order of arrival and
    under its lock. The version is pinned, and a test types faster than the portal saves.
    """
    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return
    queue = context.script_requests
    with queue._lock:
        later = queue._rerun_data if queue._state is ScriptRequestType.RERUN else None
        if later is not None:
            queue._state = ScriptRequestType.CONTINUE
        queue._request_rerun_locked(asked)
        if later is not None:
            queue._request_rerun_locked(later)


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
