"""What one way of paying costs, year by year: a share of a post, hours, or another of the centre's voted tariffs.

Amounts come from the tariff engine (domain.tarification); here are only the tariffs that each year takes, and words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import Invalide
from domain.formatting import NBSP, duree, euros, nombre, pourcentage
from domain.tarification import (
    AnneeProjetee,
    Echeance,
    Part,
    Periodicite,
    Prorata,
    bill_minutes,
    bill_units,
    compute_annee_unites,
    compute_annuel,
    compute_echeancier,
    compute_heures,
    project_annees,
    project_heures,
    round_cent,
)
from domain.tarifs import Tarif, TarifAbsent, choose_tarif
from services.pilotage.parametres import Parametres

DEMI_JOURNEE = 210
"""Minutes of half a day: half of the seven hours of work that the 1 607 h of a year are counted in (décret 2000-815)."""
UNITES = {"demi_journee": "À la demi-journée", "par_agent": "Par agent et par an"}
"""Other codes of tariffs that are compared when the centre has voted them, with their French name."""


@dataclass(frozen=True)
class Grille:
    """The known tariffs of one code: euros by year. `premier` is the voted tariff that the first year takes, None when its
    amount was typed (`saisi`) or assumed; `supposes` are the years whose amount is an assumed vote."""

    code: str
    montants: Mapping[int, Decimal]
    premier: Tarif | None
    saisi: bool = False
    supposes: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Formule:
    """One way of paying. `annuel`: a whole year at the tariff of the first; `echeances`: instalments of the first year;
    `minutes`: working time of a whole year."""

    code: str
    titre: str
    quantite: str
    de_l_offre: bool
    minutes: int
    tarif: Decimal
    annuel: Decimal
    annees: tuple[AnneeProjetee, ...]
    echeances: tuple[Echeance, ...]
    etapes: tuple[str, ...]

    @property
    def premiere(self) -> AnneeProjetee:
        """The year in which the services begin."""
        return self.annees[0]

    @property
    def total(self) -> Decimal:
        """Euros of the whole term."""
        return sum((one.du for one in self.annees), Decimal("0.00"))

    @property
    def total_constant(self) -> Decimal:
        """The same in euros of the first year."""
        return sum((one.constant for one in self.annees), Decimal("0.00"))

    @property
    def cout_horaire(self) -> Decimal | None:
        """What an hour of a whole year costs."""
        return round_cent(Fraction(self.annuel) * 60 / self.minutes) if self.minutes else None


@dataclass(frozen=True)
class Regles:
    """What every way of paying shares."""

    parametres: Parametres
    terme: date
    prorata: Prorata
    heures_annuelles: int
    periodicite: Periodicite


def find_grille(
    tarifs: Sequence[Tarif], code: str, p: Parametres, *, typed: Decimal | None = None, votes: bool = False
) -> Grille | None:
    """The tariffs of `code` from the first year on: the amount typed in place of what was voted, else those voted (the first
    year takes the last one voted before, B03), with the assumed votes when `votes`. None when nothing is known."""
    first = p.debut.year
    assumed = dict(p.votes) if votes else {}
    if typed is not None:
        later = {year: montant for year, montant in assumed.items() if year > first}
        return Grille(code, {first: typed} | later, None, saisi=True, supposes=frozenset(later))
    montants: dict[int, Decimal] = {}
    premier = _choose(tarifs, code, first, p)
    if premier is not None:
        montants[first] = premier.montant
        for annee in range(first + 1, first + 30):
            voted = _choose(tarifs, code, annee, p)
            if voted is not None and voted.annee == annee:
                montants[annee] = voted.montant
    montants |= {year: montant for year, montant in assumed.items() if year >= first}
    if first not in montants:
        return None
    return Grille(code, montants, None if first in assumed else premier, supposes=frozenset(assumed))


def _choose(tarifs: Sequence[Tarif], code: str, annee: int, p: Parametres) -> Tarif | None:
    try:
        return choose_tarif(tarifs, code, annee, affiliee=p.affiliee, effectif=p.agents)
    except TarifAbsent:
        return None


def build_part(grille: Grille, quotite: Decimal, regles: Regles, *, de_l_offre: bool) -> Formule:
    """A share of a post, its changes and the days without an assistant (F1 to F4)."""
    p = regles.parametres
    years = project_annees(
        grille.montants,
        [Part(quotite, p.debut), *(Part(share, day) for share, day in p.avenants)],
        debut=p.debut,
        terme=regles.terme,
        absences=p.absences,
        methode=regles.prorata,
        heures_annuelles=regles.heures_annuelles,
        revision=p.hausse,
        inflation=p.inflation,
    )
    tarif = grille.montants[p.debut.year]
    annuel, heures = compute_annuel(tarif, quotite), compute_heures(quotite, regles.heures_annuelles)
    return Formule(
        code="part",
        titre="Part d’un temps plein",
        quantite=pourcentage(quotite),
        de_l_offre=de_l_offre,
        minutes=heures.minutes,
        tarif=tarif,
        annuel=annuel.valeur,
        annees=tuple(years),
        echeances=_instalments(years[0], regles),
        etapes=(*annuel.etapes, *heures.etapes),
    )


def build_heures(grille: Grille, minutes: int, regles: Regles, *, de_l_offre: bool) -> Formule:
    """Hours at a rate (F5)."""
    years = _hours(grille, minutes, regles)
    tarif = grille.montants[regles.parametres.debut.year]
    annuel = bill_minutes(minutes, tarif)
    return Formule(
        code="heures",
        titre="À l’heure",
        quantite=duree(minutes),
        de_l_offre=de_l_offre,
        minutes=minutes,
        tarif=tarif,
        annuel=annuel.valeur,
        annees=tuple(years),
        echeances=_instalments(years[0], regles),
        etapes=annuel.etapes,
    )


def build_unites(grille: Grille, minutes: int, regles: Regles, *, de_l_offre: bool) -> Formule | None:
    """Half-days (begun ones count), or so much for each agent; None without a number of agents."""
    p = regles.parametres
    if grille.code == "par_agent" and p.agents is None:
        return None
    years = []
    for year in _hours(grille, minutes, regles):
        # Half-days of the offer itself are those of each year served; compared with a share, those of the same time.
        worked = minutes if de_l_offre else year.minutes
        cost = compute_annee_unites(
            grille.code,
            _units(grille.code, worked, p.agents),
            year.tarif.montant,
            year.annee,
            debut=p.debut,
            fin=regles.terme,
            methode=regles.prorata,
        )
        constant = round_cent(Fraction(cost.du) / (1 + Fraction(p.inflation) / 100) ** (year.annee - p.debut.year))
        years.append(replace(year, du=cost.du, constant=constant, etapes=cost.etapes))
    quantite = _units(grille.code, minutes, p.agents)
    tarif = grille.montants[p.debut.year]
    annuel = bill_units(grille.code, quantite, tarif)
    unit = "demi-journées" if grille.code == "demi_journee" else "agents"
    return Formule(
        code=grille.code,
        titre=UNITES[grille.code],
        quantite=f"{nombre(quantite)}{NBSP}{unit}",
        de_l_offre=de_l_offre,
        minutes=minutes,
        tarif=tarif,
        annuel=annuel.valeur,
        annees=tuple(years),
        echeances=_instalments(years[0], regles),
        etapes=annuel.etapes,
    )


def _units(code: str, minutes: int, agents: int | None) -> Decimal:
    return Decimal(agents or 0) if code == "par_agent" else Decimal(-(-minutes // DEMI_JOURNEE))


def _hours(grille: Grille, minutes: int, regles: Regles) -> list[AnneeProjetee]:
    p = regles.parametres
    return project_heures(
        grille.montants,
        minutes,
        debut=p.debut,
        terme=regles.terme,
        methode=regles.prorata,
        revision=p.hausse,
        inflation=p.inflation,
    )


def _instalments(first: AnneeProjetee, regles: Regles) -> tuple[Echeance, ...]:
    """Instalments of the year in which the services begin, at the offer's rhythm (F10)."""
    return tuple(compute_echeancier(first.du, regles.parametres.debut, regles.periodicite))


