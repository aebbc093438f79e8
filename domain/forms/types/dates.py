"""Dates and times of day."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from domain.formatting import date_courte
from domain.forms.types.base import Field, FieldError, FieldType, Json, as_text
from domain.text import fold

MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_FOLDED_MONTHS = [fold(month) for month in MONTHS]
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 12, 31)


def read_date(text: str) -> date:
    """The date written in `text`: `2022-12-14`, `14/12/2022`, `14.12.2022` or `14 décembre 2022`.

    FieldError when it is no date, when the year has two digits, or when the day does not exist.
    """
    year, month, day = _read_parts(text)
    try:
        return date(year, month, day)
    except ValueError:
        raise FieldError(
            f"Cette date n’existe pas : {day:02d}/{month:02d}/{year}. Vérifiez le jour et le mois."
        ) from None


def _read_parts(text: str) -> tuple[int, int, int]:
    if found := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?", text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := re.fullmatch(r"([0-9]{1,2})\s*[/.\- ]\s*([0-9]{1,2})\s*[/.\- ]\s*([0-9]{2,4})", text):
        if len(found[3]) != 4:
            raise FieldError("Saisissez l’année sur quatre chiffres, par exemple 14/12/2026.")
        return int(found[3]), int(found[2]), int(found[1])
    found = re.fullmatch(r"([0-9]{1,2})(?:er)? ([a-z]+) ([0-9]{4})", fold(text))
    if found and found[2] in _FOLDED_MONTHS:
        return int(found[3]), _FOLDED_MONTHS.index(found[2]) + 1, int(found[1])
    raise FieldError("Saisissez une date, par exemple 14/12/2026.")


class Date(FieldType):
    """A day."""

    code, label = "date", "Date"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        if isinstance(raw, datetime):
            raw = raw.date().isoformat()
        elif isinstance(raw, date):
            raw = raw.isoformat()
        text = as_text(raw)
        if not text:
            return None
        if len(text) > 40:
            raise FieldError("Saisissez une date, par exemple 14/12/2026.")
        found = read_date(text)
        low = field.min if isinstance(field.min, date) else _EARLIEST
        high = field.max if isinstance(field.max, date) else _LATEST
        if found < low:
            raise FieldError(f"La date ne peut pas précéder le {date_courte(low)}.")
        if found > high:
            raise FieldError(f"La date ne peut pas dépasser le {date_courte(high)}.")
        return found.isoformat()

    def display_filled(self, field: Field, value: Json) -> str:
        return date_courte(date.fromisoformat(value))

    def typed(self, field: Field, value: Json) -> date:
        return date.fromisoformat(value)

    def sample(self, field: Field) -> str:
        low = field.min if isinstance(field.min, date) else date(2026, 1, 1)
        return low.isoformat()

    def check_definition(self, field: Field) -> str | None:
        if isinstance(field.min, Decimal) or isinstance(field.max, Decimal):
            return "les bornes d’une date s’écrivent AAAA-MM-JJ"
        return None


def read_time(raw: object) -> str:
    """`09:00` for `9h`, `9 h 00`, `09:00`, `9.00`; FieldError when it is no time of day."""
    text = as_text(raw)
    found = re.fullmatch(r"([0-9]{1,2})\s*(?:[hH:.]\s*([0-9]{2})?)?\s*", text)
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise FieldError("Saisissez une heure, par exemple 9 h 30 ou 09:30.")
    return f"{int(found[1]):02d}:{int(found[2] or 0):02d}"
