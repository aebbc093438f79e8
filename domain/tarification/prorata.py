"""Which part of a year is billed: four ways to count it (ambiguity B01), with absences and changes of share.

By days, and by months of 30 days, every day has its weight: a period weighs what is left of the year from its first day,
less what is left after its last. Periods that follow each other therefore add up, whatever the split.

By months, each month counts once, whole or not at all. *Mois entamés*: a month counts as soon as one day of it is billed,
at the last share of that month (a change counts from the month in which it happens). *Mois pleins*: it counts when all its
days are billed, at the share of its first day (a change counts from the first whole month). Either way, an absence takes
a month away only when nobody served during all the billed days of that month.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from domain.errors import Invalide
from domain.formatting import date_longue

Period = tuple[date, date]
"""First and last day, both included."""


class Prorata(StrEnum):
    """How a part of a year is counted."""

    JOURS = "jours"
    TRENTE_360 = "30-360"
    MOIS_ENTAMES = "mois-entames"
    MOIS_PLEINS = "mois-pleins"

    @property
    def label(self) -> str:
        """French name of the method, as printed on statements."""
        return _LABELS[self]

    @property
    def unite(self) -> str:
        """`jours` or `mois`: what the method counts."""
        return "mois" if self in (Prorata.MOIS_ENTAMES, Prorata.MOIS_PLEINS) else "jours"


_LABELS = {
    Prorata.JOURS: "jours calendaires réels",
    Prorata.TRENTE_360: "mois de 30 jours, année de 360 jours",
    Prorata.MOIS_ENTAMES: "mois entamés",
    Prorata.MOIS_PLEINS: "mois pleins",
}


def compute_base(annee: int, methode: Prorata) -> int:
    """What a whole year counts: 365 or 366 days, 360 days, or 12 months."""
    if methode is Prorata.JOURS:
        return 366 if isleap(annee) else 365
    return 360 if methode is Prorata.TRENTE_360 else 12


def _left(jour: date, methode: Prorata) -> int:
    """Days (or months) left in the year from `jour`, that day included (G2)."""
    if methode is Prorata.JOURS:
        return (date(jour.year, 12, 31) - jour).days + 1
    if methode is Prorata.TRENTE_360:
        return 30 * (12 - jour.month) + 30 - min(jour.day, 30) + 1
    begun = 13 - jour.month
    return begun if methode is Prorata.MOIS_ENTAMES or jour.day == 1 else begun - 1


def check_periods(periods: Iterable[Period], champ: str = "absence") -> list[Period]:
    """The periods when each ends on or after its first day; Invalide at `champ` otherwise."""
    found = list(periods)
    for du, au in found:
        if au < du:
            raise Invalide(f"La période du {date_longue(du)} au {date_longue(au)} finit avant de commencer.", champ)
    return found


def clip_period(period: Period, within: Period) -> Period | None:
    """The days of `period` that are in `within`, None when there are none."""
    du, au = max(period[0], within[0]), min(period[1], within[1])
    return (du, au) if du <= au else None


def merge_periods(periods: Iterable[Period], within: Period) -> list[Period]:
    """The days of `within` that at least one of `periods` covers, each once, as periods in order."""
    clipped = sorted(kept for one in periods if (kept := clip_period(one, within)))
    merged: list[Period] = []
    for du, au in clipped:
        if merged and du.toordinal() <= merged[-1][1].toordinal() + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], au))
        else:
            merged.append((du, au))
    return merged


def count_served(annee: int, debut: date, fin: date | None, methode: Prorata) -> tuple[Period | None, int]:
    """The days of `annee` from `debut` to `fin` (none: the end of the year) and what they count; None and 0 when there are
    none. Invalide at `debut` when it comes after `fin`."""
    if fin is not None and debut > fin:
        raise Invalide("Le début des prestations est postérieur à la fin de la convention.", "debut")
    last = date(annee, 12, 31)
    served = clip_period((debut, fin or last), (date(annee, 1, 1), last))
    if served is None:
        return None, 0
    ((counted, _),) = count_billed([served], [], methode)
    return served, counted


def count_billed(spans: Sequence[Period], absences: Sequence[Period], methode: Prorata) -> list[tuple[int, int]]:
    """For each of `spans` (following each other without a gap, within one year): what it counts before absences, and what
    `absences` (as `merge_periods` gives them) take away."""
    if methode.unite == "mois":
        return _count_months(spans, absences, methode)
    return [
        (
            _weigh(span, methode),
            sum(_weigh(part, methode) for one in absences if (part := clip_period(one, span))),
        )
        for span in spans
    ]


def _weigh(period: Period, methode: Prorata) -> int:
    du, au = period
    after = 0 if (au.month, au.day) == (12, 31) else _left(au + timedelta(days=1), methode)
    return _left(du, methode) - after


def _count_months(spans: Sequence[Period], absences: Sequence[Period], methode: Prorata) -> list[tuple[int, int]]:
    billed = (spans[0][0], spans[-1][1])
    counts = [[0, 0] for _ in spans]
    for month in range(billed[0].month, billed[1].month + 1):
        whole = (
            date(billed[0].year, month, 1),
            date(billed[0].year, month, monthrange(billed[0].year, month)[1]),
        )
        part = clip_period(whole, billed)
        if part is None or (methode is Prorata.MOIS_PLEINS and part != whole):
            continue
        key_day = part[1] if methode is Prorata.MOIS_ENTAMES else part[0]
        index = next(rank for rank, (du, au) in enumerate(spans) if du <= key_day <= au)
        counts[index][0] += 1
        counts[index][1] += any(du <= part[0] and part[1] <= au for du, au in absences)
    return [(counted, away) for counted, away in counts]
