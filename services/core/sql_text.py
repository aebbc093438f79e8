"""Text as the database compares it: without case, accents or punctuation, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from domain.text import fold

_LETTERS = {"a": "àâäáãå", "c": "ç", "e": "éèêë", "i": "îïíì", "n": "ñ", "o": "ôöóòõ", "u": "ùûüú", "y": "ÿý"}
# Capitals too: PostgreSQL's lower() leaves them alone in some locales.
_ACCENTED = "".join(letters + letters.upper() for letters in _LETTERS.values()) + "-’"
_PLAIN = "".join(plain * 2 * len(letters) for plain, letters in _LETTERS.items()) + "  "


class folded(FunctionElement[str]):
    """`folded(column)`: the column as `domain.text.fold` gives it, to be searched for folded words."""

    type = String()
    inherit_cache = True


@compiles(folded, "sqlite")
def _fold_sqlite(element: folded, compiler: SQLCompiler, **kw: Any) -> str:
    return f"plier({compiler.process(element.clauses, **kw)})"


@compiles(folded, "postgresql")
def _fold_postgresql(element: folded, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    for ligature, plain in (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae"), ("''", " ")):
        column = f"replace({column}, '{ligature}', '{plain}')"
    return f"translate(lower({column}), '{_ACCENTED}', '{_PLAIN}')"


def register(connection: sqlite3.Connection) -> None:
    """Teach a SQLite connection what `folded` calls there: SQLite itself knows no accents."""
    connection.create_function("plier", 1, _fold_value, deterministic=True)


def _fold_value(value: object) -> str | None:
    return None if value is None else fold(str(value))


def contains_word(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Whether the folded column contains a folded word."""
    return folded(column).contains(word, autoescape=True)