def share_of(minutes: int, heures_annuelles: int) -> Decimal:
    """The share of a post that makes so many minutes a year, in percent of two decimals (half up)."""
    return round_cent(Fraction(minutes * 100, heures_annuelles * 60))


def share_for(agents: int, ratio: int) -> Decimal:
    """The share of a post for so many agents, when a full-time post follows `ratio` of them. Invalide past a whole post:
    a convention is for one post at most."""
    share = round_cent(Fraction(agents * 100, ratio))
    if share > 100:
        raise Invalide(
            f"{nombre(agents)} agents représentent {pourcentage(share)} d’un temps plein : une convention porte sur un "
            "poste au plus. Simulez chaque poste à part.",
            "agents",
        )
    return max(share, Decimal("0.01"))


def tell_share(minutes: int, heures_annuelles: int) -> str:
    """How `share_of` found it."""
    share = pourcentage(share_of(minutes, heures_annuelles))
    return f"Part équivalente{NBSP}: {duree(minutes)} / {nombre(heures_annuelles)}{NBSP}h = {share}"


def tell_agents(agents: int, ratio: int) -> str:
    """How `share_for` found it."""
    share = pourcentage(share_for(agents, ratio))
    return f"Part d’un temps plein{NBSP}: {nombre(agents)} agents / {nombre(ratio)} agents par temps plein = {share}"


def tell_price(year: AnneeProjetee, grille: Grille) -> str:
    """The tariff of a year, and where it comes from."""
    montant = euros(year.tarif.montant)
    if not year.tarif.vote or year.annee in grille.supposes:
        return f"{montant} (supposé)"
    if grille.saisi:
        return f"{montant} (saisi)"
    first = min(grille.montants)
    if year.annee == first and grille.premier is not None and grille.premier.annee != first:
        return f"{montant} (voté pour {grille.premier.annee})"
    return montant
