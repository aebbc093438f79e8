"""Dates of a convention: its term, its yearly periods, renewals, notice and deadlines (formulas F8 and F9, ambiguities B10 to B16).

Nothing here knows today: what is past or to come is the caller's question.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.errors import Invalide
from domain.formatting import date_longue
from domain.offer import Echeance, Offer
from domain.tarification import Periodicite, period_bounds

RECONDUCTIONS = 4
DERNIER_JOUR = (9, 29)
"""Month and day: « avant le 30 septembre » excludes the 30th, whatever day of the week it is (ambiguity B12)."""
BILAN = (3, 31)
"""Month and day by which the report of a year is expected in the next one: no text gives a date (E13)."""

Mode = Literal["tacite", "expresse", "aucune"]
Recevabilite = Literal["oui", "tardive", "sans_objet"]


@dataclass(frozen=True)
class Preavis:
    """Notice may be given on any day, so many months ahead: no day is too late, and the end is not that of a year."""

    mois: int


Delai = tuple[int, int] | Preavis
"""When notice is given: by a day of each year (month and day) for its 31 December, or on any day, some months ahead."""


@dataclass(frozen=True)
class Regles:
    """What an offer says of the dates of its conventions; the defaults are those of the convention that domaine.md describes."""

    reconductions: int = RECONDUCTIONS
    mode: Mode = "tacite"
    delai: Delai = DERNIER_JOUR
    periodicite: Periodicite = Periodicite.TRIMESTRE
    bilan: tuple[int, int] = BILAN


def rules_of(offer: Offer) -> Regles:
    """The rules of dates of an offer: an offer without renewal runs to 31 December of the year of effect."""
    notice = offer.denonciation
    by_day = (notice.dernier_mois, notice.dernier_jour)
    return Regles(
        reconductions=offer.duree.nombre,
        mode=offer.duree.mode,
        delai=Preavis(notice.preavis_mois) if notice.mode == "preavis" else by_day,
        periodicite=offer.facturation.periodicite,
    )


@dataclass(frozen=True)
class Periode:
    """One period of a convention: the first runs to 31 December, the others are calendar years (rank 0 is the first). It has
    no last day of notice where notice is given on any day."""

    rang: int
    du: date
    au: date
    dernier_jour_denonciation: date | None

    @property
    def reconduction(self) -> bool:
        """True for the renewed years, False for the first period."""
        return self.rang > 0


def compute_terme(date_effet: date, reconductions: int = RECONDUCTIONS) -> date:
    """F8: 31 December of the year of effect plus the number of renewals, whatever day of that year it took effect. Invalide
    when no calendar has that year."""
    if date_effet.year + reconductions > date.max.year:
        raise Invalide("L’année de prise d’effet est trop lointaine : vérifiez cette date.", "effet")
    return date(date_effet.year + reconductions, 12, 31)


def list_periodes(date_effet: date, reconductions: int = RECONDUCTIONS, delai: Delai = DERNIER_JOUR) -> list[Periode]:
    """The periods from `date_effet` to the term: four renewals of one year each, every one of which can be ended (B10)."""
    first = Periode(0, date_effet, date(date_effet.year, 12, 31), last_notice_day(date_effet.year, delai))
    years = range(date_effet.year + 1, date_effet.year + reconductions + 1)
    rest = (
        Periode(rang, date(year, 1, 1), date(year, 12, 31), last_notice_day(year, delai))
        for rang, year in enumerate(years, start=1)
    )
    return [first, *rest]


def last_notice_day(annee: int, delai: Delai = DERNIER_JOUR) -> date | None:
    """The last day on which notice given in `annee` ends the convention on 31 December of that year; never moved by a
    Sunday or a public holiday (B12). None where notice is given on any day."""
    return None if isinstance(delai, Preavis) else date(annee, *delai)


def add_mois(jour: date, mois: int) -> date:
    """The day of the same number `mois` months later, the last of that month when it has no such day: as a delay in months is
    counted (code de procédure civile, art. 641). Invalide when no calendar has that day."""
    year, month = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    if year > date.max.year:
        raise Invalide("Cette date est trop lointaine : vérifiez-la.")
    return date(year, month + 1, min(jour.day, monthrange(year, month + 1)[1]))


# Notice -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """What a notice does. `fin`: last day of the convention when it is receivable; `fin_proposee`: the one that a person must
    confirm when it is late. `sans_portee`: late, and the end proposed is the term, so it changes nothing. `avant_effet`: its
    date is before the effect, which deserves a person's eye."""

    recevabilite: Recevabilite
    fin: date | None = None
    fin_proposee: date | None = None
    sans_portee: bool = False
    avant_effet: bool = False

    @property
    def proposee(self) -> date | None:
        """The end to propose to the person who confirms, whatever its kind; None when there is nothing to confirm."""
        return self.fin or self.fin_proposee


