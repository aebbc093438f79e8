"""What statements are computed from, read once for many conventions: periods, hours, journeys, other statements.

Monthly totals only: nothing here tells one intervention from another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from domain.activite import ETAT_DES_LIEUX, SERVICE_DEGRADE
from domain.decompte import DRAFTS
from domain.offer import Facturation, Offer
from domain.tarification import Periodicite, period_bounds, period_index, period_label
from models import Centre, Convention, Decompte, Deplacement, LigneDecompte
from services.activite.deplacements import HORS_ZONE, claims_of
from services.activite.regles import closed_months
from services.core import clock
from services.facturation.emis import CENT
from services.facturation.exercices import Contexte, load_contexte
from services.facturation.minutes import CHUNK, load_minutes

PART, HEURES = "part", "heures"
"""Natures of the lines that pay the annual amount, and hours of the ordinary service."""
HEURES_DUES = (HEURES, ETAT_DES_LIEUX)


@dataclass(frozen=True)
class Periode:
    """One period of a year that statements are made for; `index` counts from 0."""

    exercice: int
    periodicite: Periodicite
    index: int

    @property
    def du(self) -> date:
        return period_bounds(self.exercice, self.periodicite, self.index)[0]

    @property
    def au(self) -> date:
        return period_bounds(self.exercice, self.periodicite, self.index)[1]

    @property
    def libelle(self) -> str:
        """French name: "1er trimestre 2026"."""
        return period_label(self.periodicite, self.index, self.exercice)

    @property
    def mois(self) -> list[int]:
        """Its months, 1 to 12."""
        return list(range(self.du.month, self.au.month + 1))


@dataclass(frozen=True)
class Deja:
    """What other statements of the same convention and year hold, in euros: of the annual amount (`part`), of the hours
    that are due (`heures`) and of the service dégradé; `du` and `au`: their period."""

    decompte_id: UUID
    du: date
    au: date
    part: Decimal
    heures: Decimal
    degrade: Decimal
    emis: bool

    @property
    def mois(self) -> range:
        """Its months, 1 to 12."""
        return range(self.du.month, self.au.month + 1)


@dataclass(frozen=True)
class Releve:
    """What statements of one centre are computed from. `minutes`: billed minutes by convention, month and nature;
    `trajets`: kilometres and euros claimed, by convention and month; `clos`: the last closed month, every month before it
    being closed too; `jour`: the day it is at the centre."""

    contexte: Contexte
    minutes: Mapping[UUID, Mapping[tuple[int, int, str], int]]
    deja: Mapping[UUID, Sequence[Deja]]
    trajets: Mapping[UUID, Mapping[int, tuple[Decimal, Decimal]]]
    clos: tuple[int, int] | None
    jour: date


def period_of(offer: Offer, jour: date) -> Periode:
    """The period of the offer that `jour` is in."""
    periodicite = offer.facturation.periodicite
    return Periode(jour.year, periodicite, period_index(jour, periodicite))


def load_releve(
    session: Session, centre_id: UUID, conventions: Sequence[Convention], billing: Facturation, annee: int
) -> Releve:
    """What the statements of a year of these conventions (one centre, one way of billing) are computed from."""
    ids = [one.id for one in conventions]
    return Releve(
        contexte=load_contexte(session, centre_id, conventions),
        minutes=load_minutes(session, ids, billing, annee),
        deja=_load_deja(session, ids, annee),
        trajets=_load_claims(session, ids, billing, annee),
        clos=max(closed_months(session, centre_id), default=None),
        jour=clock.today(session.get_one(Centre, centre_id).fuseau),
    )


def _load_claims(
    session: Session, ids: Sequence[UUID], billing: Facturation, annee: int
) -> dict[UUID, dict[int, tuple[Decimal, Decimal]]]:
    """Monthly totals of what journeys claim. Only conventions that have some are looked at further."""
    found: dict[UUID, dict[int, tuple[Decimal, Decimal]]] = {}
    if not billing.deplacements_factures:
        return found
    first, last = date(annee, 1, 1), date(annee, 12, 31)
    for start in range(0, len(ids), CHUNK):
        query = (
            select(Deplacement.convention_id)
            .where(
                Deplacement.convention_id.in_(ids[start : start + CHUNK]),
                Deplacement.zone == HORS_ZONE,
                Deplacement.jour >= first,
                Deplacement.jour <= last,
            )
            .distinct()
        )
        for convention_id in session.scalars(query).all():
            months = found.setdefault(convention_id, {})
            for claim in claims_of(session, convention_id, first, last):
                km, montant = months.get(claim.jour.month, (Decimal(0), Decimal("0.00")))
                months[claim.jour.month] = (km + claim.km, montant + claim.montant)
    return found


def _load_deja(session: Session, ids: Sequence[UUID], annee: int) -> dict[UUID, list[Deja]]:
    sums = [
        func.coalesce(func.sum(case((LigneDecompte.nature.in_(natures), LigneDecompte.montant), else_=0)), 0)
        for natures in ((PART,), HEURES_DUES, (SERVICE_DEGRADE,))
    ]
    columns = (Decompte.id, Decompte.convention_id, Decompte.du, Decompte.au, Decompte.etat, Decompte.contre_id)
    found: dict[UUID, list[Deja]] = {}
    for start in range(0, len(ids), CHUNK):
        query = (
            select(*columns, *sums)
            .outerjoin(LigneDecompte, LigneDecompte.decompte_id == Decompte.id)
            .where(Decompte.convention_id.in_(ids[start : start + CHUNK]), Decompte.exercice == annee)
            .group_by(*columns)
        )
        for row in session.execute(query):
            # A cancelled statement and its counter-statement make nothing together.
            if row.etat != "annule" and row.contre_id is None:
                part, heures, degrade = (Decimal(one).quantize(CENT) for one in row[len(columns) :])
                emis = row.etat not in DRAFTS
                found.setdefault(row.convention_id, []).append(
                    Deja(row.id, row.du, row.au, part, heures, degrade, emis)
                )
    return found
