"""Avenants to a convention that is billed by the hour: each part of the year at the volume planned for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Avenant, Convention, Exercice, Piece
from services.adhesion import workflow
from services.convention import conventions
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import compare, refresh_convention
from services.vie import avenants
from services.vie.annees import open_years
from services.vie.fil import open_changes, open_life
from tests.conventions import examine_here, word_text
from tests.decomptes import add_hours, close_until, issue_quarter, stored
from tests.demandes import DELIBERATION, issue, make_request, sign
from tests.factories import Monde
from tests.martinique import accept, begin, example, fill, make_martinique

pytestmark = pytest.mark.sqlite
"""Amounts of one offer; the queries of avenants are tested in test_avenants on both databases."""

TODAY = date(2026, 6, 15)
EIGHTY: dict[str, Any] = {
    "avenant.objets": ["temps"],
    "avenant.date_effet": "2026-09-01",
    "avenant.motif": "Les demandes ont doublé.",
    "besoin.minutes_prevues": "80 h",
    **DELIBERATION,
}
"""80 h a year from 1 September 2026."""


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    with clock.pretend(TODAY):
        yield


def _signed(portail: Portail, monde: Monde) -> UUID:
    """A convention of 40 h a year from 1 January 2026, signed by both parties."""
    dossier_id = begin(portail, monde)
    dates = {"date_effet": "2026-01-01", "date_debut_prestations": "2026-01-01", "minutes_prevues": 2400}
    tree = example()
    tree["besoin"] |= dates
    fill(portail, monde, dossier_id, tree)
    accept(portail, monde, dossier_id)
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    sign(portail, monde, convention_id)
    return convention_id


def test_hours_are_planned_by_part_of_the_year(portail: Portail) -> None:
    """40 h a year at 60 €, then 80 h from 1 September 2026: 40 h × 243/365 = 26 h 38 and 80 h × 122/365 = 26 h 44."""
    monde = make_martinique(portail)
    convention_id = _signed(portail, monde)
    avenant_id = issue(portail, monde, convention_id, EIGHTY)
    sign(portail, monde, avenant_id)
    with portail.db.read() as session:
        avenant = session.get_one(Avenant, avenant_id)
        assert (avenant.quotite, avenant.minutes_prevues) == (None, 4800)
        assert avenant.montant_annuel == Decimal("4800.00")
        years = session.scalars(
            select(Exercice).where(Exercice.convention_id == convention_id).order_by(Exercice.annee)
        ).all()
        assert [(one.minutes_dues, one.montant_du) for one in years[:2]] == [
            (1598 + 1604, Decimal("3202.00")),
            (4800, Decimal("4800.00")),
        ]
        assert avenant.montant_premiere_annee == years[0].montant_du
        assert compare(session) == []
        assert session.get_one(Convention, convention_id).minutes_prevues == 2400
        piece = session.scalars(select(Piece).where(Piece.convention_id == avenant_id, Piece.usage == "avenant")).one()
        text = word_text(portail.files.read(piece.sha256)).replace("\u00a0", " ").replace("\u202f", " ")
    for told in ("40 h", "80 h", "3 202,00 €", "accompagnement social des agents"):
        assert told in text, told


def test_from_the_request_to_the_statements_of_both_parts(portail: Portail) -> None:
    """The whole way of an avenant of hours: what each side reads at each step, then a quarter with hours before and after it,
    and the year that ends at the hours that were done (G5: to the minute, at 60 €)."""
    monde = make_martinique(portail)
    convention_id = _signed(portail, monde)
    budget, forecast = Decimal("2400.00"), Decimal("3202.00")
    assert _year(portail, monde, convention_id) == (budget, False)
    dossier_id = make_request(portail, monde, convention_id, "avenant", EIGHTY)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    (change,) = open_changes(portail, monde.instructeur, dossier_id)
    assert (change.avant.replace("\u00a0", " "), change.apres.replace("\u00a0", " ")) == ("40 h", "80 h")
    told = avenants.open_amounts(portail, monde.instructeur, dossier_id)
    assert told and (told["du"], told["avant"], told["apres"]) == (forecast, budget, Decimal("4800.00"))
    assert _year(portail, monde, convention_id) == (budget, False)  # nothing before the signatures
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")  # the tariff of 2026 is voted: nothing to lift
    avenant_id = avenants.issue_avenant(portail, monde.instructeur, dossier_id)
    assert _year(portail, monde, convention_id) == (budget, False)
    sign(portail, monde, avenant_id)
    assert _year(portail, monde, convention_id) == (forecast, False)
    shown = {one.titre.split()[0]: one for one in open_life(portail, monde.direction, convention_id).maillons}
    assert [one.replace("\u00a0", " ") for one in shown["Avenant"].points] == [f"{change.libelle} : 40 h → 80 h"]
    done = [(date(2026, 2, 3), 750), (date(2026, 8, 10), 440), (date(2026, 9, 8), 600), (date(2026, 11, 3), 550)]
    add_hours(portail, monde, convention_id, [(jour, minutes, "ordinaire") for jour, minutes in done])
    close_until(portail, monde.centre_id, 2026, 12)
    with clock.pretend(date(2027, 1, 10)):
        with portail.db.write() as session:
            refresh_convention(session, convention_id)
        issued = [issue_quarter(portail, monde, convention_id, 2026, quarter) for quarter in (1, 2, 3, 4)]
        assert [one and one.total for one in issued] == [Decimal("750"), None, Decimal("1040"), Decimal("550")]
        third = issued[2]
        assert third is not None
        text = word_text(stored(portail, third.id)[1]).replace("\u00a0", " ").replace("\u202f", " ")
        for expected in ("7 h 20", "10 h", "60,00 € l’heure", "440,00 €", "600,00 €", "1 040,00 €"):
            assert expected in text, expected
        assert _year(portail, monde, convention_id) == (Decimal("2340.00"), True)
        with portail.db.read() as session:
            year = session.get_one(Exercice, (convention_id, 2026))
            assert (year.minutes_dues, year.montant_facture) == (1598 + 1604, Decimal("2340.00"))
            assert compare(session) == []


def _year(portail: Portail, monde: Monde, convention_id: UUID) -> tuple[Decimal, bool]:
    """What the convention's page says of 2026: the euros, and whether they are those of the hours done."""
    view = open_years(portail, monde.responsable, convention_id)
    assert view is not None and view.previsionnel
    (row,) = [one for one in view.lignes if one.annee == 2026]
    return row.du, row.realisee
