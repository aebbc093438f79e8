"""The second offer's statements, from its own files: hours each quarter, the état des lieux at 0 € (M25 to M27, G5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

from models import Convention, Exercice
from services.convention import conventions
from services.core.portail import Portail
from services.facturation import exercices
from tests.conventions import examine_here, pdf
from tests.decomptes import add_hours, add_tarif, close_until, issue_quarter, stored
from tests.factories import Monde
from tests.martinique import accept, begin, example, fill, make_martinique

pytestmark = pytest.mark.sqlite
"""Amounts of one offer; the queries of statements are tested in test_decomptes on both databases."""


@pytest.fixture
def monde(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3))
    return make_martinique(portail)


def test_each_quarter_is_billed_by_the_minute(portail: Portail, monde: Monde) -> None:
    dossier_id = begin(portail, monde)
    first_day = "2025-01-01"
    fill(portail, monde, dossier_id, example(besoin__date_effet=first_day, besoin__date_debut_prestations=first_day))
    add_tarif(portail, monde.centre_id, "heure", 2025, "60.00")
    accept(portail, monde, dossier_id)
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    with portail.db.write() as session:
        session.execute(update(Convention).values(etat="en_vigueur"))
        session.flush()
        exercices.refresh_convention(session, convention_id)
    done = [(date(2025, 1, 14), 750), (date(2025, 4, 15), 440), (date(2025, 10, 7), 775), (date(2025, 10, 9), 775)]
    add_hours(portail, monde, convention_id, [(day, minutes, "ordinaire") for day, minutes in done])
    close_until(portail, monde.centre_id, 2025, 12)
    first, second, _, last = (issue_quarter(portail, monde, convention_id, 2025, quarter) for quarter in (1, 2, 3, 4))
    assert first is not None and second is not None and last is not None
    assert [one.total for one in (first, second, last)] == [Decimal("750.00"), Decimal("440.00"), Decimal("1550.00")]
    assert [(one.nature, one.quantite, one.montant) for one in first.lignes] == [
        ("heures", Decimal(750), Decimal("750.00")),
        ("etat_des_lieux", Decimal(180), Decimal("0.00")),
    ]
    assert [one.nature for one in second.lignes] == ["heures"]
    assert stored(portail, first.id)[1].startswith(b"PK")
    with portail.db.read() as session:
        year = session.get_one(Exercice, (convention_id, 2025))
        assert (year.minutes_dues, year.montant_facture) == (7200, Decimal("2740.00"))
