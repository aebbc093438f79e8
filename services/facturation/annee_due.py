"""What is due for one year of a convention, by the offer's way of billing, its signed avenants included (F1 to F4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_longue, euros
from domain.offer import Facturation, Offer
from domain.tarification import (
    Annee,
    Part,
    Periodicite,
    Prorata,
    compute_annee,
    compute_annee_horaire,
    compute_annee_unites,
    period_bounds,
    round_cent,
)
from domain.tarifs import Tarif, TarifAbsent, choose_tarif
from models import Avenant, Convention, Denonciation, Depot, PeriodeSansAssistant
from services.centre.offres import get_offer, list_tarifs
from services.facturation.minutes import CHUNK

COMMITTED_STATES = ("en_vigueur", "denoncee", "en_demeure", "resiliee", "echue", "remplacee")
"""States of a convention that commits money: signed by both parties, whatever became of it since."""

BY_THE_HOUR = "horaire"
BY_SHARE = "quotite"
AMOUNT_IN_CONVENTION = ("demi_journee", "forfait", "par_agent", "devis")
"""Ways of billing whose quantity (or amount, for a quote) is an answer of the dossier."""


@dataclass(frozen=True)
class Contexte:
    """What prices the years of the conventions of one centre, read once for many conventions. `avenants`: those that are
    signed, by convention, oldest effect first. `fins`: the last day that something else leaves to a convention that a breach
    ended: the notice confirmed before, the eve of the signed convention that follows."""

    tarifs: Sequence[Tarif]
    absences: Mapping[UUID, Sequence[tuple[date, date]]]
    avenants: Mapping[UUID, Sequence[Avenant]] = field(default_factory=dict)
    reponses: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    fins: Mapping[UUID, date] = field(default_factory=dict)


@dataclass(frozen=True)
class AnneeDue:
    """What is due for one year of a convention: euros, minutes of the quota, the tariff taken (None: none was ever voted;
    of another year: to be lifted by a person, B03), how it was found, and the number of units where it is billed by them.
    `quotites`: the shares of a post of the year, in order, where it is billed by them."""

    annee: int
    du: Decimal
    minutes: int
    tarif: Tarif | None
    etapes: tuple[str, ...]
    quantite: Decimal = Decimal(0)
    quotites: tuple[Decimal, ...] = ()


def first_day(convention: Convention) -> date:
    """First day that is billed: the first services, which may be later than the effect (G13)."""
    return max(convention.date_effet, convention.date_debut_prestations)


def last_day(convention: Convention) -> date:
    """Last day that is billed: the term or the end decided before it, never before the first day."""
    return max(convention.dernier_jour, first_day(convention))


def billed_until(convention: Convention, billing: Facturation, contexte: Contexte) -> date:
    """Last day that the annual amount pays for. Where the offer says so, the breach of the collectivité takes nothing off the
    year that it ends in (8.2 al. 1): until 31 December, the term, or the day that would have ended it anyway."""
    last = last_day(convention)
    if not (billing.resiliation_annee_entiere and convention.fin_motif == "resiliation"):
        return last
    return max(last, min(_year_end(convention), contexte.fins.get(convention.id, date.max)))


def _year_end(convention: Convention) -> date:
    return min(date(convention.dernier_jour.year, 12, 31), convention.terme)


def _tell_whole(convention: Convention, billing: Facturation, contexte: Contexte, annee: int) -> tuple[str, ...]:
    until = billed_until(convention, billing, contexte)
    if annee != until.year or until == last_day(convention):
        return ()
    part = "en entier" if until == _year_end(convention) else f"jusqu’au {date_longue(until)}"
    return (
        f"Résiliation pour manquement au {date_longue(convention.dernier_jour)}\u00a0: le montant de {annee} reste dû {part} "
        "(article 8.2).",
    )


def list_years(convention: Convention) -> range:
    """The years of a convention, from its effect to its last day."""
    return range(convention.date_effet.year, convention.dernier_jour.year + 1)


def parts_of(convention: Convention, avenants: Sequence[Avenant] = ()) -> list[Part]:
    """The shares of a post of a convention, each from a day on: its own, then that of each signed avenant that changes it.
    One that takes effect before the first services replaces the share before it."""
    if convention.quotite is None:
        return []
    start = first_day(convention)
    shares = {start: convention.quotite}
    for one in avenants:
        if one.quotite is not None:
            shares[max(one.date_effet, start)] = one.quotite
    return [Part(share, day) for day, share in sorted(shares.items())]


def _hours_of(convention: Convention, avenants: Sequence[Avenant], methode: Prorata) -> list[tuple[int, date, date]]:
    """The planned minutes of a whole year, each with its first and last day, as `parts_of` for shares."""
    start = first_day(convention)
    planned = {start: convention.minutes_prevues or 0}
    for one in avenants:
        if one.minutes_prevues is not None:
            planned[_counts_from(one.date_effet, start, methode)] = one.minutes_prevues
    return [(planned[day], day, end) for day, end in _spans(sorted(planned), last_day(convention))]


def _counts_from(effet: date, start: date, methode: Prorata) -> date:
    """First day that an avenant changes the price from. By months, each counts once, on one side of the change, as the shares
    of a post do."""
    first = effet.replace(day=1)
    if methode is Prorata.MOIS_PLEINS and first < effet:
        return max(period_bounds(effet.year, Periodicite.MOIS, effet.month - 1)[1] + timedelta(days=1), start)
    return max(first if methode is Prorata.MOIS_ENTAMES else effet, start)


def _spans(days: Sequence[date], last: date) -> list[tuple[date, date]]:
    """First and last day of the parts that begin on `days` (sorted), none of which goes past `last`: an avenant may take
    effect after the end that was decided since."""
    ends = [*(day - timedelta(days=1) for day in days[1:]), last]
    return [(day, min(end, last)) for day, end in zip(days, ends, strict=True) if day <= last]


def find_tarif(contexte: Contexte, convention: Convention, code: str, annee: int) -> Tarif | None:
    """The tariff of `code` that applies to this convention for a year (else the last one voted before); None without any."""
    try:
        return choose_tarif(contexte.tarifs, code, annee, affiliee=convention.affiliee, effectif=convention.effectif)
    except TarifAbsent:
        return None


def compute_year(convention: Convention, offer: Offer, contexte: Contexte, annee: int) -> AnneeDue:
    """What is due for one year, by the offer's way of billing."""
    billing = offer.facturation
    tarif = find_tarif(contexte, convention, billing.tarif, annee)
    if convention.dernier_jour < first_day(convention):
        return _never_served(convention, annee, tarif)
    if billing.mode == BY_SHARE:
        return _year_by_share(convention, billing, contexte, annee, tarif)
    if billing.mode == BY_THE_HOUR:
        return _year_by_hours(convention, billing, contexte, annee, tarif)
    return _year_by_units(convention, billing, contexte, annee, tarif)


