"""Nothing typed is lost, and nothing old is saved over it, however fast a person goes and however slow the server is.

A page sends what leaves a field at once, with all that its other fields show, and a link followed asks for another page. As
Streamlit comes, such a request stops the run before it, in another thread and anywhere: what waited, and what had not been
saved yet, is given up. Here one thread serves a page, in order (`runner.fastReruns = false`), and five things are added:

- requests that wait together become one that keeps the values of all;
- what a request holds is saved whole before anything else is looked at;
- a page that goes away leaves behind what it had sent: that is saved too;
- a run that wants to begin again gives way to the page that a person asked for meanwhile;
- a request sent before the page had heard of what the portal filled in does not empty it.

Decision 0020 says why, and what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.common import unpack_widget_state_value
from streamlit.runtime.state.safe_session_state import SafeSessionState

_coalesce = script_requests._coalesce_widget_states
_request = ScriptRequests._request_rerun_locked
_stop = ScriptRequests.request_stop
_begin = SafeSessionState.on_script_will_rerun
KNOWN = "_typed_known"
"""Session entry: what the page said last of each of its widgets, by id; the `Filled` that it has not heard of yet, in order."""

Filled = dict[str, tuple[str, Any]]
"""Widgets that the portal filled in together: session key and value, by id."""


def keep_what_is_typed() -> None:
    """Have every session of this process do so. Streamlit has no setting for it; its version is pinned, and browser tests hurry
    (tests/e2e/test_hate.py)."""
    script_requests._coalesce_widget_states = merge  # type: ignore[assignment]
    ScriptRequests._request_rerun_locked = _request_in_turn  # type: ignore[method-assign]
    ScriptRequests.request_stop = _stop_after_what_waits  # type: ignore[method-assign]
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
    waiting = self._state is ScriptRequestType.RERUN and not self._rerun_data.fragment_id_queue
    return True if _by_script() and waiting else _request(self, new_data)


def _stop_after_what_waits(self: ScriptRequests) -> None:
    """A tab closed, or loaded again, stops the run. What had been sent is saved first; nothing comes after it, and the run ends
    by itself."""
    with self._lock:
        waiting = self._state is ScriptRequestType.RERUN and self._rerun_data.widget_states is not None
    if _by_script() or not waiting:
        _stop(self)


def _by_script() -> bool:
    return get_script_run_ctx(suppress_warning=True) is not None


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
    heard, fills = state[KNOWN] if KNOWN in state else ({}, [])  # noqa: SIM401 it has no `get`
    fills = _with_new(state, heard, fills)
    if fresh is None:  # the script asked for this run
        _begin(self, fresh, **more)
        state[KNOWN] = (heard, fills)
        return
    said = {one.id: one for one in fresh.widgets}
    late, fills = find_late(heard, said, fills)
    _begin(self, WidgetStates(widgets=[one for one in fresh.widgets if one.id not in late]) if late else fresh, **more)
    state[KNOWN] = (said, fills)
    for ident, (key, value) in (pair for fill in fills for pair in fill.items()):
        if ident in late and key not in state._new_session_state:
            state[key] = value  # said to the page once more, should it not have heard


def _with_new(state: SessionState, heard: Mapping[str, WidgetState], fills: Sequence[Filled]) -> list[Filled]:
    """With what scripts filled in since the last request, and that the page did not show already."""
    new: Filled = {}
    for key, value in state._new_session_state.items():
        ident = state._key_id_mapper.get_id_from_key(key)
        known = ident is None or any(fill.get(ident) == (key, value) for fill in fills)
        if ident is not None and not known and not _shows(state, heard.get(ident), value):
            new[ident] = (key, value)
    older = [{ident: one for ident, one in fill.items() if ident not in new} for fill in fills]
    return [fill for fill in (*older, new) if fill]


def _shows(state: SessionState, said: WidgetState | None, value: Any) -> bool:
    """Whether what the page said of a widget is this value; true of a widget that it has said nothing of."""
    metadata = state._get_widget_metadata(said.id) if said is not None else None
    return said is None or (metadata is not None and metadata.deserializer(unpack_widget_state_value(said)) == value)


def find_late(
    heard: Mapping[str, WidgetState], said: Mapping[str, WidgetState], fills: Sequence[Filled]
) -> tuple[set[str], list[Filled]]:
    """The widgets of which a request says what the page knew before the portal filled them in, by id, and the fills that the
    page has not heard of. It hears of them in order, and of each one whole: the first of which most widgets are as they were
    is unheard, and those after it.

    Where a single widget was filled, a person may also have put back what was there: that is a request by itself, so that one
    which has another reason was on its way. A single gesture cannot put back several."""
    for rank, fill in enumerate(fills):
        there = [ident for ident in fill if ident in said and ident in heard]
        still = [ident for ident in there if said[ident] == heard[ident]]
        if len(still) * 2 > len(there):
            left = list(fills[rank:])
            late = {ident for one in left for ident in one if ident in said and said[ident] == heard.get(ident)}
            others = (one for ident, one in said.items() if ident not in late)
            sure = len(there) > 1 or any(_is_click(one) or heard.get(one.id, one) != one for one in others)
            return (late, left) if sure else (set(), [])
    return set(), []


def _is_click(one: WidgetState) -> bool:
    kind = one.WhichOneof("value") or ""
    return "trigger" in kind and bool(getattr(one, kind))
