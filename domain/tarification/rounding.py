"""Exact arithmetic: everything is computed on fractions, and rounded once, on the line that is billed (domaine.md §7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide

MONTANT_MAX = Decimal("9999999999.99")
"""The largest amount that the portal records, in euros."""

ANNEES = (1900, 2200)
"""Years that can be priced: those that the dates of a form may have."""

MINUTES_MAX = 10_000_000
"""The longest time that one line bills, a hundred full-time years: beyond, it is a mistake."""


@dataclass(frozen=True)
class Montant:
    """An amount in euros, rounded, the exact value it comes from, and the French steps that lead to it."""

    valeur: Decimal
    exact: Fraction
    etapes: tuple[str, ...]


def round_half_up(exact: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    sign = -1 if exact < 0 else 1
    return sign * ((2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator))


def round_cent(exact: Fraction) -> Decimal:
    """`exact` euros rounded half up (away from zero) to the cent (G7)."""
    return Decimal(round_half_up(exact * 100)).scaleb(-2)


def check_montant(montant: Decimal, champ: str = "tarif") -> Decimal:
    """A price in euros when it is a number, not negative, small enough to be recorded, and in whole cents, since steps print
    cents; Invalide at `champ` otherwise."""
    if not montant.is_finite() or montant < 0:
        raise Invalide("Le montant est un nombre d’euros, positif ou nul.", champ)
    if montant > MONTANT_MAX:
        raise Invalide("Ce montant est trop élevé pour être enregistré.", champ)
    if montant != round(montant, 2):
        raise Invalide("Le montant est un nombre d’euros, avec deux décimales au plus.", champ)
    return montant


def check_annee_calculee(annee: int, champ: str = "annee") -> int:
    """A year that can be priced; Invalide at `champ` otherwise."""
    if not ANNEES[0] <= annee <= ANNEES[1]:
        raise Invalide(f"L’année est comprise entre {ANNEES[0]} et {ANNEES[1]}.", champ)
    return annee


def check_minutes(minutes: int, champ: str = "minutes") -> int:
    """A duration in whole minutes when it is not negative nor absurd; Invalide at `champ` otherwise."""
    if minutes < 0:
        raise Invalide("Une durée ne peut pas être négative.", champ)
    if minutes > MINUTES_MAX:
        raise Invalide("Cette durée est trop longue : vérifiez qu’elle est en minutes.", champ)
    return minutes


def round_line(exact: Fraction) -> Decimal:
    """What a line is billed for: `exact` euros rounded half up to the cent. Invalide when it is too much to be recorded."""
    montant = round_cent(exact)
    if montant > MONTANT_MAX:
        raise Invalide(
            "Le montant calculé est trop élevé pour être enregistré : vérifiez le prix et la quantité.", "prix"
        )
    return montant
