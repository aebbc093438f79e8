"""What the exports of the dashboards hold: the same figures as the screen, whole, and never a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import product

import pytest
from openpyxl import load_workbook

from domain.errors import Introuvable
from domain.roles import Role
from services.core import clock
from services.exports import produce
from services.pilotage import export_tableaux, vues
from services.pilotage.tableaux import AXES, Recherche
from tests.factories import Monde, journal_actions
from tests.services.pilotage.naif import TODAY, Service, add_posts, make_service

EVERY = (*export_tableaux.MAKERS, *(f"heures-{axe}" for axe in AXES))


@pytest.fixture
def service(monde_sqlite: Monde) -> Service:
    made = make_service(monde_sqlite.portail, monde_sqlite, seed=11)
    add_posts(monde_sqlite.portail, made, seed=11)
    return made


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


def test_each_table_is_exported_both_ways_and_journalled(service: Service) -> None:
    monde = service.monde
    for code in EVERY:
        params = {"tableau": code, "annee": "2026"}
        with clock.pretend(TODAY):
            text = produce(monde.portail, monde.responsable, "tableau.csv", params)
            book = produce(monde.portail, monde.responsable, "tableau.xlsx", params)
        rows = read_csv(text.data)
        assert text.nom == f"{code}-2026.csv" and len({len(row) for row in rows}) == 1
        sheet = load_workbook(io.BytesIO(book.data)).active
        assert sheet is not None and str(sheet["A1"].value)
        assert sum(1 for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)) >= len(rows)
        assert journal_actions(monde.portail)[-2:] == ["tableau.exporter", "tableau.exporter"]


def test_the_list_is_whole_and_says_what_the_screen_says(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_tableaux, "MAX_PAGE_SIZE", 2)
    monde = service.monde
    with clock.pretend(TODAY):
        shown = vues.open_heures(monde.portail, monde.responsable, {}, Recherche(taille=200)).collectivites.rows
        rows = read_csv(
            produce(monde.portail, monde.responsable, "tableau.csv", {"tableau": "heures-collectivites"}).data
        )[1:]
    assert len(rows) == len(shown) == 6
    for row, one in zip(rows, shown, strict=True):
        assert Decimal(row[1].replace(",", ".")) == (Decimal(one.minutes) / 60).quantize(Decimal("0.01"))


def test_a_name_that_looks_like_a_formula_stays_a_name(service: Service) -> None:
    monde = service.monde
    params = {"tableau": "heures-collectivites", "annee": "2026"}
    rows = read_csv(produce(monde.portail, monde.responsable, "tableau.csv", params).data)
    names = {row[0] for row in rows}
    assert "'=Sceaux()" in names and "=Sceaux()" not in names
    book = load_workbook(io.BytesIO(produce(monde.portail, monde.responsable, "tableau.xlsx", params).data))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert any(cell.value == "=Sceaux()" and cell.data_type != "f" for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)


def test_an_unknown_table_does_not_exist(service: Service) -> None:
    monde = service.monde
    for code in ("", "heures-", "heures-x", "couts", "../../etc", "heures-collectivites;--"):
        with pytest.raises(Introuvable):
            produce(monde.portail, monde.responsable, "tableau.csv", {"tableau": code})


def test_exports_open_to_those_who_see_the_screen(service: Service) -> None:
    monde = service.monde
    readers = {Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.INSTRUCTEUR}
    for role, code in product(
        Role, ("heures-collectivites", "heures-assistant", "couts-annees", "capacite-assistants")
    ):
        params = {"tableau": code, "annee": "2026"}
        if role in readers or (role is Role.ASSISTANT and code.startswith("heures")):
            rows = read_csv(produce(monde.portail, monde[role], "tableau.csv", params).data)
            assert role is not Role.ASSISTANT or len(rows) == 1, "nobody else's hours: this one recorded nothing"
        else:
            with pytest.raises(Introuvable):
                produce(monde.portail, monde[role], "tableau.csv", params)
