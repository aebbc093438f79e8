"""The years of a convention: what is due for each, and the working time it gives right to.

`Exercice` is the rollup that costs are read from. Every transaction that changes what is due refreshes it (signature by
the centre, tariff, days without an assistant, statement, end of a year billed by the hour); a command compares it with what
it should be, and rebuilds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from domain.activite import ETAT_DES_LIEUX, ORDINAIRE
from domain.offer import Facturation
from domain.tarification import (
    bill_minutes,
)
from models import NATURES_EN_SUS, Avenant, Convention, Decompte, Exercice
from services.activite.regles import closed_months
from services.centre.offres import get_offer
from services.facturation.annee_due import (
    AMOUNT_IN_CONVENTION,
    BY_SHARE,
    BY_THE_HOUR,
    COMMITTED_STATES,
    AnneeDue,
    Contexte,
    compute_year,
    find_tarif,
    first_day,
    last_day,
    list_years,
    load_avenants,
    load_contexte,
    parts_of,
)
from services.facturation.emis import sum_extras, sum_issued
from services.facturation.minutes import CHUNK, load_minutes

__all__ = [
    "AMOUNT_IN_CONVENTION",
    "BY_SHARE",
    "BY_THE_HOUR",
    "COMMITTED_STATES",
    "AnneeDue",
    "Contexte",
    "Ecart",
    "add_invoiced",
    "compare",
    "compute_year",
    "expected_rows",
    "find_tarif",
    "first_day",
    "last_day",
    "list_years",
    "load_avenants",
    "load_contexte",
    "parts_of",
    "rebuild",
    "refresh_centre",
    "refresh_convention",
]
"""What costs are made of is in services.facturation.annee_due; it is reached from here as well."""

# The rollup -------------------------------------------------------------------------------------------------------------


def refresh_convention(session: Session, convention_id: UUID) -> None:
    """Bring the years of one convention up to date, in the caller's transaction."""
    session.flush()
    query = _with_dossier().where(Convention.id == convention_id)
    _refresh(session, session.scalars(query).all())


def refresh_centre(session: Session, centre_id: UUID) -> None:
    """Bring the years of every convention of a centre up to date, in the caller's transaction (a tariff was recorded)."""
    session.flush()
    _refresh(session, session.scalars(_with_dossier().where(Convention.centre_id == centre_id)).all())


def add_invoiced(session: Session, decomptes: Iterable[Decompte]) -> None:
    """Add statements just issued (negative for a counter-statement) to what was invoiced for their years: nothing else of
    the rollup changes. A year that has no row is computed whole."""
    wanted = list(decomptes)
    known = {
        (row.convention_id, row.annee): row
        for row in _rows_of(session, convention_ids=list(dict.fromkeys(one.convention_id for one in wanted)))
    }
    for one in wanted:
        row = known.get((one.convention_id, one.exercice))
        if row is not None:
            row.montant_facture += one.total
            row.montant_facture_du += one.total - sum(
                (ligne.montant for ligne in one.lignes if ligne.nature in NATURES_EN_SUS), Decimal(0)
            )
    session.flush()
    missing = [one.convention_id for one in wanted if (one.convention_id, one.exercice) not in known]
    if missing:
        _refresh(session, session.scalars(_with_dossier().where(Convention.id.in_(missing))).all())


def _with_dossier() -> Select[Convention]:
    return select(Convention).options(joinedload(Convention.dossier)).order_by(Convention.centre_id, Convention.numero)


def _refresh(session: Session, conventions: Sequence[Convention]) -> None:
    for centre_id in dict.fromkeys(one.centre_id for one in conventions):
        mine = _answered([one for one in conventions if one.centre_id == centre_id])
        wanted = expected_rows(session, centre_id, mine)
        kept = {(row.convention_id, row.annee): row for row in _rows_of(session, [one.id for one in mine])}
        for key, values in wanted.items():
            row = kept.pop(key, None)
            if row is None:
                session.add(Exercice(**values))
                continue
            for name, value in values.items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
        for row in kept.values():
            session.delete(row)
    session.flush()


def _rows_of(session: Session, convention_ids: Sequence[UUID]) -> Iterable[Exercice]:
    for start in range(0, len(convention_ids), CHUNK):
        chunk = convention_ids[start : start + CHUNK]
        yield from session.scalars(select(Exercice).where(Exercice.convention_id.in_(chunk)))


def expected_rows(
    session: Session, centre_id: UUID, conventions: Sequence[Convention]
) -> dict[tuple[UUID, int], dict[str, Any]]:
    """What the rows of these conventions of one centre should hold, by convention and year: a year to come, begun or over
    of a convention that commits money, or one for which a statement was issued."""
    contexte = load_contexte(session, centre_id, conventions)
    ids = {one.id for one in conventions}
    invoiced, extras = sum_issued(session, centre_id, ids), sum_extras(session, centre_id, ids)
    worked = _worked(session, centre_id, conventions, contexte)
    found: dict[tuple[UUID, int], dict[str, Any]] = {}
    for convention in conventions:
        offer = get_offer(session, convention.dossier.offre_version_id)
        committed = convention.etat in COMMITTED_STATES
        years = set(list_years(convention)) if committed else set()
        for annee in sorted(years | {annee for one, annee in invoiced if one == convention.id}):
            due = compute_year(convention, offer, contexte, annee) if annee in years else None
            found[convention.id, annee] = {
                "convention_id": convention.id,
                "annee": annee,
                "centre_id": centre_id,
                "collectivite_id": convention.collectivite_id,
                "offre_code": offer.code,
                "quotite": _share_at_end(convention, contexte.avenants.get(convention.id, ()), annee),
                "tarif_annee": due.tarif.annee if due and due.tarif else None,
                "tarif_montant": due.tarif.montant if due and due.tarif else None,
                "montant_du": worked.get((convention.id, annee), due.du) if due else Decimal(0),
                "minutes_dues": due.minutes if due else 0,
                "montant_facture": invoiced.get((convention.id, annee), Decimal(0)),
                "montant_facture_du": invoiced.get((convention.id, annee), Decimal(0))
                - extras.get((convention.id, annee), Decimal(0)),
            }
    return found


