"""What one year of a convention costs: share of a post, first year, absences, changes of share (F2, F3 and F4 in one).

The exact amounts of the parts of the year are added, and the sum is rounded once: splitting a year in two equal shares
changes nothing. What the year gives right to in working time follows the same parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from domain.errors import Invalide
from domain.formatting import date_longue, duree, euros, nombre, pourcentage
from domain.tarification.prorata import (
    Period,
    Prorata,
    check_periods,
    clip_period,
    compute_base,
    count_billed,
    merge_periods,
)
from domain.tarification.quotite import check_quotite, compute_annuel, tell_exact
from domain.tarification.rounding import Montant, check_annee_calculee, check_montant, round_cent, round_half_up
from domain.tarification.temps import HEURES_ANNUELLES


@dataclass(frozen=True)
class Part:
    """A share of a full-time post (percent), from the day `du` on: the convention's, then that of each avenant."""

    quotite: Decimal
    du: date


@dataclass(frozen=True)
class Tranche:
    """A part of the year at one share: `jours` billed (months for two methods) after `absents` were taken away, and what
    they make in euros (`montant` rounded for the reader; `exact` is what adds up). `annuel`: what a whole year makes."""

    quotite: Decimal
    du: date
    au: date
    jours: int
    absents: int
    exact: Fraction
    montant: Decimal
    annuel: Montant


@dataclass(frozen=True)
class Annee:
    """What is due for one year: `du` euros, from the exact sum; `jours` billed out of `base` (months for two methods);
    `minutes` of working time; `annuel`, the whole-year amount at the share of the first billed day; French steps."""

    annee: int
    du: Decimal
    exact: Fraction
    jours: int
    base: int
    minutes: int
    etapes: tuple[str, ...]
    annuel: Decimal
    quotite: Decimal
    methode: Prorata
    tranches: tuple[Tranche, ...] = ()


def compute_annee(
    tarif: Decimal,
    parts: Sequence[Part],
    annee: int,
    *,
    debut: date,
    fin: date | None = None,
    absences: Sequence[Period] = (),
    methode: Prorata = Prorata.JOURS,
    heures_annuelles: int = HEURES_ANNUELLES,
) -> Annee:
    """What `annee` costs with the full-time `tarif` in euros, from `debut` (first services) to `fin` (last day of the
    convention, none when it is not known), less the `absences` imputable to the centre (first and last day included; days
    out of the billed part do not count, a day that two absences cover counts once). Zero for a year without any service.

    Invalide for a share of 0 or over 100, a `fin` before `debut`, an absence that ends before it begins, no share on the
    first day, two shares on the same day.
    """
    check_montant(tarif)
    shares = _check_parts(parts, debut, fin, annee)
    check_periods(absences)
    base = compute_base(annee, methode)
    billed = clip_period((debut, fin or date(annee, 12, 31)), (date(annee, 1, 1), date(annee, 12, 31)))
    if billed is None:
        return _idle_year(tarif, shares[0 if debut.year > annee else -1], annee, debut, fin, methode)
    away = merge_periods(absences, billed)
    tranches = _price_all(tarif, _split(shares, billed), away, methode, base)
    return _sum_up(annee, tranches, away, methode, heures_annuelles)


def _sum_up(
    annee: int, tranches: tuple[Tranche, ...], away: Sequence[Period], methode: Prorata, heures_annuelles: int
) -> Annee:
    """The parts of the year together: exact amounts are added, and rounded once."""
    base = compute_base(annee, methode)
    exact = sum((one.exact for one in tranches), Fraction(0))
    du = round_cent(exact)
    time = sum((Fraction(one.quotite) * one.jours for one in tranches), Fraction(0))
    minutes = round_half_up(time * heures_annuelles * 60 / (100 * base))
    return Annee(
        annee,
        du,
        exact,
        sum(one.jours for one in tranches),
        base,
        minutes,
        (
            *_tell_year(annee, tranches, away, methode, base, du),
            _tell_time(annee, tranches, methode, base, heures_annuelles, minutes),
        ),
        tranches[0].annuel.valeur,
        tranches[0].quotite,
        methode,
        tranches,
    )


