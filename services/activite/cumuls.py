"""The rollup of the recorded hours: kept in the recording transaction, counted again and compared by a command.

A row stands for one convention, assistant and month, and one value of one dimension. A row that reaches zero is deleted, so
that the rollup is at any time exactly what a recount gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, extract, func, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain.activite import DIMENSIONS
from models import Centre, Cumul, Intervention
from services.core.locks import locked

TABLE: Any = Cumul.__table__
KEYS = ("convention_id", "assistant_id", "annee", "mois", "dimension", "valeur")
MOST_DIFFERENCES = 1000

Key = tuple[UUID, UUID, int, int, str, str]


class Recorded(Protocol):
    """What the rollup needs to know of an intervention (a row, or values about to become one)."""

    @property
    def centre_id(self) -> UUID: ...
    @property
    def convention_id(self) -> UUID: ...
    @property
    def assistant_id(self) -> UUID: ...
    @property
    def jour(self) -> date: ...
    @property
    def minutes(self) -> int: ...


class Mouvements:
    """What a transaction adds to the rollup and takes from it, net, then written at once."""

    def __init__(self) -> None:
        self._net: dict[Key, list[int]] = {}
        self._centres: dict[UUID, UUID] = {}

    def take(self, row: Recorded, sign: int = 1) -> None:
        """Count one intervention in (`sign` 1) or out (-1)."""
        self._centres[row.convention_id] = row.centre_id
        for dimension in DIMENSIONS:
            key = (
                row.convention_id,
                row.assistant_id,
                row.jour.year,
                row.jour.month,
                dimension,
                str(getattr(row, dimension)),
            )
            net = self._net.setdefault(key, [0, 0])
            net[0] += sign * row.minutes
            net[1] += sign

    def write(self, session: Session) -> None:
        """Bring the rollup up to date: one upsert; when something goes out, what that leaves is taken off then.

        Rows go in the order of their key, the same for everybody, and the upsert holds them all: two writers never wait for
        each other in a circle. What is taken off is not part of the upsert, whose proposed rows must be positive.
        """
        moved = sorted((key, net) for key, net in self._net.items() if net != [0, 0])
        if not moved:
            return
        rows = [
            {
                **dict(zip(KEYS, key, strict=True)),
                "centre_id": self._centres[key[0]],
                "minutes": max(minutes, 0),
                "nombre": max(nombre, 0),
            }
            for key, (minutes, nombre) in moved
        ]
        session.execute(_UPSERTS[session.get_bind().dialect.name], rows)
        less = [(key, minutes, nombre) for key, (minutes, nombre) in moved if minutes < 0 or nombre < 0]
        if less:
            self._take_off(session, less)
        self._net.clear()

    def _take_off(self, session: Session, less: list[tuple[Key, int, int]]) -> None:
        connection = session.connection()
        connection.execute(
            _TAKE_OFF,
            [
                {
                    **{f"k_{name}": value for name, value in zip(KEYS, key, strict=True)},
                    "moins_minutes": min(minutes, 0),
                    "moins_nombre": min(nombre, 0),
                }
                for key, minutes, nombre in less
            ],
        )
        conventions = {key[0] for key, _, _ in less}
        assistants = {key[1] for key, _, _ in less}
        connection.execute(
            delete(TABLE).where(
                TABLE.c.convention_id.in_(conventions), TABLE.c.assistant_id.in_(assistants), TABLE.c.nombre == 0
            )
        )


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(TABLE)
    return statement.on_conflict_do_update(
        index_elements=list(KEYS),
        set_={
            "minutes": TABLE.c.minutes + statement.excluded.minutes,
            "nombre": TABLE.c.nombre + statement.excluded.nombre,
        },
    )


_UPSERTS = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
_TAKE_OFF = (
    TABLE.update()
    .where(*(TABLE.c[name] == bindparam(f"k_{name}") for name in KEYS))
    .values(
        minutes=TABLE.c.minutes + bindparam("moins_minutes"),
        nombre=TABLE.c.nombre + bindparam("moins_nombre"),
    )
)


def add(session: Session, rows: Iterable[Recorded], sign: int = 1) -> None:
    """Count these interventions in the rollup (`sign` 1), or out of it (-1), in the transaction that records or removes
    them."""
    moves = Mouvements()
    for row in rows:
        moves.take(row, sign)
    moves.write(session)


def _recount(dimension: str, centre_id: UUID | None) -> Select[Any]:
    """The rollup of one dimension as the interventions give it."""
    year, month = extract("year", Intervention.jour), extract("month", Intervention.jour)
    value = getattr(Intervention, dimension)
    query = select(
        Intervention.convention_id,
        Intervention.assistant_id,
        year.label("annee"),
        month.label("mois"),
        literal(dimension).label("dimension"),
        value.label("valeur"),
        Intervention.centre_id,
        func.sum(Intervention.minutes).label("minutes"),
        func.count().label("nombre"),
    ).group_by(Intervention.convention_id, Intervention.assistant_id, Intervention.centre_id, year, month, value)
    return query if centre_id is None else query.where(Intervention.centre_id == centre_id)


def rebuild(session: Session, centre_id: UUID | None = None) -> int:
    """Make the rollup anew from the interventions, of one centre or of all; how many rows it has then. Nobody records
    meanwhile: recording holds its centre's row."""
    centres = locked(select(Centre.id).order_by(Centre.id))
    session.execute(centres if centre_id is None else centres.where(Centre.id == centre_id)).all()
    session.execute(delete(TABLE).where(*_of(centre_id)))
    for dimension in DIMENSIONS:
        columns = [*KEYS, "centre_id", "minutes", "nombre"]
        session.execute(TABLE.insert().from_select(columns, _recount(dimension, centre_id)))
    return session.scalar(select(func.count()).select_from(TABLE).where(*_of(centre_id))) or 0


