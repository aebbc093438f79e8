"""A calendar as iCalendar text (RFC 5545): all-day events only, so no time zone is needed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.nom import NOM
from domain.text import clean_text

LINE = 75
"""Longest line, in bytes without its end (RFC 5545, 3.1); longer ones are folded."""
PRODUCT = f"-//{NOM}//FR"


@dataclass(frozen=True)
class Evenement:
    """One all-day event. `uid` never changes for the same event, so that a calendar moves it instead of doubling it; `le` may."""

    uid: str
    le: date
    titre: str
    texte: str = ""
    adresse: str = ""
    categorie: str = ""


def write_calendar(nom: str, evenements: Iterable[Evenement], *, ecrit_le: datetime, heures: int = 6) -> bytes:
    """The calendar called `nom`, written at `ecrit_le` (with a time zone); programs that follow it are asked to read it again
    after so many hours."""
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escape(nom)}",
        f"X-WR-CALNAME:{escape(nom)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{heures}H",
        f"X-PUBLISHED-TTL:PT{heures}H",
    ]
    stamp = ecrit_le.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [*head, *(line for one in evenements for line in _event(one, stamp)), "END:VCALENDAR"]
    return "".join(f"{part}\r\n" for line in lines for part in fold(line)).encode()


def _event(one: Evenement, stamp: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{one.uid}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{one.le:%Y%m%d}"
    if one.le < date.max:
        yield f"DTEND;VALUE=DATE:{one.le + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escape(one.titre)}"
    if one.texte:
        yield f"DESCRIPTION:{escape(one.texte)}"
    if one.adresse:
        yield f"URL:{_address(one.adresse)}"
    if one.categorie:
        yield f"CATEGORIES:{escape(one.categorie)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escape(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11): backslash, semicolon and comma escaped, line breaks as \\n, no control character."""
    clean = clean_text(text, multiline=True)
    return re.sub(r"([\\;,])", r"\\\1", clean).replace("\n", "\\n")


def _address(address: str) -> str:
    """An address, never more than one line."""
    return "".join(address.split())


def fold(line: str) -> list[str]:
    """`line` in pieces of at most LINE bytes, the next ones beginning with a space; no character is cut."""
    pieces: list[str] = []
    room, current = LINE, ""
    for sign in line:
        size = len(sign.encode())
        if size > room:
            pieces.append(current)
            current, room = " ", LINE - 1
        current += sign
        room -= size
    return [*pieces, current]
