"""Minutes as they are billed: what the amounts of hours are computed from, in statements, costs and published tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from domain.offer import Facturation
from domain.tarification import billable_minutes
from models import Cumul, Intervention

CHUNK = 500
"""How many ids are put in one query: databases bound the number of parameters."""


def load_minutes(
    session: Session, ids: Sequence[UUID], billing: Facturation, annee: int
) -> dict[UUID, dict[tuple[int, int, str], int]]:
    """Minutes as they are billed, by convention, then by year, month and nature."""
    rounded = billing.unite_minutes > 1 or billing.minimum_minutes > 0
    found: dict[UUID, dict[tuple[int, int, str], int]] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = _each_intervention(session, chunk, billing, annee) if rounded else _totals(session, chunk, annee)
        for convention_id, mois, nature, minutes in rows:
            months = found.setdefault(convention_id, {})
            months[annee, mois, nature] = months.get((annee, mois, nature), 0) + minutes
    return found


def _totals(session: Session, ids: Sequence[UUID], annee: int) -> Iterator[tuple[UUID, int, str, int]]:
    query = (
        select(Cumul.convention_id, Cumul.mois, Cumul.valeur, func.sum(Cumul.minutes))
        .where(Cumul.convention_id.in_(ids), Cumul.annee == annee, Cumul.dimension == "nature")
        .group_by(Cumul.convention_id, Cumul.mois, Cumul.valeur)
    )
    for convention_id, mois, nature, minutes in session.execute(query):
        yield convention_id, mois, nature, int(minutes)


def _each_intervention(
    session: Session, ids: Sequence[UUID], billing: Facturation, annee: int
) -> Iterator[tuple[UUID, int, str, int]]:
    """Where an intervention has a minimum or a unit of time, each one is rounded before the month is added up."""
    mois = extract("month", Intervention.jour)
    query = (
        select(Intervention.convention_id, mois, Intervention.nature, Intervention.minutes, func.count())
        .where(
            Intervention.convention_id.in_(ids),
            Intervention.jour >= date(annee, 1, 1),
            Intervention.jour <= date(annee, 12, 31),
        )
        .group_by(Intervention.convention_id, mois, Intervention.nature, Intervention.minutes)
    )
    for convention_id, month, nature, minutes, count in session.execute(query):
        billed = billable_minutes(minutes, billing.unite_minutes, billing.minimum_minutes)
        yield convention_id, int(month), nature, billed * count
