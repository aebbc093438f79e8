"""What a tariff changes in what running conventions owe: their year priced with and without it, by the engine of every year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from domain.tarifs import Tarif
from models import Convention
from services.centre.offres import get_offer
from services.facturation.exercices import compute_year, find_tarif, load_contexte

RUNNING = ("en_vigueur", "denoncee", "en_demeure")
"""States of the conventions whose price a tariff changes."""


@dataclass(frozen=True)
class Impact:
    """Euros that the conventions priced by a tariff owe for its year, until now and with it."""

    avant: Decimal
    apres: Decimal


def compute_impact(session: Session, centre_id: UUID, tarif: Tarif, others: Sequence[Tarif]) -> Impact | None:
    """What changes for the year of `tarif`, `others` being the centre's other tariffs; None when it prices the year of no
    running convention (the hours of a *service dégradé* are owed only once done)."""
    query = (
        select(Convention)
        .options(joinedload(Convention.dossier))
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING),
            Convention.dernier_jour >= date(tarif.annee, 1, 1),
            Convention.date_effet <= date(tarif.annee, 12, 31),
        )
    )
    conventions = session.scalars(query).all()
    now = load_contexte(session, centre_id, conventions)
    then = replace(now, tarifs=[*others, tarif])
    before = after = Decimal("0.00")
    priced = False
    for one in conventions:
        offer = get_offer(session, one.dossier.offre_version_id)
        code = offer.facturation.tarif
        if code != tarif.code or find_tarif(then, one, code, tarif.annee) is not tarif:
            continue
        priced = True
        before += compute_year(one, offer, now, tarif.annee).du
        after += compute_year(one, offer, then, tarif.annee).du
    return Impact(before, after) if priced else None
