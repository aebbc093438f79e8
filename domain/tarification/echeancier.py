"""Instalments of a year: differences of rounded running totals, so that they always add up to what is due (F10, G3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import MONTHS
from domain.tarification.rounding import round_cent


class Periodicite(StrEnum):
    """How often a year is billed."""

    MOIS = "mois"
    TRIMESTRE = "trimestre"
    SEMESTRE = "semestre"
    AN = "an"

    @property
    def months(self) -> int:
        """Length of one period, in months."""
        return {"mois": 1, "trimestre": 3, "semestre": 6, "an": 12}[self.value]

    @property
    def par_an(self) -> int:
        """How many periods a year has."""
        return 12 // self.months


@dataclass(frozen=True)
class Echeance:
    """One instalment: `au` is the last day of its period, `montant` is zero for a period before the service began."""

    libelle: str
    au: date
    montant: Decimal


def compute_echeancier(
    du: Decimal, debut: date, periodicite: Periodicite = Periodicite.TRIMESTRE, *, fin: date | None = None
) -> list[Echeance]:
    """`du` euros of the year of `debut` in equal shares over the periods begun from `debut` to the end of the year (to
    `fin` when the service ends before). Periods without service are listed with zero."""
    found, paid = [], Decimal("0.00")
    for index in range(periodicite.par_an):
        share = instalment(du, debut, periodicite, index, paid, fin=fin)
        last = period_bounds(debut.year, periodicite, index)[1]
        found.append(Echeance(period_label(periodicite, index, debut.year), last, share))
        paid += share
    return found


def instalment(
    du: Decimal | Fraction,
    debut: date,
    periodicite: Periodicite,
    index: int,
    deja_facture: Decimal,
    *,
    fin: date | None = None,
) -> Decimal:
    """What is to be billed at the end of period `index` (0 is the first of the year of `debut`): the share of `du` that has
    run so far, rounded, less what was billed before. When `du` changed meanwhile (avenant, absence, early end), the
    next instalment settles the difference; it may be negative.

    `debut` is the first day served of that year, `fin` the last when it is not 31 December. Invalide for a period that does
    not exist or a `fin` of another year or before `debut`.
    """
    if not 0 <= index < periodicite.par_an:
        raise Invalide("Cette période n’existe pas dans l’année.", "periode")
    if fin is not None and not debut <= fin <= date(debut.year, 12, 31):
        raise Invalide("La fin est dans l’année du début, et pas avant lui.", "fin")
    first = (debut.month - 1) // periodicite.months
    last = ((fin.month if fin else 12) - 1) // periodicite.months
    run = max(0, min(index, last) + 1 - first)
    return round_cent(Fraction(du) * run / (last + 1 - first)) - deja_facture


def period_bounds(annee: int, periodicite: Periodicite, index: int) -> tuple[date, date]:
    """First and last day of period `index` (0 is the first) of a year."""
    step = periodicite.months
    following = (index + 1) * step + 1
    first = date(annee, index * step + 1, 1)
    if following > 12:
        return first, date(annee, 12, 31)
    return first, date.fromordinal(date(annee, following, 1).toordinal() - 1)


def period_index(jour: date, periodicite: Periodicite) -> int:
    """Which period of its year `jour` is in, 0 being the first."""
    return (jour.month - 1) // periodicite.months


def period_label(periodicite: Periodicite, index: int, annee: int) -> str:
    """French name of a period: "1er trimestre 2026", "Mars 2026", "Année 2026"."""
    if periodicite is Periodicite.AN:
        return f"Année {annee}"
    if periodicite is Periodicite.MOIS:
        return f"{MONTHS[index + 1].capitalize()} {annee}"
    return f"{index + 1}{'er' if index == 0 else 'e'} {periodicite.value} {annee}"
