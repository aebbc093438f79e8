"""A share of a full-time post: annual amount and first year (formulas F1 and F2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import date_longue, euros, pourcentage
from domain.tarification.prorata import Prorata, compute_part
from domain.tarification.rounding import Montant, check_montant, round_cent


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
        return self.methode.unite


def check_quotite(quotite: Decimal, champ: str = "besoin.quotite") -> Decimal:
    """`quotite` (percent of a full-time post) when it is over 0, at most 100 and of two decimals; Invalide otherwise."""
    if not quotite.is_finite() or not 0 < quotite <= 100 or quotite != round(quotite, 2):
        raise Invalide(
            "La quotité est un pourcentage supérieur à 0, de 100 au plus, avec deux décimales au plus.", champ
        )
    return quotite


def compute_annuel(tarif: Decimal, quotite: Decimal) -> Montant:
    """F1: annual amount = full-time tariff × share of a post (percent, two decimals kept: never 48 % for 47,70 %, G17)."""
    exact = Fraction(check_montant(tarif)) * Fraction(check_quotite(quotite)) / 100
    valeur = round_cent(exact)
    return Montant(valeur, exact, (f"Montant annuel\u00a0: {euros(tarif)} × {pourcentage(quotite)} = {euros(valeur)}",))


def compute_premiere_annee(
    tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata = Prorata.JOURS
) -> PremiereAnnee:
    """F2: first year = annual amount × part of the year from the day the service begins, by one of four methods."""
    annuel = compute_annuel(tarif, quotite)
    jours, base = compute_part(debut, methode)
    du = round_cent(annuel.exact * jours / base)
    span = f"du {date_longue(debut)} au 31 décembre {debut.year}"
    label = f"Première année ({methode.label}, {span})"
    step = f"{label}\u00a0: {euros(annuel.valeur)} × {jours}/{base} {methode.unite} = {euros(du)}"
    return PremiereAnnee(du, jours, base, debut, methode, (*annuel.etapes, step + tell_exact(annuel)))


def tell_exact(annuel: Montant) -> str:
    """What to add to a step that shows the rounded annual amount but starts from the exact one; empty when they agree."""
    return "" if annuel.exact == Fraction(annuel.valeur) else " (calculé sur le montant annuel exact)"
