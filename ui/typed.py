"""Nothing typed is lost, and nothing old is saved over it, however fast a person goes and however slow the server is.

A page sends what leaves a field at once, with all that its other fields show, and a link followed asks for another page. As
Streamlit comes, such a request stops the run before it, in another thread and anywhere: what waited, and what had not been
saved yet, is given up. Here one thread serves a page, in order (`runner.fastReruns = false`), and four things are added:

- requests that wait together become one that keeps the values of all;
- what a request holds is saved whole before anything else is looked at;
- a run that wants to begin again gives way to the page that a person asked for meanwhile;
- a request sent before the page had heard of what the portal filled in does not empty it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState

_coalesce = script_requests._coalesce_widget_states
_request = ScriptRequests._request_rerun_locked
_begin = SafeSessionState.on_script_will_rerun
KNOWN = "_typed_known"
"""Session entry: what the page said last of each of its widgets, by id; what the portal filled in since, key by id."""


def keep_what_is_typed() -> None:
    """Have every session of this process do so. Streamlit has no setting for it; its version is pinned, and browser tests hurry
    (tests/e2e/test_hate.py)."""
    script_requests._coalesce_widget_states = merge  # type: ignore[assignment]
    ScriptRequests._request_rerun_locked = _request_in_turn  # type: ignore[method-assign]
    SafeSessionState.on_script_will_rerun = _begin_whole  # type: ignore[assignment,method-assign]


def merge(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Two requests that wait become one: the newer value of each widget, and the clicks of both."""
    merged = _coalesce(old, new)
    if merged is not None and old is not None:
        known = {one.id for one in merged.widgets}
        merged.widgets.extend(one for one in old.widgets if one.id not in known)
    return merged


def _request_in_turn(self: ScriptRequests, new_data: RerunData) -> bool:
    """What a script asks for itself (`st.rerun`, `st.switch_page`) is not asked when the whole page is about to run for a
    person: it would take that run to the address being left."""
    asked_by_script = get_script_run_ctx(suppress_warning=True) is not None
    waiting = self._state is ScriptRequestType.RERUN and not self._rerun_data.fragment_id_queue
    return True if asked_by_script and waiting else _request(self, new_data)


def _begin_whole(self: SafeSessionState, fresh: WidgetStates | None, **more: Any) -> None:
    """Run the callbacks of a request. Another request stops a run wherever the script calls Streamlit, callbacks included,
    and would leave the fields that follow unsaved: until they have all run, no request is looked at."""
    runner = self._yield_callback.__self__  # type: ignore[attr-defined]
    runner._execing = False
    try:
        _begin_with_news(self, fresh, **more)
    finally:
        runner._execing = True


def _begin_with_news(self: SafeSessionState, fresh: WidgetStates | None, **more: Any) -> None:
    state: SessionState = self._state
    heard, filled = state[KNOWN] if KNOWN in state else ({}, {})  # noqa: SIM401 it has no `get`
    filled = filled | {ident: key for key in state._new_session_state if (ident := _widget_of(state, key))}
    if fresh is None:  # the script asked for this run
        _begin(self, fresh, **more)
        state[KNOWN] = (heard, filled)
        return
    said = {one.id: one for one in fresh.widgets}
    late = find_late(heard, said, filled)
    kept = {filled[ident]: state[filled[ident]] for ident in late}
    _begin(self, WidgetStates(widgets=[one for one in fresh.widgets if one.id not in late]) if late else fresh, **more)
    state[KNOWN] = (said, {})
    for key, value in kept.items():  # said to the page once more, should it not have heard
        if key not in state._new_session_state:
            state[key] = value


def _widget_of(state: SessionState, key: str) -> str | None:
    return state._key_id_mapper.get_id_from_key(key)


def find_late(heard: Mapping[str, WidgetState], said: Mapping[str, WidgetState], filled: Collection[str]) -> set[str]:
    """The widgets of which a request says what the page knew before the portal filled them in; none unless all those that were
    `filled` are so, since a page hears of them together, and unless the request has another reason: a person may put back
    what was there, and that is a reason by itself. By id: what the page said before, what it says now, what was filled."""
    old = {ident for ident in filled if ident in said and ident in heard}
    if not old or any(said[ident] != heard[ident] for ident in old):
        return set()
    others = (one for ident, one in said.items() if ident not in old)
    return old if any(_is_click(one) or (one.id in heard and heard[one.id] != one) for one in others) else set()


def _is_click(one: WidgetState) -> bool:
    kind = one.WhichOneof("value") or ""
    return "trigger" in kind and bool(getattr(one, kind))