def _never_served(convention: Convention, annee: int, tarif: Tarif | None) -> AnneeDue:
    """A convention that ended before its first services: 8.2 makes the amount due from the beginning of the execution."""
    ended = date_longue(convention.dernier_jour)
    step = f"Aucune somme n’est due pour {annee}\u00a0: la convention a pris fin le {ended}, avant le début des prestations."
    shares = (convention.quotite,) if convention.quotite is not None else ()
    return AnneeDue(annee, Decimal("0.00"), 0, tarif, (step,), quotites=shares)


def _year_by_hours(
    convention: Convention, billing: Facturation, contexte: Contexte, annee: int, tarif: Tarif | None
) -> AnneeDue:
    """Each part of the year at the volume planned for it, rounded on its own as two lines would be."""
    years = [
        compute_annee_horaire(
            tarif.montant if tarif else Decimal(0), minutes, annee, debut=du, fin=au, methode=billing.prorata
        )
        for minutes, du, au in _hours_of(convention, contexte.avenants.get(convention.id, ()), billing.prorata)
    ]
    served = [one for one in years if one.jours] or years[:1]
    return AnneeDue(
        annee,
        sum((one.du for one in served), Decimal("0.00")),
        sum(one.minutes for one in served),
        tarif,
        tuple(etape for one in served for etape in one.etapes),
    )


