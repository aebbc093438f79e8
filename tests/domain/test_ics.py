"""iCalendar text: what RFC 5545 asks of lines, of values, of an all-day event."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from domain.ics import LINE, Evenement, escape, fold, write_calendar
from domain.text import clean_text

WRITTEN = datetime(2026, 11, 22, 8, 5, 1, tzinfo=timezone(timedelta(hours=1)))


def _lines(data: bytes) -> list[str]:
    """Logical lines, unfolded."""
    assert data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def test_an_all_day_event_ends_the_next_day() -> None:
    event = Evenement("u-1", date(2026, 12, 31), "Terme", "Ligne 1\nLigne 2", "https://x.example/e?a=1&b=2", "Terme")
    assert _lines(write_calendar("Échéances", [event], ecrit_le=WRITTEN)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Portail des conventions//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:Échéances",
        "X-WR-CALNAME:Échéances",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
        "BEGIN:VEVENT",
        "UID:u-1",
        "DTSTAMP:20261122T070501Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:Terme",
        "DESCRIPTION:Ligne 1\\nLigne 2",
        "URL:https://x.example/e?a=1&b=2",
        "CATEGORIES:Terme",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_calendar_without_events_is_still_one() -> None:
    assert _lines(write_calendar("Vide", [], ecrit_le=WRITTEN.astimezone(UTC)))[-1] == "END:VCALENDAR"


def test_what_would_break_a_line_cannot() -> None:
    evil = "Commune; de, \\ X\r\nBEGIN:VEVENT\nUID:autre\u2028fin\x00\u202e"
    lines = _lines(
        write_calendar("A", [Evenement("u", date(2026, 1, 1), evil, evil, "https://x/\r\nX:1", evil)], ecrit_le=WRITTEN)
    )
    assert lines.count("BEGIN:VEVENT") == 1 and sum(line.startswith("UID:") for line in lines) == 1
    assert not any(line.startswith("X:1") for line in lines)
    assert escape("a;b,c\\d\ne") == "a\\;b\\,c\\\\d\\ne"


@given(st.text(max_size=400))
def test_a_value_comes_back_whole(text: str) -> None:
    data = write_calendar("A", [Evenement("u", date(2026, 1, 1), f"x{text}")], ecrit_le=WRITTEN)
    assert all(len(line) <= LINE for line in data.split(b"\r\n"))
    summary = next(line for line in _lines(data) if line.startswith("SUMMARY:"))
    assert _unescape(summary.removeprefix("SUMMARY:")) == clean_text(f"x{text}", multiline=True)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=300))
def test_folding_keeps_every_character(text: str) -> None:
    pieces = fold(text)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == text
    assert all(piece.startswith(" ") for piece in pieces[1:])