def _worked(
    session: Session, centre_id: UUID, conventions: Sequence[Convention], contexte: Contexte
) -> dict[tuple[UUID, int], Decimal]:
    """What the hours of the years that are closed come to, for what is billed by the hour, in lines of a month each as
    statements have them: a forecast is due until then, what was done afterwards."""
    hourly: dict[UUID, list[Convention]] = {}
    for one in conventions:
        if get_offer(session, one.dossier.offre_version_id).facturation.mode == BY_THE_HOUR:
            hourly.setdefault(one.dossier.offre_version_id, []).append(one)
    if not hourly:
        return {}
    closed = closed_months(session, centre_id)
    found: dict[tuple[UUID, int], Decimal] = {}
    for version_id, mine in hourly.items():
        billing = get_offer(session, version_id).facturation
        for annee in sorted({year for one in mine for year in list_years(one)}):
            done = [one for one in mine if annee in list_years(one) and all_recorded(one.dernier_jour, annee, closed)]
            recorded = load_minutes(session, [one.id for one in done], billing, annee) if done else {}
            for one in done:
                found[one.id, annee] = _worth(one, billing, contexte, annee, recorded.get(one.id, {}))
    return found


def all_recorded(dernier_jour: date, annee: int, closed: Collection[tuple[int, int]]) -> bool:
    """Whether every hour of a year is recorded: its last month is closed, or the last one of a convention that ended in it."""
    return (annee, 12) in closed or (dernier_jour.year == annee and (annee, dernier_jour.month) in closed)


def _worth(
    convention: Convention,
    billing: Facturation,
    contexte: Contexte,
    annee: int,
    recorded: Mapping[tuple[int, int, str], int],
) -> Decimal:
    tarif = find_tarif(contexte, convention, billing.tarif, annee)
    if tarif is None:
        return Decimal(0)
    natures = (ORDINAIRE,) if billing.etat_des_lieux_compris else (ORDINAIRE, ETAT_DES_LIEUX)
    lines = (
        bill_minutes(minutes, tarif.montant).valeur for (_, _, nature), minutes in recorded.items() if nature in natures
    )
    return sum(lines, Decimal("0.00"))


def _share_at_end(convention: Convention, avenants: Sequence[Avenant], annee: int) -> Decimal | None:
    """The share of a post held at the end of the year, or on the last day before it; None where there is none."""
    last = min(last_day(convention), date(annee, 12, 31))
    held = [part for part in parts_of(convention, avenants) if part.du <= last]
    return max(held, key=lambda part: part.du).quotite if held else convention.quotite


# Checking ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ecart:
    """A value of the rollup that is not what it should be; None: the row is missing, or should not be there."""

    convention: str
    annee: int
    champ: str
    garde: str | None
    attendu: str | None


def compare(session: Session, centre_id: UUID | None = None) -> list[Ecart]:
    """Everything in the rollup that differs from what it should be."""
    found: list[Ecart] = []
    for centre, conventions in _by_centre(session, centre_id):
        numbers = {one.id: one.numero for one in conventions}
        wanted = expected_rows(session, centre, conventions)
        kept = {(row.convention_id, row.annee): row for row in _rows_of(session, [one.id for one in conventions])}
        for key in sorted(wanted.keys() | kept.keys(), key=lambda one: (numbers[one[0]], one[1])):
            row, values = kept.get(key), wanted.get(key)
            if row is None or values is None:
                there = ["présente" if one is not None else None for one in (row, values)]
                found.append(Ecart(numbers[key[0]], key[1], "ligne", *there))
                continue
            found += [
                Ecart(numbers[key[0]], key[1], name, str(getattr(row, name)), str(value))
                for name, value in values.items()
                if getattr(row, name) != value
            ]
    return found


def rebuild(session: Session, centre_id: UUID | None = None) -> int:
    """Compute the whole rollup again; the number of conventions looked at."""
    count = 0
    for _, conventions in _by_centre(session, centre_id):
        _refresh(session, conventions)
        count += len(conventions)
    return count


def _by_centre(session: Session, centre_id: UUID | None) -> Iterable[tuple[UUID, Sequence[Convention]]]:
    query = select(Convention.centre_id).distinct().order_by(Convention.centre_id)
    for one in session.scalars(query if centre_id is None else query.where(Convention.centre_id == centre_id)).all():
        yield one, _answered(session.scalars(_with_dossier().where(Convention.centre_id == one)).all())


def _answered(conventions: Iterable[Convention]) -> list[Convention]:
    """Those whose archives were not eliminated: without its answers, a year would come to something else than what was due."""
    return [one for one in conventions if "elimination" not in one.manifeste]
