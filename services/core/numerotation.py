"""Numbers without gap or double, by centre, series and year.

The number is taken inside the transaction that uses it: a rolled back issue gives its number back, and two people at once
wait for each other (one statement that writes the row: SQLite's write lock, PostgreSQL's row lock). Take the number
before the first journal line, as everybody does: the order of locks is then the same everywhere.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Numerotation

Serie = Literal["convention", "avenant", "dossier", "decompte"]


def next_rang(session: Session, centre_id: UUID, serie: Serie, annee: int) -> int:
    """The next rank of this centre, series and year (1, 2, 3…), held until the transaction ends."""
    return next_rangs(session, centre_id, serie, annee, 1)[0]


def next_rangs(session: Session, centre_id: UUID, serie: Serie, annee: int, count: int) -> range:
    """The next `count` ranks, in one statement."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Numerotation).values(centre_id=centre_id, serie=serie, annee=annee, dernier=count)
    upsert = statement.on_conflict_do_update(
        index_elements=[Numerotation.centre_id, Numerotation.serie, Numerotation.annee],
        set_={"dernier": Numerotation.dernier + count},
    ).returning(Numerotation.dernier)
    last = int(session.execute(upsert).scalar_one())
    return range(last - count + 1, last + 1)


def format_numero(annee: int, rang: int) -> str:
    """`2026-0007`; past 9999 the rank simply has more digits."""
    return f"{annee:04d}-{rang:04d}"
