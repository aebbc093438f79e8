"""Durations: typed as hours and minutes, stored as a whole number of minutes."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from domain.formatting import duree
from domain.forms.types.base import Field, FieldError, FieldType, Json, as_text

_MAX_MINUTES = 600_000
_WRITTEN = (
    re.compile(r"(?P<h>[0-9]{1,6})(?::(?P<m>[0-9]{2}))"),
    re.compile(r"(?P<h>[0-9]{1,6})(?:h|heures?)(?:(?P<m>[0-9]{1,2})(?:min|mn|minutes?)?)?"),
    re.compile(r"(?P<m>[0-9]{1,6})(?:min|mn|minutes?)"),
)
_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,6})(?:[.,](?P<part>[0-9]{1,4}))?(?:h|heures?)?")
_NOT_A_DURATION = "Saisissez une durée en heures et minutes, par exemple 40 h ou 7 h 20."


def read_duration(text: str) -> int:
    """Minutes of what a person wrote: `40 h`, `40h30`, `7 h 20 min`, `40:30`, `90 min`; a number alone is hours, and may
    have decimals when they make whole minutes (`40,5`). FieldError otherwise: 7,33 h is neither 7 h 19 nor 7 h 20."""
    bare = re.sub(r"[\s'’]", "", text).lower()
    for pattern in _WRITTEN:
        found = pattern.fullmatch(bare)
        if found:
            parts = found.groupdict()
            hours, minutes = int(parts.get("h") or 0), int(parts.get("m") or 0)
            if parts.get("h") is not None and minutes > 59:
                raise FieldError("Les minutes vont de 0 à 59, par exemple 7 h 20.")
            return hours * 60 + minutes
    found = _DECIMAL.fullmatch(bare)
    if not found:
        raise FieldError(_NOT_A_DURATION)
    minutes_exact = Decimal(f"{found['whole']}.{found['part'] or 0}") * 60
    if minutes_exact != minutes_exact.to_integral_value():
        raise FieldError("Ces décimales ne font pas des minutes entières : écrivez des minutes, par exemple 7 h 20.")
    return int(minutes_exact)


class Duration(FieldType):
    """A length of time. JSON and typed value: minutes (int). Bounds are in minutes."""

    code, label = "duration", "Durée"

    def parse_filled(self, field: Field, raw: object) -> int | None:
        if isinstance(raw, int) and not isinstance(raw, bool):
            minutes = raw
        else:
            text = as_text(raw)
            if not text:
                return None
            minutes = read_duration(text)
        low = int(field.min) if isinstance(field.min, Decimal) else 0
        high = int(field.max) if isinstance(field.max, Decimal) else _MAX_MINUTES
        if minutes < low:
            raise FieldError(f"La durée doit être d’au moins {duree(low)}.")
        if minutes > high:
            raise FieldError(f"La durée ne peut pas dépasser {duree(high)}.")
        return minutes

    def display_filled(self, field: Field, value: Json) -> str:
        return duree(int(value))

    def typed(self, field: Field, value: Json) -> int:
        return int(value)

    def sample(self, field: Field) -> int:
        low = int(field.min) if isinstance(field.min, Decimal) else 0
        high = int(field.max) if isinstance(field.max, Decimal) else _MAX_MINUTES
        return min(max(low, 2400), high)

    def check_definition(self, field: Field) -> str | None:
        if isinstance(field.min, date) or isinstance(field.max, date):
            return "les bornes d’une durée sont des minutes"
        bounds = [bound for bound in (field.min, field.max) if isinstance(bound, Decimal)]
        if any(bound != int(bound) or bound < 0 for bound in bounds):
            return "les bornes d’une durée sont des minutes entières"
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            return "« min » dépasse « max »"
        return None
