"""What is billed by the piece: half-days, packages, agents, quotes, and what the contribution already covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import date_longue, euros, nombre
from domain.tarification.prorata import Prorata, compute_base, count_served
from domain.tarification.quotite import tell_exact
from domain.tarification.rounding import MONTANT_MAX, Montant, check_montant, round_cent, round_line

ZERO = Decimal("0.00")

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
    if quantite > MONTANT_MAX:
        raise Invalide("Ce nombre est trop élevé.", "quantite")
    if mode in ("par_agent", "devis") and quantite != quantite.to_integral_value():
        raise Invalide("La quantité est un nombre entier.", "quantite")
    check_montant(prix, "prix")
    shown = f"{_plain(quantite)} {UNITES[mode][quantite >= 2]}"
    if mode == "cotisation":
        step = f"{shown}\u00a0: {euros(0)}, compris dans la cotisation"
        return Montant(ZERO, Fraction(0), (step,))
    exact = Fraction(quantite) * Fraction(prix)
    valeur = round_line(exact)
    return Montant(valeur, exact, (f"{shown} × {euros(prix)} = {euros(valeur)}",))


def _plain(quantite: Decimal) -> str:
    whole = quantite == quantite.to_integral_value()
    return nombre(quantite.to_integral_value() if whole else quantite.normalize())


@dataclass(frozen=True)
class AnneeUnites:
    """What is due for one year of a service billed by the piece; `jours` out of `base` (months for two methods) is the part
    of the year that is served."""

    annee: int
    du: Decimal
    exact: Fraction
    jours: int
    base: int
    etapes: tuple[str, ...]


def compute_annee_unites(
    mode: str,
    quantite: Decimal,
    prix: Decimal,
    annee: int,
    *,
    debut: date,
    fin: date | None = None,
    methode: Prorata = Prorata.JOURS,
) -> AnneeUnites:
    """What `annee` costs, by the way of billing. `par_agent` is a price for an agent and a whole year, in proportion to the
    part of the year from `debut` to `fin`. `demi_journee` and `forfait` are planned quantities of each year served,
    whenever they take place. `devis`: `quantite` is the amount of the quote, due once, in the year of `debut`.
    `cotisation`: 0 €, with its step."""
    base = compute_base(annee, methode)
    served, counted = count_served(annee, debut, fin, methode)
    if served is None or (mode == "devis" and annee != debut.year):
        return AnneeUnites(annee, ZERO, Fraction(0), 0, base, (f"Aucune somme n’est due pour {annee}.",))
    cost = bill_units(mode, Decimal(1), quantite) if mode == "devis" else bill_units(mode, quantite, prix)
    if mode != "par_agent" or counted == base:
        return AnneeUnites(annee, cost.valeur, cost.exact, counted, base, cost.etapes)
    exact = cost.exact * counted / base
    du = round_cent(exact)
    span = f"du {date_longue(served[0])} au {date_longue(served[1])}"
    step = (
        f"Dû pour {annee} ({methode.label}, {span})\u00a0: {euros(cost.valeur)} × {counted}/{base} {methode.unite}"
        f" = {euros(du)}"
    )
    return AnneeUnites(annee, du, exact, counted, base, (*cost.etapes, step + tell_exact(cost)))
