"""What comes on top of what is due (service dégradé) never hides what is still to be invoiced."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.roles import Role
from models import Exercice
from services.accueil.taches_facturation import list_decomptes_taches
from services.core import clock
from services.core.portail import Portail
from services.facturation import exercices
from services.pilotage.couts import Montants, costs_by_year
from services.pilotage.filtres import read_filtres
from services.pilotage.suivi import open_suivi
from tests.conventions import make_convention
from tests.decomptes import add_hours, add_tarifs, close_until, issue_quarter
from tests.factories import Monde, make_monde

pytestmark = pytest.mark.sqlite
"""Amounts told of one convention; the queries of statements are tested in test_decomptes on both databases."""

D = Decimal
DU, EN_SUS = D("32426.46"), D("370.50")


def test_extras_are_told_apart_after_each_instalment(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    add_hours(portail, monde, convention_id, [(date(2023, 2, 2), 390, "service_degrade")])  # 6 h 30 at 57 €
    close_until(portail, monde.centre_id, 2023, 12)
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    expected = (
        (1, "8477.12", "24319.84"),
        (2, "16583.73", "16213.23"),
        (3, "24690.35", "8106.61"),  # what the fourth instalment invoices
        (4, "32796.96", "0.00"),
    )
    for quarter, facture, a_venir in expected:
        issue_quarter(portail, monde, convention_id, 2023, quarter)
        wanted = Montants(DU, D(facture), D(a_venir), EN_SUS, D("0.00"))
        assert _costs(portail, monde) == wanted
        with clock.pretend(date(2024, 1, 10)):
            followed = open_suivi(portail, monde.gens[Role.GESTIONNAIRE], convention_id, 2023)
        assert (followed.engage, followed.facture, followed.a_venir) == (DU, D(facture), D(a_venir))
        assert (followed.en_sus, followed.trop) == (EN_SUS, D("0.00"))
        with portail.db.read() as session:
            assert exercices.compare(session) == []
            year = session.get_one(Exercice, (convention_id, 2023))
            assert year.montant_facture - year.montant_facture_du == EN_SUS


def test_extras_do_not_hide_a_quarter_to_prepare(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    convention_id = make_convention(portail, monde_sqlite, "en_vigueur", date_effet=date(2023, 1, 1))
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
        year = session.get_one(Exercice, (convention_id, 2023))
        year.montant_facture, year.montant_facture_du = DU + EN_SUS, DU - D("100.00")
    with clock.pretend(date(2024, 1, 5)), portail.db.read() as session:
        told = [one.titre for one in list_decomptes_taches(session, monde_sqlite.gens[Role.RESPONSABLE])]
    assert told == ["Préparer les décomptes du 4e trimestre 2023"]


def _costs(portail: Portail, monde: Monde) -> Montants:
    with portail.db.read() as session:
        filtres = read_filtres(session, monde.gens[Role.RESPONSABLE], {"annee": "2023"})
        return next(one.montants for one in costs_by_year(session, filtres) if one.code == "2023")
