"""The break-even point between a share of a post and the same service by the hour (F7, G8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from domain.errors import Invalide
from domain.formatting import euros, nombre, pourcentage
from domain.tarification.quotite import compute_annuel
from domain.tarification.rounding import check_montant, round_cent, round_half_up
from domain.tarification.temps import HEURES_ANNUELLES, compute_heures, tell_duree


@dataclass(frozen=True)
class Seuil:
    """`exact_heures`: hours a year at which both cost the same; `minutes_des`: whole minutes from which the share costs
    less; `part_du_temps_plein`: these hours as a percentage of the quota that the share gives right to (the same for every
    share; over 100, the share never costs less); `cout_horaire_moyen`: what an hour of the quota costs, in euros."""

    exact_heures: Fraction
    minutes_des: int
    part_du_temps_plein: Fraction
    cout_horaire_moyen: Decimal
    etapes: tuple[str, ...]


def compute_seuil(tarif: Decimal, quotite: Decimal, taux: Decimal, heures_annuelles: int = HEURES_ANNUELLES) -> Seuil:
    """F7: annual amount of the share / hourly rate. Invalide when the hourly rate is 0: there is no such point."""
    if check_montant(taux, "taux") == 0:
        raise Invalide("Le tarif horaire est supérieur à 0 : sans lui, il n’y a pas de point d’équilibre.", "taux")
    annuel = compute_annuel(tarif, quotite)
    quota = compute_heures(quotite, heures_annuelles)
    hours = annuel.exact / Fraction(taux)
    # The first minute whose amount, rounded half up to the cent, is over the rounded annual amount.
    minutes = max(0, ceil((Fraction(annuel.valeur) + Fraction(1, 200)) * 60 / Fraction(taux)))
    part = hours / quota.exact * 100
    mean = round_cent(annuel.exact / quota.exact)
    shown = nombre(Decimal(round_half_up(hours * 1000)).scaleb(-3), 3)
    share = pourcentage(Decimal(round_half_up(part * 1000)).scaleb(-3), 3)
    steps = (
        *annuel.etapes,
        f"Point d’équilibre\u00a0: {euros(annuel.valeur)} / {euros(taux)} l’heure = {shown}\u00a0h,"
        f" soit {share} du temps de travail correspondant",
        f"L’adhésion est moins chère à partir de {tell_duree(minutes)} par an",
        f"Coût horaire moyen de l’adhésion\u00a0: {euros(annuel.valeur)} /"
        f" {nombre(Decimal(round_half_up(quota.exact * 100)).scaleb(-2), 2)}\u00a0h = {euros(mean)}",
    )
    return Seuil(hours, minutes, part, mean, steps)
