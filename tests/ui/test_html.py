"""Pieces of HTML: text is never markup, links stay in the portal, sizes and times read as French."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ui.html import badge, bullet_list, day, day_and_time, facts, file_link, file_size, href, lines, link, tabs

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;"


@pytest.mark.parametrize(
    "made",
    [
        link(HOSTILE, HOSTILE, hidden=HOSTILE),
        file_link(UUID(int=1), HOSTILE, 12),
        badge(HOSTILE, "inconnu"),
        lines(f"{HOSTILE}\n{HOSTILE}"),
        facts([(HOSTILE, HOSTILE)]),
        bullet_list([HOSTILE]),
        tabs(HOSTILE, [(HOSTILE, HOSTILE, True)]),
    ],
)
def test_text_is_escaped_everywhere(made: str) -> None:
    assert HOSTILE not in made and ESCAPED in made


def test_lines_keep_their_breaks() -> None:
    assert lines("a\nb") == "a<br>b"


def test_facts_without_a_value_are_left_out() -> None:
    assert facts([("A", None), ("B", ""), ("C", "0")]).count("<dt>") == 1


def test_the_current_part_is_said_to_screen_readers() -> None:
    assert tabs("Parties", [("Un", "/a", False), ("Deux", "/b", True)]).count('aria-current="page"') == 1


def test_addresses_leave_out_what_is_empty() -> None:
    assert href("dossiers", etat="", page=None, texte="é & b") == "/dossiers?texte=%C3%A9+%26+b"
    assert href("accueil") == "/"


@pytest.mark.parametrize(
    ("size", "text"),
    [(1, "1\u00a0ko"), (12_345, "12\u00a0ko"), (999_999, "1\u202f000\u00a0ko"), (3_449_000, "3,4\u00a0Mo")],
)
def test_sizes(size: int, text: str) -> None:
    assert file_size(size) == text


def test_times_are_those_of_the_centre() -> None:
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert day_and_time(moment, "America/Martinique") == "31/12/2025 à 20\u00a0h\u00a030"
    assert day(moment, "Europe/Paris") == "01/01/2026"
    assert (day(None), day_and_time(None)) == ("", "")
