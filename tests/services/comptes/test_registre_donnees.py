"""The register of personal data is true to the models: every column that may be about somebody is declared, and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Column, String

from domain.offer import Conservation
from models import Base
from services.comptes.registre_donnees import load_registre, read_registre

REGISTRE = load_registre()
BY_TABLE = {one.table: one for one in REGISTRE}
TABLES = {table.name: table for table in Base.metadata.sorted_tables}


def must_be_declared(column: Column[object]) -> bool:
    """A link to an account, or a column in which a word may be written."""
    targets = {key.column.table.name for key in column.foreign_keys}
    return "utilisateur" in targets or (isinstance(column.type, (String, JSON)) and not targets)


def test_every_table_is_declared_once() -> None:
    assert len(REGISTRE) == len(BY_TABLE)
    assert set(BY_TABLE) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_column_that_may_be_about_somebody_is_declared(name: str) -> None:
    declared = BY_TABLE[name]
    columns = {column.name: column for column in TABLES[name].columns}
    missing = {one for one, column in columns.items() if must_be_declared(column)} - declared.declared
    assert not missing, f"dites dans registre_donnees.yaml ce que deviennent {sorted(missing)}"
    assert declared.declared <= set(columns)
    links = {
        one for one, column in columns.items() if "utilisateur" in {k.column.table.name for k in column.foreign_keys}
    }
    assert links <= set(declared.liens)


def test_what_is_shown_is_whole() -> None:
    rows = read_registre(Conservation(archives_annees=12, comptes_mois=6, brouillons_mois=3))
    assert len(rows) > 25
    assert all(one.titre and one.personnes and one.donnees for one in rows)
    assert all(one.finalite and one.duree and one.sort for one in rows)
    text = " ".join(one.duree for one in rows)
    assert "12 ans" in text and "6 mois" in text and "3 mois" in text and "{" not in text
    for one in REGISTRE:
        if one.colonnes or one.secrets:
            assert one.titre, one.table
        assert one.de is None or one.de in {*one.liens, "id"}