def _of(centre_id: UUID | None) -> list[ColumnElement[bool]]:
    return [] if centre_id is None else [TABLE.c.centre_id == centre_id]


@dataclass(frozen=True)
class Difference:
    """A row where the rollup and the recount do not say the same."""

    convention_id: UUID
    assistant_id: UUID
    annee: int
    mois: int
    dimension: str
    valeur: str
    minutes: int
    nombre: int
    minutes_recomptees: int
    nombre_recompte: int


def compare(session: Session, centre_id: UUID | None = None) -> list[Difference]:
    """Where the rollup differs from what the interventions give, in the order of the keys; at most 1,000 rows of it. One
    statement, so that both are read at the same instant."""
    kept = select(
        *(TABLE.c[name] for name in KEYS),
        TABLE.c.minutes,
        TABLE.c.nombre,
        literal(0).label("minutes_recomptees"),
        literal(0).label("nombre_recompte"),
    ).where(*_of(centre_id))
    counted = []
    for dimension in DIMENSIONS:
        again = _recount(dimension, centre_id).subquery()
        counted.append(
            select(
                *(again.c[name] for name in KEYS), literal(0), literal(0), again.c.minutes, again.c.nombre
            )  # in the order of `kept`
        )
    both = union_all(kept, *counted).subquery()
    sums = {name: func.sum(both.c[name]) for name in ("minutes", "nombre", "minutes_recomptees", "nombre_recompte")}
    keys = [both.c[name] for name in KEYS]
    query = (
        select(*keys, *sums.values())
        .group_by(*keys)
        .having(
            (sums["minutes"] != sums["minutes_recomptees"]) | (sums["nombre"] != sums["nombre_recompte"]),
        )
        .order_by(*keys)
        .limit(MOST_DIFFERENCES)
    )
    return [Difference(*row[:6], *(int(number) for number in row[6:])) for row in session.execute(query)]
