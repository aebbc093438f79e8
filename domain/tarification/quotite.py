"""A share of a full-time post: annual amount (formula F1)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import euros, pourcentage
from domain.tarification.rounding import Montant, check_montant, round_cent


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


def tell_exact(annuel: Montant) -> str:
    """What to add to a step that shows the rounded annual amount but starts from the exact one; empty when they agree."""
    return "" if annuel.exact == Fraction(annuel.valeur) else " (calculé sur le montant annuel exact)"
