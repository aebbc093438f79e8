"""What is billed by the piece: half-days, packages, agents, quotes, and what the contribution already covers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import euros, nombre
from domain.tarification.rounding import Montant, check_montant, round_cent

UNITES = {
    "demi_journee": ("demi-journée", "demi-journées"),
    "forfait": ("forfait", "forfaits"),
    "par_agent": ("agent", "agents"),
    "cotisation": ("unité", "unités"),
    "devis": ("devis", "devis"),
}
"""French singular and plural of what each mode counts."""


def bill_units(mode: str, quantite: Decimal, prix: Decimal) -> Montant:
    """`quantite` × `prix` euros, rounded once. `cotisation`: 0 €, but a line with its step, so that the service is traced
    (M25). `devis`: `prix` is the amount of the quote. `par_agent` counts whole agents.

    Invalide for an unknown mode, a negative or fractional number where it makes no sense, a price that is no price."""
    if mode not in UNITES:
        raise Invalide("Ce mode de facturation n’existe pas.", "mode")
    if not quantite.is_finite() or quantite < 0:
        raise Invalide("La quantité est un nombre positif ou nul.", "quantite")
    if mode in ("par_agent", "devis") and quantite != quantite.to_integral_value():
        raise Invalide("La quantité est un nombre entier.", "quantite")
    check_montant(prix, "prix")
    shown = f"{_plain(quantite)} {UNITES[mode][quantite >= 2]}"
    if mode == "cotisation":
        step = f"{shown}\u00a0: {euros(0)}, compris dans la cotisation"
        return Montant(Decimal("0.00"), Fraction(0), (step,))
    exact = Fraction(quantite) * Fraction(prix)
    valeur = round_cent(exact)
    return Montant(valeur, exact, (f"{shown} × {euros(prix)} = {euros(valeur)}",))


def _plain(quantite: Decimal) -> str:
    whole = quantite == quantite.to_integral_value()
    return nombre(quantite.to_integral_value() if whole else quantite.normalize())