def _idle_year(tarif: Decimal, share: Part, annee: int, debut: date, fin: date | None, methode: Prorata) -> Annee:
    """A year before the first services or after the end."""
    if debut.year > annee:
        why = f"les prestations commencent le {date_longue(debut)}."
    else:
        why = f"la convention a pris fin le {date_longue(fin or debut)}."
    annuel = compute_annuel(tarif, share.quotite).valeur
    step = f"Aucune somme n’est due pour {annee}\u00a0: {why}"
    base = compute_base(annee, methode)
    return Annee(annee, Decimal("0.00"), Fraction(0), 0, base, 0, (step,), annuel, share.quotite, methode)


def _check_parts(parts: Sequence[Part], debut: date, fin: date | None, annee: int) -> list[Part]:
    check_annee_calculee(annee)
    if fin is not None and debut > fin:
        raise Invalide(
            f"Le début des prestations ({date_longue(debut)}) est postérieur à la fin de la convention"
            f" ({date_longue(fin)}).",
            "debut",
        )
    shares = sorted(parts, key=lambda part: part.du)
    if not shares or shares[0].du > debut:
        raise Invalide("Indiquez la quotité qui vaut dès le début des prestations.", "quotite")
    for part in shares:
        check_quotite(part.quotite)
    for before, after in pairwise(shares):
        if before.du == after.du:
            raise Invalide(f"Deux quotités sont indiquées pour le {date_longue(after.du)}.", "avenant")
    return shares


def _split(shares: Sequence[Part], billed: Period) -> list[tuple[Decimal, date, date]]:
    """The billed part of the year, cut where the share changes."""
    spans: list[tuple[Decimal, date, date]] = []
    ends = [following.du - timedelta(days=1) for following in shares[1:]] + [billed[1]]
    for share, end in zip(shares, ends, strict=True):
        kept = clip_period((share.du, end), billed)
        if kept is None:
            continue
        if spans and spans[-1][0] == share.quotite:
            spans[-1] = (share.quotite, spans[-1][1], kept[1])
        else:
            spans.append((share.quotite, *kept))
    return spans


def _price_all(
    tarif: Decimal, spans: Sequence[tuple[Decimal, date, date]], away: Sequence[Period], methode: Prorata, base: int
) -> tuple[Tranche, ...]:
    counts = count_billed([(du, au) for _, du, au in spans], away, methode)
    found = []
    for (quotite, du, au), (counted, absent) in zip(spans, counts, strict=True):
        annuel = compute_annuel(tarif, quotite)
        exact = annuel.exact * (counted - absent) / base
        found.append(Tranche(quotite, du, au, counted - absent, absent, exact, round_cent(exact), annuel))
    return tuple(found)


def _tell_year(
    annee: int,
    tranches: Sequence[Tranche],
    away: Sequence[Period],
    methode: Prorata,
    base: int,
    du: Decimal,
) -> list[str]:
    steps = [
        f"Sans assistant, du fait du centre\u00a0: du {date_longue(first)} au {date_longue(last)}"
        for first, last in away
    ]
    for one in tranches:
        steps += one.annuel.etapes
        counted = one.jours + one.absents
        if one.absents:
            steps.append(f"{methode.unite.capitalize()} facturés\u00a0: {counted} − {one.absents} = {one.jours}")
        span = f"du {date_longue(one.du)} au {date_longue(one.au)}"
        label = f"Dû pour {annee}" if len(tranches) == 1 else f"À {pourcentage(one.quotite)}"
        steps.append(
            f"{label} ({methode.label}, {span})\u00a0: {euros(one.annuel.valeur)} × {one.jours}/{base} {methode.unite}"
            f" = {euros(one.montant)}{tell_exact(one.annuel)}"
        )
    if len(tranches) > 1:
        listed = " + ".join(euros(one.montant) for one in tranches)
        gap = "" if sum(one.montant for one in tranches) == du else " (arrondi une seule fois, sur la somme exacte)"
        steps.append(f"Dû pour {annee}\u00a0: {listed} = {euros(du)}{gap}")
    return steps


def _tell_time(
    annee: int, tranches: Sequence[Tranche], methode: Prorata, base: int, heures_annuelles: int, minutes: int
) -> str:
    """The working time of the year, from the shares and the parts of the year that they are billed for."""
    whole = f"{nombre(heures_annuelles)}\u00a0h"
    if len(tranches) == 1:
        found = f"{pourcentage(tranches[0].quotite)} × {whole} × {tranches[0].jours}/{base} {methode.unite}"
    else:
        parts = " + ".join(f"{pourcentage(one.quotite)} × {one.jours}/{base}" for one in tranches)
        found = f"({parts}) × {whole}"
    return f"Temps de travail dû pour {annee}\u00a0: {found} = {duree(minutes)}"
