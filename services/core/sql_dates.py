"""Days as the database counts them, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class days_from(FunctionElement[int]):
    """`days_from(debut, fin)`: number of days from one date to another, 0 when they are the same."""

    type = Integer()
    inherit_cache = True


@compiles(days_from, "sqlite")
def _count_sqlite(element: days_from, compiler: SQLCompiler, **kw: Any) -> str:
    debut, fin = (compiler.process(one, **kw) for one in element.clauses)
    return f"CAST(julianday({fin}) - julianday({debut}) AS INTEGER)"


@compiles(days_from, "postgresql")
def _count_postgresql(element: days_from, compiler: SQLCompiler, **kw: Any) -> str:
    debut, fin = (compiler.process(one, **kw) for one in element.clauses)
    return f"({fin} - {debut})"
