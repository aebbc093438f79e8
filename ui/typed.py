"""Nothing typed is lost between two requests of one page to the server.

What leaves a field is sent at once, and waits while the server is busy. A link followed meanwhile asks for another page: what
the browser sends then no longer holds the fields of the page it leaves, and Streamlit gives up what waited. Here what waited
goes along with the new request: its callbacks run first, and save it.
"""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

_request_rerun = AppSession.request_rerun
JUST_SENT = 0.25
"""Seconds within which a request that the script has taken may have been stopped before its callbacks."""
_last: WeakKeyDictionary[AppSession, tuple[float, WidgetStates]] = WeakKeyDictionary()
"""What each session sent last for a part of its page, and when."""


def keep_what_waits() -> None:
    """Have every session of this process keep what waits. Streamlit has no setting for it; its version is pinned, and a
    browser test types, then leaves, while the server does not answer."""
    AppSession.request_rerun = _request_with_what_waits  # type: ignore[method-assign]


def _request_with_what_waits(self: AppSession, client_state: ClientState | None) -> None:
    now = time.monotonic()
    if client_state is not None and client_state.fragment_id:
        _last[self] = (now, client_state.widget_states)
    elif client_state is not None:
        add_missing(client_state.widget_states, _take_what_waits(self))
        sent, states = _last.pop(self, (0.0, WidgetStates()))
        if now - sent < JUST_SENT:
            add_missing(client_state.widget_states, _values(states))
    _request_rerun(self, client_state)


def _values(states: WidgetStates) -> WidgetStates:
    """Without the clicks, which must not be done twice; a value that is saved already changes nothing."""
    return WidgetStates(widgets=[one for one in states.widgets if "trigger" not in (one.WhichOneof("value") or "")])


def _take_what_waits(app_session: Any) -> WidgetStates:
    """What the request that the session's script has not begun yet holds. The script is stopped at the same instant, as
    Streamlit is about to do (`runner.fastReruns`): it must not begin that request as well, and do a click twice."""
    runner = app_session._scriptrunner
    if runner is None:
        return WidgetStates()
    queue = runner._requests
    with queue._lock:
        if queue._state is not ScriptRequestType.RERUN:
            return WidgetStates()
        queue._state = ScriptRequestType.STOP
        return queue._rerun_data.widget_states or WidgetStates()


def add_missing(sent: WidgetStates, waiting: WidgetStates) -> None:
    """Add to what is sent the widgets that only the request before it holds; a newer value is left alone."""
    known = {one.id for one in sent.widgets}
    sent.widgets.extend(one for one in waiting.widgets if one.id not in known)
