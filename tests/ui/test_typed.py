"""What a request says of widgets that the portal filled in meanwhile: old news, or a person's own wish."""

from __future__ import annotations

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from ui.typed import find_late, merge


def said(**values: str | bool) -> dict[str, WidgetState]:
    """Widgets as a page tells them: texts, boxes, and `click` for a button."""
    states = {}
    for ident, value in values.items():
        kind = "trigger_value" if ident == "click" else "bool_value" if isinstance(value, bool) else "string_value"
        states[ident] = WidgetState(id=ident, **{kind: value})  # type: ignore[arg-type]
    return states


HEARD = said(ville="", code="", nom="Choisy")
FILLED = {"ville": "cle-ville", "code": "cle-code"}


@pytest.mark.parametrize(
    ("now", "late"),
    [
        pytest.param(said(ville="", code="", nom="Orly"), {"ville", "code"}, id="another field was left"),
        pytest.param(said(ville="", code="", nom="Choisy", click=True), {"ville", "code"}, id="a button was pressed"),
        pytest.param(said(ville="Choisy", code="94600", nom="Orly"), set(), id="the page has heard"),
        pytest.param(said(ville="", code="94600", nom="Orly"), set(), id="heard, and emptied by the person"),
        pytest.param(said(ville="", code="", nom="Choisy"), set(), id="no other reason than putting it back"),
        pytest.param(said(ville="", code="", nom="Choisy", click=False), set(), id="a button that nobody pressed"),
        pytest.param(said(nom="Orly"), set(), id="not on the page any more"),
        pytest.param(said(ville="", code="", nom="Choisy", autre="x"), set(), id="a field that came since"),
    ],
)
def test_what_was_on_its_way_is_told_from_what_a_person_wants(now: dict[str, WidgetState], late: set[str]) -> None:
    assert find_late(HEARD, now, FILLED) == late


def test_a_field_new_to_the_page_is_never_late() -> None:
    assert find_late({}, said(ville="", nom="Orly"), FILLED) == set()


def test_requests_that_wait_keep_the_values_of_all() -> None:
    first = WidgetStates(widgets=said(nom="Choisy", ville="Choisy", click=True).values())
    second = WidgetStates(widgets=said(nom="Orly").values())
    merged = merge(first, second)
    assert merged is not None
    assert {one.id: one for one in merged.widgets} == said(nom="Orly", ville="Choisy", click=True)
    assert merge(None, second) is second
    assert merge(first, None) is first
    assert merge(None, None) is None