def classify_notice(
    date_reference: date, *, effet: date, terme: date | None = None, delai: Delai = DERNIER_JOUR
) -> Notice:
    """What a notice dated `date_reference` (the date of the letter that the centre counts, B13) does to a convention that takes
    effect on `effet` and stops at `terme` (default: four renewals).

    F9 and B14: given by the last day of notice of a year, it ends the convention on 31 December of that year; later, the end
    proposed is 31 December of the year after, or the term if that comes first or on the same day. In the year of the term, or
    after it, there is nothing to end. Dated in a year before the effect, it counts for the first period, since it cannot end
    what has not begun. On any day (`Preavis`), it ends the convention so many months later, counted from the effect at the
    earliest, unless the term comes first or on the same day.
    """
    terme = terme or compute_terme(effet)
    early = date_reference < effet
    if isinstance(delai, Preavis):
        return _after_delay(max(date_reference, effet), terme, delai, early)
    if date_reference.year >= terme.year:
        return Notice("sans_objet", avant_effet=early)
    if date_reference <= date(date_reference.year, *delai):
        end = date(max(date_reference.year, effet.year), 12, 31)
        return Notice("sans_objet", avant_effet=early) if end >= terme else Notice("oui", fin=end, avant_effet=early)
    proposed = min(date(date_reference.year + 1, 12, 31), terme)
    if date_reference.year + 1 < effet.year:
        proposed = min(date(effet.year, 12, 31), terme)
    return Notice("tardive", fin_proposee=proposed, sans_portee=proposed >= terme, avant_effet=early)


def _after_delay(counted: date, terme: date, delai: Preavis, early: bool) -> Notice:
    if counted >= terme or (end := add_mois(counted, delai.mois)) >= terme:
        return Notice("sans_objet", avant_effet=early)
    return Notice("oui", fin=end, avant_effet=early)


# Deadlines --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class EcheanceDate:
    """One deadline: its day, its kind and its title in French."""

    le: date
    kind: Echeance
    titre: str


def list_echeances(
    *,
    effet: date,
    debut: date | None = None,
    terme: date | None = None,
    fin: date | None = None,
    regles: Regles | None = None,
    mise_en_demeure: date | None = None,
) -> list[EcheanceDate]:
    """The deadlines of one convention, oldest first (domaine.md 2.5).

    `debut`: first day of the services; `fin`: last day decided before the term; `mise_en_demeure`: last day of the delay of a
    formal notice that waits for its answer. Nothing is expected past the last day, save the report of the last year.
    """
    regles = regles or Regles()
    debut = debut or effet
    terme = terme or compute_terme(effet, regles.reconductions)
    last = min(fin or terme, terme)
    found = [EcheanceDate(debut, "debut", "Début des prestations")] if debut <= last else []
    found += _renewals(effet, terme, last, regles, noticed=fin is not None and fin < terme)
    found += _statements(debut, last, regles.periodicite)
    found += [
        EcheanceDate(date(year + 1, *regles.bilan), "bilan", f"Bilan annuel {year} à publier")
        for year in range(debut.year, last.year + 1)
        if year < date.max.year
    ]
    if mise_en_demeure is not None:
        found.append(EcheanceDate(mise_en_demeure, "mise_en_demeure", "Fin du délai de la mise en demeure"))
    if last < terme:
        found.append(EcheanceDate(last, "fin", "Fin de la convention"))
    else:
        found.append(EcheanceDate(terme, "terme", "Terme de la convention"))
    return sorted(found)


def _renewals(effet: date, terme: date, last: date, regles: Regles, *, noticed: bool) -> Iterator[EcheanceDate]:
    """Last days of notice, votes of the tariff and renewals of each period that another one follows."""
    for periode in list_periodes(effet, terme.year - effet.year, regles.delai)[:-1]:
        following = periode.au.year + 1
        day = periode.dernier_jour_denonciation
        if day is not None and effet <= day <= last and not (noticed and periode.au >= last):
            yield EcheanceDate(
                day, "denonciation", f"Dernier jour pour dénoncer avec effet au {date_longue(date(following, 1, 1))}"
            )
        if periode.au >= last:
            return
        yield EcheanceDate(periode.au, "vote_tarif", f"Tarif {following} à voter")
        if regles.mode == "expresse":
            yield EcheanceDate(periode.au, "reconduction", f"Renouvellement pour {following} à accepter")
        else:
            yield EcheanceDate(date(following, 1, 1), "reconduction", f"Reconduction tacite pour {following}")


def _statements(debut: date, last: date, periodicite: Periodicite) -> Iterator[EcheanceDate]:
    """Last day of each period that a statement is made for; none when the end comes before the services."""
    if debut > last:
        return
    for year in range(debut.year, last.year + 1):
        for index in range(12 // periodicite.months):
            first, end = period_bounds(year, periodicite, index)
            if end >= debut and first <= last:
                yield EcheanceDate(min(end, last), "facturation", "Fin d’une période de facturation")