def _year_by_share(
    convention: Convention, billing: Facturation, contexte: Contexte, annee: int, tarif: Tarif | None
) -> AnneeDue:
    last, until = last_day(convention), billed_until(convention, billing, contexte)
    # An avenant that would have taken effect after the end changes nothing of what stays due, nor an absence after it.
    parts = [
        one for one in parts_of(convention, contexte.avenants.get(convention.id, ())) if until == last or one.du <= last
    ]
    if not parts:
        return AnneeDue(annee, Decimal(0), 0, tarif, ())
    away = [(du, min(au, last)) for du, au in contexte.absences.get(convention.id, ()) if du <= last]

    def price(fin: date) -> Annee:
        return compute_annee(
            tarif.montant if tarif else Decimal(0),
            parts,
            annee,
            debut=first_day(convention),
            fin=fin,
            absences=away,
            methode=billing.prorata,
            heures_annuelles=billing.heures_annuelles,
        )

    year = price(until)
    minutes = year.minutes if until == last else price(last).minutes  # no hour is owed after the end
    shares = tuple(dict.fromkeys(one.quotite for one in year.tranches)) or (year.quotite,)
    steps = (*year.etapes, *_tell_whole(convention, billing, contexte, annee))
    return AnneeDue(annee, year.du, minutes, tarif, steps, quotites=shares)


def _year_by_units(
    convention: Convention, billing: Facturation, contexte: Contexte, annee: int, tarif: Tarif | None
) -> AnneeDue:
    """Half-days, packages, agents, a quote: the quantity (the amount, for a quote) is what the collectivité answered, or what
    the last avenant in force in the year says. Nothing for the contribution. A price for an agent and a year is counted
    for each part of the year."""
    parts = _units_of(convention, billing, contexte, annee)
    shown = parts if billing.mode == "par_agent" else [(parts[-1][0], first_day(convention), last_day(convention))]
    years = [
        compute_annee_unites(
            billing.mode,
            quantite,
            tarif.montant if tarif else Decimal(0),
            annee,
            debut=du,
            fin=au,
            methode=billing.prorata,
        )
        for quantite, du, au in shown
    ]
    du = round_cent(sum((one.exact for one in years), Fraction(0)))
    steps = list(dict.fromkeys(etape for one in years for etape in one.etapes))
    if billing.mode == "par_agent":
        steps += _tell_whole(convention, billing, contexte, annee)
    parts_due = [one.du for one in years if one.jours]
    if len(parts_due) > 1:
        gap = "" if sum(parts_due) == du else " (arrondi une seule fois, sur la somme exacte)"
        steps.append(f"Dû pour {annee}\u00a0: {' + '.join(euros(one) for one in parts_due)} = {euros(du)}{gap}")
    return AnneeDue(annee, du, 0, tarif, tuple(steps), shown[-1][0])


def _units_of(
    convention: Convention, billing: Facturation, contexte: Contexte, annee: int
) -> list[tuple[Decimal, date, date]]:
    """The quantities of a year, oldest first, each with its first and last day."""
    start = first_day(convention)
    given = {start: contexte.reponses.get(convention.dossier_id, {}).get(billing.champ)}
    for one in contexte.avenants.get(convention.id, ()):
        changed = contexte.reponses.get(one.dossier_id, {}).get(billing.champ)
        if changed is not None:
            given[_counts_from(one.date_effet, start, billing.prorata)] = changed
    days = [day for day in sorted(given) if day == start or day.year <= annee]
    last, until = last_day(convention), billed_until(convention, billing, contexte)
    spans = _spans([day for day in days if until == last or day <= last], until)
    found = [
        (Decimal(str(given[day])) if given[day] is not None else Decimal(0), day, end)
        for day, end in spans
        if end.year >= annee or day == spans[-1][0]
    ]
    return found or [(Decimal(0), start, last_day(convention))]


