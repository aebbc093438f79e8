"""Shares of a post over time: whether what is promised to collectivités fits in the posts that are held.

Shares are percents of a full-time post; days are included on both sides, None meaning no end. Pure rules, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

TEMPS_PLEIN = Decimal(100)
"""A full-time post, in percent."""


@dataclass(frozen=True)
class PartDatee:
    """A share of a post from a day to a day."""

    quotite: Decimal
    du: date
    au: date | None = None

    def covers(self, jour: date) -> bool:
        return self.du <= jour and (self.au is None or jour <= self.au)


@dataclass(frozen=True)
class Tranche:
    """Days over which two totals stay the same: `total` is promised, `limite` is held."""

    du: date
    au: date | None
    total: Decimal
    limite: Decimal

    @property
    def excess(self) -> bool:
        return self.total > self.limite


def total_on(parts: Iterable[PartDatee], jour: date) -> Decimal:
    """Sum of the shares that run on this day."""
    return sum((one.quotite for one in parts if one.covers(jour)), Decimal(0))


def cut_tranches(
    parts: Sequence[PartDatee], limites: Sequence[PartDatee], du: date, au: date | None
) -> tuple[Tranche, ...]:
    """The days from `du` to `au` cut wherever a total changes, in order; neighbours with the same totals are one."""
    starts = {du}
    for one in (*parts, *limites):
        starts.add(one.du)
        if one.au is not None and one.au < date.max:
            starts.add(one.au + timedelta(days=1))
    days = sorted(day for day in starts if day >= du and (au is None or day <= au))
    found: list[Tranche] = []
    for place, day in enumerate(days):
        end = days[place + 1] - timedelta(days=1) if place + 1 < len(days) else au
        total, limite = total_on(parts, day), total_on(limites, day)
        if found and (found[-1].total, found[-1].limite) == (total, limite):
            found[-1] = Tranche(found[-1].du, end, total, limite)
        else:
            found.append(Tranche(day, end, total, limite))
    return tuple(found)


def overlaps(du: date, au: date | None, other_du: date, other_au: date | None) -> bool:
    """Whether two periods share a day."""
    return (other_au is None or du <= other_au) and (au is None or other_du <= au)
