"""What a convention promises on a day, for queries: its own share of a post or volume of hours, or what the last avenant in
force by then makes it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models import Avenant, Convention
from services.facturation.annee_due import COMMITTED_STATES


def share_on(jour: date | ColumnElement[date]) -> ColumnElement[Any]:
    """Percent of a full-time post on `jour`, of the `Convention` of the query around; NULL where it is not billed by it."""
    return _on(Convention.quotite, "quotite", jour)


def minutes_on(jour: date | ColumnElement[date]) -> ColumnElement[Any]:
    """Minutes planned for a whole year on `jour`; NULL where the convention is not billed by the hour."""
    return _on(Convention.minutes_prevues, "minutes_prevues", jour)


def _on(own: InstrumentedAttribute[Any], name: str, jour: date | ColumnElement[date]) -> ColumnElement[Any]:
    avenant = aliased(Avenant)
    changed = getattr(avenant, name)
    last = (
        select(changed)
        .where(
            avenant.parent_id == Convention.id,
            avenant.etat.in_(COMMITTED_STATES),
            changed.is_not(None),
            avenant.date_effet <= jour,
        )
        .order_by(avenant.date_effet.desc(), avenant.rang.desc())
        .limit(1)
        .correlate(Convention)
        .scalar_subquery()
    )
    return func.coalesce(last, own)