# What it is computed from ---------------------------------------------------------------------------------------------


def load_contexte(session: Session, centre_id: UUID, conventions: Sequence[Convention]) -> Contexte:
    """What prices the years of these conventions of one centre: seven queries at most, whatever their number."""
    ids = [one.id for one in conventions]
    absences: dict[UUID, list[tuple[date, date]]] = {}
    for start in range(0, len(ids), CHUNK):
        query = (
            select(PeriodeSansAssistant.convention_id, PeriodeSansAssistant.du, PeriodeSansAssistant.au)
            .where(
                PeriodeSansAssistant.convention_id.in_(ids[start : start + CHUNK]),
                PeriodeSansAssistant.annulee_le.is_(None),
            )
            .order_by(PeriodeSansAssistant.du)
        )
        for row in session.execute(query):
            absences.setdefault(row.convention_id, []).append((row.du, row.au))
    avenants = load_avenants(session, ids)
    answers, ends = _answers(session, conventions, avenants), _other_ends(session, conventions)
    return Contexte(list_tarifs(session, centre_id), absences, avenants, answers, ends)


def _other_ends(session: Session, conventions: Sequence[Convention]) -> dict[UUID, date]:
    """The first day that would have ended each of those that a breach ended, besides the breach and the term."""
    ids = [one.id for one in conventions if one.fin_motif == "resiliation"]
    found: dict[UUID, date] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        notices = select(Denonciation.convention_id, Denonciation.fin).where(
            Denonciation.convention_id.in_(chunk), Denonciation.etat == "confirmee"
        )
        following = select(Convention.remplace_id, Convention.date_effet).where(
            Convention.remplace_id.in_(chunk), Convention.etat.in_(COMMITTED_STATES)
        )
        ends = [*session.execute(notices), *((one, day - timedelta(days=1)) for one, day in session.execute(following))]
        for ident, day in ends:
            if day is not None:
                found[ident] = min(day, found.get(ident, day))
    return found


def load_avenants(session: Session, convention_ids: Sequence[UUID]) -> dict[UUID, list[Avenant]]:
    """The signed avenants of these conventions, oldest effect first."""
    found: dict[UUID, list[Avenant]] = {}
    for start in range(0, len(convention_ids), CHUNK):
        query = (
            select(Avenant)
            .where(Avenant.parent_id.in_(convention_ids[start : start + CHUNK]), Avenant.etat.in_(COMMITTED_STATES))
            .order_by(Avenant.date_effet, Avenant.rang)
        )
        for one in session.scalars(query):
            if one.parent_id is not None:
                found.setdefault(one.parent_id, []).append(one)
    return found


def _answers(
    session: Session, conventions: Sequence[Convention], avenants: Mapping[UUID, Sequence[Avenant]]
) -> dict[UUID, Mapping[str, Any]]:
    """Answers of the last deposit, by dossier, of the conventions whose statements are made of some of them, and of the
    avenants to these."""
    billings = {one.dossier_id: get_offer(session, one.dossier.offre_version_id).facturation for one in conventions}
    wanted = [
        dossier_id
        for dossier_id, billing in billings.items()
        if billing.mode in AMOUNT_IN_CONVENTION or billing.champ_etat_des_lieux
    ]
    changed = {one.dossier_id: one.id for one in conventions if one.dossier_id in wanted}
    wanted += [one.dossier_id for convention_id in changed.values() for one in avenants.get(convention_id, ())]
    found: dict[UUID, Mapping[str, Any]] = {}
    for start in range(0, len(wanted), CHUNK):
        query = (
            select(Depot.dossier_id, Depot.reponses)
            .where(Depot.dossier_id.in_(wanted[start : start + CHUNK]))
            .order_by(Depot.numero)
        )
        found.update({row.dossier_id: row.reponses for row in session.execute(query)})
    return found
