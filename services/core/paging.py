"""One page of a list: the rows shown, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A query of any columns."""
MAX_PAGE_SIZE = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page. `page` counts from 1 and is never past the last one; `total` counts the rows of all pages."""

    rows: tuple[T, ...]
    total: int
    page: int
    taille: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.taille))


def paginate(
    session: Session,
    query: AnySelect,
    *,
    page: int,
    taille: int,
    order: tuple[ColumnElement[Any], ...],
    build: Callable[[Row[*tuple[Any, ...]]], T],
) -> Page[T]:
    """Run `query` for one page: `order` must end with something unique, or rows could change pages; `build` makes a row.

    A page past the end gives the last one: a filter that leaves less than before never shows an empty screen.
    """
    size = min(max(taille, 1), MAX_PAGE_SIZE)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    last = max(1, -(-total // size))
    number = min(max(page, 1), last)
    rows = session.execute(query.order_by(*order).limit(size).offset((number - 1) * size)).all()
    return Page(tuple(build(row) for row in rows), total, number, size)
