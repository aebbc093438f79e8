"""Avenants to a convention that is billed by the hour: each part of the year at the volume planned for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Avenant, Convention, Exercice, Piece
from services.convention import conventions
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import compare
from tests.conventions import examine_here, word_text
from tests.demandes import DELIBERATION, issue, sign
from tests.martinique import accept, begin, example, fill, make_martinique

pytestmark = pytest.mark.sqlite
"""Amounts of one offer; the queries of avenants are tested in test_avenants on both databases."""

TODAY = date(2026, 6, 15)


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    with clock.pretend(TODAY):
        yield


def test_hours_are_planned_by_part_of_the_year(portail: Portail) -> None:
    """40 h a year at 60 €, then 80 h from 1 September 2026: 40 h × 243/365 = 26 h 38 and 80 h × 122/365 = 26 h 44."""
    monde = make_martinique(portail)
    dossier_id = begin(portail, monde)
    dates = {"date_effet": "2026-01-01", "date_debut_prestations": "2026-01-01", "minutes_prevues": 2400}
    tree = example()
    tree["besoin"] |= dates
    fill(portail, monde, dossier_id, tree)
    accept(portail, monde, dossier_id)
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    sign(portail, monde, convention_id)
    values = {
        "avenant.objets": ["temps"],
        "avenant.date_effet": "2026-09-01",
        "avenant.motif": "Les demandes ont doublé.",
        "besoin.minutes_prevues": "80 h",
        **DELIBERATION,
    }
    avenant_id = issue(portail, monde, convention_id, values)
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
