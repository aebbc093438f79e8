"""Dates of a convention: its term, its yearly periods, the last day of notice (formulas F8 and F9 of the domain)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.errors import Invalide

RECONDUCTIONS = 4
DERNIER_JOUR = (9, 29)
"""Month and day: « avant le 30 septembre » excludes the 30th, whatever day of the week it is (ambiguity B12)."""


@dataclass(frozen=True)
class Periode:
    """One period of a convention: the first runs to 31 December, the others are calendar years (rank 0 is the first)."""

    rang: int
    du: date
    au: date
    dernier_jour_denonciation: date

    @property
    def reconduction(self) -> bool:
        """True for the renewed years, False for the first period."""
        return self.rang > 0


def compute_terme(date_effet: date, reconductions: int = RECONDUCTIONS) -> date:
    """F8: 31 December of the year of effect plus the number of renewals, whatever day of that year it took effect. Invalide
    when no calendar has that year."""
    if date_effet.year + reconductions > date.max.year:
        raise Invalide("L’année de prise d’effet est trop lointaine : vérifiez cette date.", "effet")
    return date(date_effet.year + reconductions, 12, 31)


def list_periodes(
    date_effet: date, reconductions: int = RECONDUCTIONS, dernier_jour: tuple[int, int] = DERNIER_JOUR
) -> list[Periode]:
    """The periods from `date_effet` to the term: four renewals of one year each, every one of which can be ended (B10)."""
    first = Periode(0, date_effet, date(date_effet.year, 12, 31), last_notice_day(date_effet.year, dernier_jour))
    years = range(date_effet.year + 1, date_effet.year + reconductions + 1)
    rest = (
        Periode(rang, date(year, 1, 1), date(year, 12, 31), last_notice_day(year, dernier_jour))
        for rang, year in enumerate(years, start=1)
    )
    return [first, *rest]


def last_notice_day(annee: int, dernier_jour: tuple[int, int] = DERNIER_JOUR) -> date:
    """The last day on which notice given in `annee` ends the convention on 31 December of that year."""
    return date(annee, *dernier_jour)
