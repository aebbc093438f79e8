"""What an adhesion costs: annual amount, first year, instalments, hours (formulas F1, F2, F6 and F10 of the domain).

Exact arithmetic (Decimal and Fraction, never floats), rounded half up to the cent once, on the line that is billed: the
first year starts from the exact annual amount, not from the rounded one. Every result tells how it was found.
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import date_longue, duree, euros, nombre, pourcentage

HEURES_ANNUELLES = 1607
"""Hours of a full-time year of work (décret 2000-815)."""


class Prorata(StrEnum):
    """How the first year is counted when the service begins after 1 January (ambiguity B01)."""

    JOURS = "jours"
    TRENTE_360 = "30-360"
    MOIS_ENTAMES = "mois-entames"
    MOIS_PLEINS = "mois-pleins"

    @property
    def label(self) -> str:
        """French name of the method, as printed on statements."""
        return _LABELS[self]


_LABELS = {
    Prorata.JOURS: "jours calendaires réels",
    Prorata.TRENTE_360: "mois de 30 jours, année de 360 jours",
    Prorata.MOIS_ENTAMES: "mois entamés",
    Prorata.MOIS_PLEINS: "mois pleins",
}


class Periodicite(StrEnum):
    """Instalments of a year: by quarter or by month."""

    MOIS = "mois"
    TRIMESTRE = "trimestre"
    SEMESTRE = "semestre"
    AN = "an"

    @property
    def months(self) -> int:
        """Length of one period, in months."""
        return {"mois": 1, "trimestre": 3, "semestre": 6, "an": 12}[self.value]


@dataclass(frozen=True)
class Montant:
    """An amount in euros, rounded, the exact value it comes from, and the French steps that lead to it."""

    valeur: Decimal
    exact: Fraction
    etapes: tuple[str, ...]


@dataclass(frozen=True)
class PremiereAnnee:
    """What is due for the year in which the service begins: `du` euros, for `jours` out of `base` (months for two methods)."""

    du: Decimal
    jours: int
    base: int
    debut: date
    methode: Prorata
    etapes: tuple[str, ...]

    @property
    def unite(self) -> str:
        """`jours` or `mois`: what `jours` and `base` count."""
        return "mois" if self.methode in (Prorata.MOIS_ENTAMES, Prorata.MOIS_PLEINS) else "jours"


@dataclass(frozen=True)
class Echeance:
    """One instalment: `au` is the last day of its period, `montant` is zero for a period before the service began."""

    libelle: str
    au: date
    montant: Decimal


@dataclass(frozen=True)
class Heures:
    """A yearly quota of working hours: whole minutes (half up), the exact hours, and how they were found."""

    minutes: int
    exact: Fraction
    etapes: tuple[str, ...]


def round_cent(exact: Fraction) -> Decimal:
    """`exact` euros rounded half up (away from zero) to the cent."""
    return Decimal(_round_half_up(exact * 100)).scaleb(-2)


def _round_half_up(exact: Fraction) -> int:
    sign = -1 if exact < 0 else 1
    return sign * ((2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator))


def check_quotite(quotite: Decimal) -> Decimal:
    """`quotite` (percent of a full-time post) when it is over 0, at most 100 and of two decimals; Invalide otherwise."""
    if not quotite.is_finite() or not 0 < quotite <= 100 or quotite != round(quotite, 2):
        raise Invalide(
            "La quotité est un pourcentage supérieur à 0, de 100 au plus, avec deux décimales au plus.",
            "besoin.quotite",
        )
    return quotite


def compute_annuel(tarif: Decimal, quotite: Decimal) -> Montant:
    """F1: annual amount = full-time tariff × share of a post (percent, two decimals kept: never 48 % for 47,70 %)."""
    exact = Fraction(tarif) * Fraction(check_quotite(quotite)) / 100
    valeur = round_cent(exact)
    return Montant(valeur, exact, (f"Montant annuel\u00a0: {euros(tarif)} × {pourcentage(quotite)} = {euros(valeur)}",))


def compute_part(debut: date, methode: Prorata = Prorata.JOURS) -> tuple[int, int]:
    """Days (or months) left in the year from `debut`, that day included, and what a whole year counts."""
    if methode is Prorata.JOURS:
        return (date(debut.year, 12, 31) - debut).days + 1, 366 if isleap(debut.year) else 365
    if methode is Prorata.TRENTE_360:
        return 30 * (12 - debut.month) + 30 - min(debut.day, 30) + 1, 360
    begun = 13 - debut.month
    return (begun if methode is Prorata.MOIS_ENTAMES or debut.day == 1 else begun - 1), 12


def compute_premiere_annee(
    tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata = Prorata.JOURS
) -> PremiereAnnee:
    """F2: first year = annual amount × part of the year from the day the service begins, by one of four methods."""
    annuel = compute_annuel(tarif, quotite)
    jours, base = compute_part(debut, methode)
    du = round_cent(annuel.exact * jours / base)
    unite = "mois" if base == 12 else "jours"
    span = f"du {date_longue(debut)} au 31 décembre {debut.year}"
    step = (
        f"Première année ({methode.label}, {span})\u00a0: {euros(annuel.valeur)} × {jours}/{base} {unite} = {euros(du)}"
    )
    if annuel.exact != Fraction(annuel.valeur):
        step += " (calculé sur le montant annuel exact)"
    return PremiereAnnee(du, jours, base, debut, methode, (*annuel.etapes, step))


def compute_echeancier(du: Decimal, debut: date, periodicite: Periodicite = Periodicite.TRIMESTRE) -> list[Echeance]:
    """F10: `du` in equal shares over the periods begun from `debut` to the end of its year.

    Each instalment is the difference of two rounded running totals, so that their sum is `du` to the cent. Periods that
    were over before `debut` are listed with zero.
    """
    step = periodicite.months
    count, before = 12 // step, (debut.month - 1) // step
    begun, paid = count - before, Decimal(0)
    found = []
    for index in range(count):
        total = round_cent(Fraction(du) * max(0, index + 1 - before) / begun)
        found.append(
            Echeance(
                _period_label(periodicite, index, debut.year), _last_day(debut.year, (index + 1) * step), total - paid
            )
        )
        paid = total
    return found


def _last_day(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date.fromordinal(date(year, month + 1, 1).toordinal() - 1)


_MONTHS = [
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


def _period_label(periodicite: Periodicite, index: int, year: int) -> str:
    if periodicite is Periodicite.AN:
        return f"Année {year}"
    if periodicite is Periodicite.MOIS:
        return f"{_MONTHS[index].capitalize()} {year}"
    return f"{index + 1}{'er' if index == 0 else 'e'} {periodicite.value} {year}"


def compute_heures(quotite: Decimal, heures_annuelles: int = HEURES_ANNUELLES) -> Heures:
    """F6: yearly quota = share of a post × hours of a full-time year (1 607 of work, or 1 820 paid)."""
    exact = Fraction(check_quotite(quotite)) / 100 * heures_annuelles
    minutes = _round_half_up(exact * 60)
    hours = nombre(Decimal(_round_half_up(exact * 100)).scaleb(-2), 2)
    step = f"Temps annuel\u00a0: {pourcentage(quotite)} × {nombre(heures_annuelles)}\u00a0h = {hours}\u00a0h, soit {duree(minutes)}"
    return Heures(minutes, exact, (step,))
