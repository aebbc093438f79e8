"""The cost of a whole term, with tariffs that are not voted yet: assumed revisions, and euros of the first year (G9, G15).

An assumed tariff is one that could be voted: each year's is the one before, revised and rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import euros, pourcentage
from domain.tarification.annee import Part, compute_annee
from domain.tarification.prorata import Period, Prorata
from domain.tarification.rounding import check_montant, round_cent
from domain.tarification.temps import HEURES_ANNUELLES, compute_annee_horaire

REVISION_MAX = 50
"""Yearly revision or inflation beyond which, either way, a percentage is taken for a mistake."""

Taux = Decimal | Mapping[int, Decimal]


@dataclass(frozen=True)
class TarifProjete:
    """The tariff taken for a year: voted for it (`vote`), or assumed from the last one voted."""

    annee: int
    montant: Decimal
    vote: bool
    etape: str | None


@dataclass(frozen=True)
class AnneeProjetee:
    """One year of the term: `du` euros, `constant` the same in euros of the first year, `minutes` of working time,
    `jours` out of `base`, the tariff taken, and the steps."""

    annee: int
    du: Decimal
    constant: Decimal
    minutes: int
    jours: int
    base: int
    tarif: TarifProjete
    etapes: tuple[str, ...]


def project_tarif(tarifs: Mapping[int, Decimal], annee: int, revision: Taux = Decimal(0)) -> TarifProjete:
    """The tariff of `annee` from those voted (euros by year): its own; else the last one before, revised each year since by
    `revision` percent (one rate, or one by year, 0 for a year that is not told); else the first one after, as it is."""
    if not tarifs:
        raise Invalide("Aucun tarif n’est connu : indiquez-en un.", "tarif")
    for montant in tarifs.values():
        check_montant(montant)
    if annee in tarifs:
        return TarifProjete(annee, tarifs[annee], True, None)
    last = max((known for known in tarifs if known < annee), default=min(tarifs))
    montant = tarifs[last]
    for year in range(last + 1, annee + 1):
        rate = check_taux(revision if isinstance(revision, Decimal) else revision.get(year, Decimal(0)), "revision")
        montant = round_cent(Fraction(montant) * (100 + Fraction(rate)) / 100)
    step = f"Tarif {annee} supposé\u00a0: {euros(montant)}, à partir de celui de {last} ({euros(tarifs[last])})"
    if last < annee and isinstance(revision, Decimal) and revision:
        step += f", révisé de {pourcentage(revision)} par an"
    return TarifProjete(annee, montant, False, step)


def check_taux(taux: Decimal, champ: str) -> Decimal:
    """A yearly percentage that makes sense; Invalide at `champ` otherwise."""
    if not taux.is_finite() or abs(taux) > REVISION_MAX:
        raise Invalide(f"Le taux annuel est un pourcentage compris entre -{REVISION_MAX} et {REVISION_MAX}.", champ)
    return taux


def project_annees(
    tarifs: Mapping[int, Decimal],
    parts: Sequence[Part],
    *,
    debut: date,
    terme: date,
    absences: Sequence[Period] = (),
    methode: Prorata = Prorata.JOURS,
    heures_annuelles: int = HEURES_ANNUELLES,
    revision: Taux = Decimal(0),
    inflation: Decimal = Decimal(0),
) -> list[AnneeProjetee]:
    """Every year from `debut` to `terme` of a share of a post. `inflation` percent a year is only used for `constant`."""
    return _project(
        tarifs,
        debut,
        terme,
        revision,
        inflation,
        lambda tarif, annee: _figures(
            compute_annee(
                tarif,
                parts,
                annee,
                debut=debut,
                fin=terme,
                absences=absences,
                methode=methode,
                heures_annuelles=heures_annuelles,
            )
        ),
    )


def project_heures(
    taux: Mapping[int, Decimal],
    minutes_par_an: int,
    *,
    debut: date,
    terme: date,
    methode: Prorata = Prorata.JOURS,
    revision: Taux = Decimal(0),
    inflation: Decimal = Decimal(0),
) -> list[AnneeProjetee]:
    """The same for a service by the hour: `minutes_par_an` planned, `taux` euros an hour by year."""
    return _project(
        taux,
        debut,
        terme,
        revision,
        inflation,
        lambda tarif, annee: _figures(
            compute_annee_horaire(tarif, minutes_par_an, annee, debut=debut, fin=terme, methode=methode)
        ),
    )


@dataclass(frozen=True)
class _Figures:
    du: Decimal
    minutes: int
    jours: int
    base: int
    etapes: tuple[str, ...]


def _figures(year: object) -> _Figures:
    return _Figures(*(getattr(year, name) for name in ("du", "minutes", "jours", "base", "etapes")))


def _project(
    tarifs: Mapping[int, Decimal],
    debut: date,
    terme: date,
    revision: Taux,
    inflation: Decimal,
    price: Callable[[Decimal, int], _Figures],
) -> list[AnneeProjetee]:
    if debut > terme:
        raise Invalide("Le début des prestations est postérieur au terme de la convention.", "debut")
    factor = (100 + Fraction(check_taux(inflation, "inflation"))) / 100
    found = []
    for annee in range(debut.year, terme.year + 1):
        tarif = project_tarif(tarifs, annee, revision)
        year = price(tarif.montant, annee)
        constant = round_cent(Fraction(year.du) / factor ** (annee - debut.year))
        steps = (*((tarif.etape,) if tarif.etape else ()), *year.etapes)
        found.append(AnneeProjetee(annee, year.du, constant, year.minutes, year.jours, year.base, tarif, steps))
    return found
