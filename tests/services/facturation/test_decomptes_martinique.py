"""The second offer of the project, as its files are: hours at 60 €, recovered each quarter, the état des lieux at 0 €."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.roles import Role
from models import Exercice
from services.core.portail import Portail
from services.facturation import consultation, exercices
from tests.conventions import make_convention, word_text
from tests.decomptes import add_hours, add_tarif, close_until, issue_quarter, set_convention, stored
from tests.martinique import make_martinique

pytestmark = pytest.mark.sqlite
"""Amounts of one offer; the queries of statements are tested in test_decomptes on both databases."""

D = Decimal


def test_a_year_of_hours_g5_with_the_files_of_the_offer(portail: Portail) -> None:
    monde = make_martinique(portail)
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2025, 1, 1))
    set_convention(portail, convention_id, quotite=None, minutes_prevues=2400)
    add_tarif(portail, monde.centre_id, "heure", 2025, "60.00")
    add_hours(
        portail,
        monde,
        convention_id,
        [
            (date(2025, 1, 6), 120, "etat_des_lieux"),
            (date(2025, 2, 3), 750, "ordinaire"),
            (date(2025, 5, 5), 440, "ordinaire"),
            (date(2025, 10, 6), 1000, "ordinaire"),
            (date(2025, 11, 3), 550, "ordinaire"),
        ],
    )
    close_until(portail, monde.centre_id, 2025, 12)
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    issued = [issue_quarter(portail, monde, convention_id, 2025, quarter) for quarter in (1, 2, 3, 4)]
    assert [one and one.total for one in issued] == [D("750.00"), D("440.00"), None, D("1550.00")]
    with portail.db.read() as session:
        year = session.get_one(Exercice, (convention_id, 2025))
    assert (year.montant_facture, year.montant_du, year.minutes_dues) == (D("2740.00"), D("2740.00"), 2400)
    first = issued[0]
    assert first is not None
    text = word_text(stored(portail, first.id)[1]).replace("\u202f", " ").replace("\u00a0", " ")
    for expected in ("12 h 30", "60,00 € l’heure", "750,00 €", "compris", "Accompagnement social", "février 2025"):
        assert expected in text
    view = consultation.open_decompte(portail, monde.gens[Role.GESTIONNAIRE], first.id)
    assert [one.nature for one in view.lignes] == ["heures", "etat_des_lieux"]
