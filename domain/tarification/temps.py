"""Time: the yearly quota of a share (F6), and what minutes cost (F5), with a minimum unit and a minimum of time (B19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import date_longue, duree, euros, nombre, pourcentage
from domain.tarification.prorata import Prorata, compute_base, count_served
from domain.tarification.quotite import check_quotite
from domain.tarification.rounding import Montant, check_minutes, check_montant, round_half_up, round_line

HEURES_ANNUELLES = 1607
"""Hours of a full-time year of work (décret 2000-815)."""


@dataclass(frozen=True)
class Heures:
    """A yearly quota of working hours: whole minutes (half up), the exact hours, and how they were found."""

    minutes: int
    exact: Fraction
    etapes: tuple[str, ...]


@dataclass(frozen=True)
class AnneeHoraire:
    """What the planned hours of one year cost: `minutes` planned for the part of the year that is served, at the hourly
    rate; `jours` out of `base` (months for two methods)."""

    annee: int
    du: Decimal
    exact: Fraction
    jours: int
    base: int
    minutes: int
    etapes: tuple[str, ...]


def compute_heures(quotite: Decimal, heures_annuelles: int = HEURES_ANNUELLES) -> Heures:
    """F6: yearly quota = share of a post × hours of a full-time year (1 607 of work, or 1 820 paid; G4)."""
    if heures_annuelles <= 0:
        raise Invalide("Le nombre d’heures d’un temps complet est supérieur à 0.", "heures_annuelles")
    exact = Fraction(check_quotite(quotite)) / 100 * heures_annuelles
    minutes = round_half_up(exact * 60)
    hours = nombre(Decimal(round_half_up(exact * 100)).scaleb(-2), 2)
    total = f"{nombre(heures_annuelles)}\u00a0h"
    step = f"Temps annuel\u00a0: {pourcentage(quotite)} × {total} = {hours}\u00a0h, soit {duree(minutes)}"
    return Heures(minutes, exact, (step,))


def billable_minutes(minutes: int, unite: int = 1, minimum: int = 0) -> int:
    """What one intervention of `minutes` is billed for: at least `minimum`, then whole units begun. Nothing for nothing."""
    check_minutes(minutes)
    if unite < 1 or minimum < 0:
        raise Invalide("L’unité de facturation est d’une minute au moins, le minimum de temps positif ou nul.", "unite")
    if minutes == 0:
        return 0
    return -(-max(minutes, minimum) // unite) * unite


def bill_minutes(minutes: int, taux: Decimal, *, unite_minutes: int = 1, minimum_minutes: int = 0) -> Montant:
    """F5: minutes × hourly rate / 60, rounded once on the line (never through hundredths of an hour: 7 h 20 at 60 € is
    440,00 €, not 439,80 €; G5, G6). With a unit or a minimum, `minutes` is one intervention."""
    check_montant(taux, "taux")
    billed = billable_minutes(minutes, unite_minutes, minimum_minutes)
    exact = Fraction(taux) * billed / 60
    valeur = round_line(exact)
    steps = []
    if billed != minutes:
        rules = [f"minimum {tell_duree(minimum_minutes)}"] if minutes < minimum_minutes else []
        rules += [f"par {nombre(unite_minutes)}\u00a0min"] if unite_minutes > 1 else []
        steps.append(f"Temps facturé\u00a0: {tell_duree(minutes)} comptées {tell_duree(billed)} ({', '.join(rules)})")
    steps.append(f"{tell_duree(billed)} × {euros(taux)} l’heure = {euros(valeur)}")
    return Montant(valeur, exact, tuple(steps))


def tell_duree(minutes: int) -> str:
    """A duration as people say it: "35 min", "7 h 20"."""
    return f"{minutes}\u00a0min" if 0 < minutes < 60 else duree(minutes)


def compute_annee_horaire(
    taux: Decimal,
    minutes_par_an: int,
    annee: int,
    *,
    debut: date,
    fin: date | None = None,
    methode: Prorata = Prorata.JOURS,
) -> AnneeHoraire:
    """What is committed for one year of a service by the hour: the planned minutes of a whole year, in proportion to the
    part of `annee` from `debut` to `fin`, rounded to the minute, at `taux` euros an hour. What is billed in the end is the
    time that was done."""
    check_minutes(minutes_par_an)
    base = compute_base(annee, methode)
    served, counted = count_served(annee, debut, fin, methode)
    if served is None:
        return AnneeHoraire(
            annee, Decimal("0.00"), Fraction(0), 0, base, 0, (f"Aucune heure n’est prévue pour {annee}.",)
        )
    minutes = round_half_up(Fraction(minutes_par_an * counted, base))
    cost = bill_minutes(minutes, taux)
    steps = list(cost.etapes)
    if counted != base:
        span = f"du {date_longue(served[0])} au {date_longue(served[1])}"
        steps.insert(
            0,
            f"Temps prévu ({methode.label}, {span})\u00a0: {tell_duree(minutes_par_an)} × {counted}/{base}"
            f" {methode.unite} = {tell_duree(minutes)}",
        )
    return AnneeHoraire(annee, cost.valeur, cost.exact, counted, base, minutes, tuple(steps))
