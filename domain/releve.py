"""What an assistant records, as values: durations as people write them, one line of work, the weeks of the calendar.

Durations are whole minutes. Nothing here can hold a text about anybody: a day, a convention, minutes and five codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.activite import MAX_MINUTES
from domain.errors import Invalide
from domain.formatting import NBSP, date_longue, duree
from domain.forms.types.base import FieldError
from domain.forms.types.durations import read_duration

HEURES_HEBDOMADAIRES = 35
"""Hours of a full-time week (domaine.md, G4): what a week is compared with, leave not counted."""

MAX_DUREE = 12
"""Longest text of a duration: « 1 h 30 min » and its spaces."""

AMBIGUOUS_UP_TO = 12
"""A whole number alone up to this many may be hours or minutes: the person says which."""

_WHOLE = re.compile(r"[0-9]{1,6}")
_CLOCK = re.compile(r"([0-9]{1,3}:[0-9]{2}):00")


@dataclass(frozen=True)
class Valeurs:
    """What one intervention says: `minutes` of work on a day for a convention, and a code for each dimension."""

    jour: date
    convention_id: UUID
    minutes: int
    nature: str
    categorie: str
    origine: str
    lieu: str
    forme: str

    def plain(self) -> dict[str, Any]:
        """The same as JSON values, for the journal."""
        return {key: value if isinstance(value, int) else str(value) for key, value in vars(self).items()}

    def changes(self, other: Valeurs) -> tuple[str, ...]:
        """Names of what differs from `other`."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) != getattr(other, one.name))


def read_minutes(written: object) -> int:
    """Minutes of a duration as typed or as a spreadsheet holds it, from 1 to 1440: « 1h30 », « 1:30 », « 1,5 », « 90 »,
    « 45 min », 90. Invalide otherwise, « minutes » being the field.

    A whole number alone is minutes (decimals are hours), except when it is so small that hours are as likely: 7 written for
    a day of seven hours would be recorded as seven minutes, and nobody would see it.
    """
    text = "" if written is None else re.sub(r"[\s'’]", "", str(written)).lower()
    if not text:
        raise _refused("Indiquez la durée, par exemple 1h30 ou 45min.")
    if text.startswith(("-", "−", "–")):
        raise _refused("La durée doit être positive.")
    if len(text) > MAX_DUREE:
        raise _refused("Cette durée n’est pas comprise. Écrivez par exemple 1h30 ou 45min.")
    minutes = _whole_number(text) if _WHOLE.fullmatch(text) else _read(_CLOCK.sub(r"\1", text))
    if minutes < 1:
        raise _refused("La durée doit être d’au moins une minute.")
    if minutes > MAX_MINUTES:
        raise _refused(f"La durée ne peut pas dépasser {duree(MAX_MINUTES)} : une intervention tient dans une journée.")
    return minutes


def _whole_number(text: str) -> int:
    value = int(text)
    if 1 <= value <= AMBIGUOUS_UP_TO:
        raise _refused(f"« {value} » : précisez l’unité, {value}h pour des heures ou {value}min pour des minutes.")
    return value


def _read(text: str) -> int:
    try:
        return read_duration(text)
    except FieldError as error:
        message = str(error)
        if "40" in message:  # the examples of a yearly volume mean nothing here
            message = "Cette durée n’est pas comprise. Écrivez par exemple 1h30 ou 45min."
        raise _refused(message) from error


def _refused(message: str) -> Invalide:
    return Invalide(message, champ="minutes")


def write_minutes(minutes: int) -> str:
    """A duration as it is typed in a grid, which `read_minutes` reads back: « 1h30 », « 45min », « 7h »."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}min"
    return f"{hours}h{rest:02d}" if rest else f"{hours}h"


def monday_of(jour: date) -> date:
    """The first day of the week of `jour`."""
    return jour - timedelta(days=jour.weekday())


def week_days(lundi: date) -> tuple[date, ...]:
    """The seven days of a week."""
    return tuple(lundi + timedelta(days=rank) for rank in range(7))


def weekly_minutes(quotite: Decimal) -> int:
    """Minutes of one week of work for `quotite` percent of a full-time post (35 h × share, G4), to the minute."""
    return int((quotite * HEURES_HEBDOMADAIRES * 60 / 100).to_integral_value())


JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def day_label(jour: date, *, court: bool = False) -> str:
    """« lundi 16/11 », or « lun. 16/11 » where room is short."""
    nom = JOURS[jour.weekday()]
    return f"{nom[:3] + '.' if court else nom}{NBSP}{jour.day:02d}/{jour.month:02d}"


def period_label(first: date, last: date) -> str:
    """« du 9 au 15 novembre 2026 »: month and year are told once when they are the same."""
    if first.year != last.year:
        start = date_longue(first)
    elif first.month != last.month:
        start = date_longue(first).removesuffix(f" {first.year}")
    else:
        start = "1er" if first.day == 1 else str(first.day)
    return f"du {start} au {date_longue(last)}"
