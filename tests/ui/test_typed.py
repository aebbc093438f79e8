"""What a page and the portal say to each other, when they speak at once (decision 0020)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import RerunData, StopException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState

from ui import typed
from ui.typed import find_late, merge


def said(**values: str | bool) -> dict[str, WidgetState]:
    """Widgets as a page tells them: texts, boxes, and `click` for a button."""
    states = {}
    for ident, value in values.items():
        kind = "trigger_value" if ident == "click" else "bool_value" if isinstance(value, bool) else "string_value"
        states[ident] = WidgetState(id=ident, **{kind: value})  # type: ignore[arg-type]
    return states


HEARD = said(ville="", code="", nom="Choisy")
CITY: typed.Filled = {"ville": ("cle-ville", "Choisy"), "code": ("cle-code", "94600")}
PHONE: typed.Filled = {"nom": ("cle-nom", "Choisy-le-Roi")}
LIST: typed.Filled = {f"case{rank}": (f"cle{rank}", True) for rank in range(5)}
EMPTY = said(nom="Choisy", **dict.fromkeys(LIST, False))


@pytest.mark.parametrize(
    ("now", "late"),
    [
        pytest.param(said(ville="", code="", nom="Orly"), {"ville", "code"}, id="another field was left"),
        pytest.param(said(ville="", code="", nom="Choisy", click=True), {"ville", "code"}, id="a button was pressed"),
        pytest.param(said(ville="", code="", nom="Choisy"), {"ville", "code"}, id="said again, after a cut"),
        pytest.param(said(ville="Choisy", code="94600", nom="Orly"), set(), id="the page has heard"),
        pytest.param(said(ville="", code="94600", nom="Orly"), set(), id="heard, and emptied by the person"),
        pytest.param(said(nom="Orly"), set(), id="not on the page any more"),
    ],
)
def test_what_was_on_its_way_is_told_from_what_a_person_wants(now: dict[str, WidgetState], late: set[str]) -> None:
    assert find_late(HEARD, now, [CITY]) == (late, [CITY] if late else [])


@pytest.mark.parametrize(
    ("now", "late"),
    [
        pytest.param(said(ville="x", code="", nom="Choisy"), {"nom"}, id="another field was left"),
        pytest.param(said(ville="", code="", nom="Choisy", click=True), {"nom"}, id="a button was pressed"),
        pytest.param(said(ville="", code="", nom="Choisy"), set(), id="no other reason than putting it back"),
        pytest.param(said(ville="", code="", nom="Choisy", click=False), set(), id="a button that nobody pressed"),
        pytest.param(said(ville="", code="", nom="Choisy", autre="x"), set(), id="a field that came since"),
    ],
)
def test_a_single_field_may_be_put_back(now: dict[str, WidgetState], late: set[str]) -> None:
    assert find_late(HEARD, now, [PHONE]) == (late, [PHONE] if late else [])


def test_a_box_ticked_before_the_page_has_heard_leaves_the_others_ticked() -> None:
    now = EMPTY | said(case0=True)
    assert find_late(EMPTY, now, [LIST]) == ({*LIST} - {"case0"}, [LIST])


def test_the_page_hears_of_one_filling_after_the_other() -> None:
    now = EMPTY | said(nom="Choisy-le-Roi")
    assert find_late(EMPTY, now, [PHONE, LIST]) == ({*LIST}, [LIST])


def test_a_field_new_to_the_page_is_never_late() -> None:
    assert find_late({}, said(ville="", nom="Orly"), [CITY]) == (set(), [])


def test_requests_that_wait_keep_the_values_of_all() -> None:
    first = WidgetStates(widgets=said(nom="Choisy", ville="Choisy", click=True).values())
    second = WidgetStates(widgets=said(nom="Orly").values())
    merged = merge(first, second)
    assert merged is not None
    assert {one.id: one for one in merged.widgets} == said(nom="Orly", ville="Choisy", click=True)
    assert merge(None, second) is second
    assert merge(first, None) is first
    assert merge(None, None) is None


@dataclass
class Runner:
    """Stops the run wherever the session is read, as Streamlit does when another request came."""

    _execing: bool = True

    def obey(self) -> None:
        if self._execing:
            raise StopException


@pytest.mark.parametrize("error", [None, ValueError("refusé")])
def test_what_a_request_holds_is_saved_whole_whatever_comes(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    runner, saved = Runner(), []
    safe = SafeSessionState(SessionState(), runner.obey)

    def save(*_: object) -> None:
        safe["nom"] = "Choisy"
        saved.append(safe["nom"])
        if error:
            raise error

    monkeypatch.setattr(SessionState, "_call_callbacks", lambda _self, **_more: save())
    with pytest.raises(ValueError) if error else nullcontext():
        typed._begin_whole(safe, WidgetStates())
    assert saved == ["Choisy"]
    with pytest.raises(StopException):
        _ = safe["nom"]


@pytest.mark.parametrize(
    ("by_script", "waiting", "address"),
    [
        pytest.param(True, RerunData(query_string="etape=besoin"), "etape=besoin", id="a link was followed meanwhile"),
        pytest.param(True, RerunData(fragment_id="f", query_string="etape=locaux"), "etape=ici", id="a field was left"),
        pytest.param(True, None, "etape=ici", id="nothing waits"),
        pytest.param(False, RerunData(query_string="etape=besoin"), "etape=ici", id="a person asks again"),
    ],
)
def test_a_script_gives_way_to_the_page_that_a_person_asked_for(
    monkeypatch: pytest.MonkeyPatch, by_script: bool, waiting: RerunData | None, address: str
) -> None:
    queue = ScriptRequests()
    if waiting is not None:
        queue.request_rerun(waiting)
    monkeypatch.setattr(typed, "get_script_run_ctx", lambda **_: object() if by_script else None)
    assert typed._request_in_turn(queue, RerunData(query_string="etape=ici"))
    assert queue.on_scriptrunner_ready().rerun_data.query_string == address


@pytest.mark.parametrize(
    ("by_script", "waiting", "stops"),
    [
        pytest.param(False, RerunData(widget_states=WidgetStates(), fragment_id="f"), False, id="a field was left"),
        pytest.param(False, RerunData(), True, id="nothing to save"),
        pytest.param(False, None, True, id="nothing waits"),
        pytest.param(True, RerunData(widget_states=WidgetStates()), True, id="the script ends itself"),
    ],
)
def test_a_page_that_goes_away_leaves_what_it_had_sent(
    monkeypatch: pytest.MonkeyPatch, by_script: bool, waiting: RerunData | None, stops: bool
) -> None:
    queue = ScriptRequests()
    if waiting is not None:
        queue.request_rerun(waiting)
    monkeypatch.setattr(typed, "get_script_run_ctx", lambda **_: object() if by_script else None)
    typed._stop_after_what_waits(queue)
    assert (queue.on_scriptrunner_ready().type is ScriptRequestType.STOP) is (stops or waiting is None)
    assert queue.on_scriptrunner_ready().type is ScriptRequestType.STOP, "the run ends after what waited"
