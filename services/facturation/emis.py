"""What was issued for the years of conventions, in euros."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import NATURES_EN_SUS, Decompte, LigneDecompte

CENT = Decimal("0.01")
_YEAR = (Decompte.convention_id, Decompte.exercice)


def sum_issued(session: Session, centre_id: UUID, ids: set[UUID]) -> dict[tuple[UUID, int], Decimal]:
    """Issued statements less those cancelled (a counter-statement is negative), by convention and year."""
    query = select(*_YEAR, func.sum(Decompte.total))
    return _sum(session, centre_id, ids, query)


def sum_extras(session: Session, centre_id: UUID, ids: set[UUID]) -> dict[tuple[UUID, int], Decimal]:
    """Of what was issued, the lines that come on top of what is due, by convention and year."""
    lines = select(*_YEAR, func.sum(LigneDecompte.montant)).join(LigneDecompte.decompte)
    return _sum(session, centre_id, ids, lines.where(LigneDecompte.nature.in_(NATURES_EN_SUS)))


def _sum(
    session: Session, centre_id: UUID, ids: set[UUID], query: Select[UUID, int, Decimal]
) -> dict[tuple[UUID, int], Decimal]:
    query = query.where(Decompte.centre_id == centre_id, Decompte.numero.is_not(None)).group_by(*_YEAR)
    if len(ids) == 1:
        query = query.where(Decompte.convention_id.in_(ids))
    return {
        (convention_id, annee): Decimal(total).quantize(CENT)
        for convention_id, annee, total in session.execute(query)
        if convention_id in ids
    }
