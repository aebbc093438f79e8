"""Avenants: from the request to the two signatures, what they change from their day on, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Avenant, Convention, Courriel, Exercice, Piece
from services.convention import conventions
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import compare
from services.vie.texte import text_in_force
from tests.conventions import examine_here, make_convention, word_text
from tests.demandes import issue, quotite_60, sign
from tests.factories import Monde, journal_actions, make_monde

TODAY = date(2026, 6, 15)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mid-June 2026; files are examined here, and no PDF is made."""
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    with clock.pretend(TODAY):
        yield


def test_avenant_bills_both_parts_of_the_year(portail: Portail, monde: Monde) -> None:
    """G10: 60 % from 1 September 2026, 35 221,28 €."""
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 1, 1))
    avenant_id = issue(portail, monde, convention_id, quotite_60())
    with portail.db.read() as session:
        avenant = session.get_one(Avenant, avenant_id)
        convention = session.get_one(Convention, convention_id)
        assert avenant.numero == f"{convention.numero}-A1"
        assert (avenant.quotite, avenant.minutes_prevues, avenant.date_effet) == (60, None, date(2026, 9, 1))
        assert (avenant.montant_annuel, avenant.montant_premiere_annee) == (Decimal("40788.00"), Decimal("35221.28"))
        assert avenant.terme == convention.terme
        word = session.scalars(select(Piece).where(Piece.convention_id == avenant_id)).one()
        text = word_text(portail.files.read(word.sha256)).replace("\u00a0", " ").replace("\u202f", " ")
    assert word.usage == "avenant"
    for told in (
        f"Avenant n° {avenant.numero}".replace("-", "\u2011"),
        "47,70 %",
        "60,00 %",
        "32 426,46 €",
        "40 788,00 €",
        "35 221,28 €",
        "1er septembre 2026",
        "Le second site ouvre à la rentrée.",
    ):
        assert told in text, told
    assert sign(portail, monde, avenant_id) == "en_vigueur"
    with portail.db.read() as session:
        years = session.scalars(
            select(Exercice).where(Exercice.convention_id == convention_id).order_by(Exercice.annee)
        ).all()
        assert [one.montant_du for one in years[:2]] == [Decimal("35221.28"), Decimal("40788.00")]
        assert [one.quotite for one in years[:2]] == [60, 60]
        assert compare(session) == []
        convention = session.get_one(Convention, convention_id)
        assert convention.quotite == Decimal("47.70")
        before, after = (text_in_force(session, convention, date(2026, *day)) for day in ((8, 31), (9, 1)))
        assert (before["besoin.quotite"], after["besoin.quotite"]) == ("47.70", "60.00")
        assert before["deliberation.numero"] == after["deliberation.numero"]
        modeles = set(session.scalars(select(Courriel.modele)))
    assert {
        "demande_envoyee",
        "demande_suivie",
        "avenant_emis",
        "avenant_signature_deposee",
        "avenant_signe",
    } <= modeles
    actions = journal_actions(portail, avenant_id)
    assert actions == ["avenant.emettre", "avenant.deposer_signature", "avenant.signer_centre"]
    view = conventions.open_convention(portail, monde.gestionnaire, avenant_id)
    assert (view.avenant, view.titre, view.etat_libelle) == (True, f"Avenant {avenant.numero}", "À venir")
