"""A change is saved even when the person goes on clicking, or closes the tab, while it is being saved."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException, StopException
from streamlit.runtime.state import SessionState, session_state_proxy
from streamlit.runtime.state.safe_session_state import SafeSessionState

from domain.forms.fields import Json
from ui.forms import state


@dataclass
class Recorder:
    """A saver that keeps what it is given."""

    prefix: str = "d1:"
    saved: list[tuple[str, Json, int]] = field(default_factory=list)

    def save(self, champ: str, raw: Json, version_vue: int) -> None:
        self.saved.append((champ, raw, version_vue))

    def settle(self) -> None:
        state.seen(self)  # type: ignore[arg-type]


def session_with(monkeypatch: pytest.MonkeyPatch, requests: list[BaseException], *, sticky: bool) -> None:
    """A session in which each reading raises what was asked meanwhile; a stop is asked again and again."""

    def yield_point() -> None:
        if requests:
            raise requests[0] if sticky else requests.pop(0)

    held = SessionState()
    held["d1:nom"] = "Choisy"
    held["d1:versions"] = {"nom": 4}
    safe = SafeSessionState(held, yield_point)
    monkeypatch.setattr(session_state_proxy, "get_session_state", lambda: safe)


def test_closing_the_tab_saves_what_was_typed_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    session_with(monkeypatch, [StopException()], sticky=True)
    recorder = Recorder()
    with pytest.raises(StopException):
        state.on_change(recorder, "nom", "d1:nom")  # type: ignore[arg-type]
    assert recorder.saved == [("nom", "Choisy", 4)]


def test_another_click_saves_what_was_typed_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    session_with(monkeypatch, [RerunException(RerunData())], sticky=False)
    recorder = Recorder()
    with pytest.raises(RerunException):
        state.on_change(recorder, "nom", "d1:nom")  # type: ignore[arg-type]
    assert recorder.saved == [("nom", "Choisy", 4)]


def test_work_that_is_asked_to_stop_is_not_done_for_ever() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise StopException

    with pytest.raises(StopException):
        state.shielded(work)
    assert len(tries) == 1
