"""Nothing typed is lost between two requests of one page to the server.

What leaves a field is sent at once, and waits while the server is busy. A link followed meanwhile asks for another page: what
the browser sends then no longer holds the fields of the page it leaves. As Streamlit comes, it stops the run and starts
another in a new thread, and gives up both what waited and what the first run had not saved yet.

Here one thread serves a page, in order (`runner.fastReruns = false`), and two things are added to that: requests that wait
together keep the values of all, and what a request holds is saved whole before anything else is looked at.
"""

from __future__ import annotations

from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.state.safe_session_state import SafeSessionState

_merge = script_requests._coalesce_widget_states
_begin = SafeSessionState.on_script_will_rerun


def keep_what_waits() -> None:
    """Have every session of this process do so. Streamlit has no setting for it; its version is pinned, and tests type, then
    leave, while the server is busy."""
    script_requests._coalesce_widget_states = merge
    SafeSessionState.on_script_will_rerun = _begin_whole  # type: ignore[method-assign]


def merge(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Two requests that wait become one: the newer value of each widget, and the clicks of both."""
    merged = _merge(old, new)
    if merged is not None and old is not None:
        known = {one.id for one in merged.widgets}
        merged.widgets.extend(one for one in old.widgets if one.id not in known)
    return merged


def _begin_whole(self: SafeSessionState, fresh: WidgetStates | None, **more: Any) -> None:
    """Run the callbacks of a request. Another request stops a run wherever the script calls Streamlit, callbacks included,
    and would leave the fields that follow unsaved: until they have all run, no request is looked at."""
    runner = self._yield_callback.__self__  # type: ignore[attr-defined]
    runner._execing = False
    try:
        _begin(self, fresh, **more)
    finally:
        runner._execing = True
