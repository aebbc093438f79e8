"""The years of a convention: what is due, the quota, the tariff taken, kept by the transactions that change them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Convention, Exercice, PeriodeSansAssistant
from services.activite import clotures
from services.core.portail import Portail
from services.facturation import exercices
from services.vie.annees import open_years
from tests.conventions import make_convention
from tests.decomptes import add_hours, add_tarif, bill_by_the_hour, close_until, set_convention
from tests.factories import Monde


def rows(portail: Portail, convention_id: UUID) -> dict[int, Exercice]:
    """The years of a convention as they are kept."""
    with portail.db.read() as session:
        query = select(Exercice).where(Exercice.convention_id == convention_id).order_by(Exercice.annee)
        return {row.annee: row for row in session.scalars(query)}


def refresh(portail: Portail, convention_id: UUID) -> dict[int, Exercice]:
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    return rows(portail, convention_id)


def test_every_year_of_a_convention_with_the_tariff_of_another_year_said(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 9, 1))
    found = refresh(portail, convention_id)
    assert list(found) == [2023, 2024, 2025, 2026, 2027]
    assert [row.montant_du for row in found.values()] == [Decimal("10838.43")] + [Decimal("32426.46")] * 4  # G15
    assert found[2024].minutes_dues == 45992  # G4
    assert {row.tarif_annee for row in found.values()} == {2022}
    assert found[2023].tarif_montant == Decimal("67980.00")
    assert found[2023].quotite == Decimal("47.7000")
    assert all(row.montant_facture == 0 for row in found.values())


def test_days_without_an_assistant_reduce_the_year_they_are_in(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    with portail.db.write() as session:
        session.add(
            PeriodeSansAssistant(
                convention_id=convention_id, du=date(2023, 3, 1), au=date(2023, 4, 14), motif="Poste vacant"
            )
        )
    found = refresh(portail, convention_id)
    assert found[2023].montant_du == Decimal("28428.68")  # G11
    assert found[2024].montant_du == Decimal("32426.46")


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee"])
def test_a_convention_that_is_not_in_force_commits_nothing(portail: Portail, monde: Monde, etat: str) -> None:
    assert refresh(portail, make_convention(portail, monde, etat)) == {}


@pytest.mark.parametrize("etat", [one for one in exercices.COMMITTED_STATES if one != "en_vigueur"])
def test_a_convention_that_ended_keeps_its_years(monde_sqlite: Monde, etat: str) -> None:
    portail = monde_sqlite.portail
    assert list(refresh(portail, make_convention(portail, monde_sqlite, etat))) == [2023, 2024, 2025, 2026, 2027]


def test_what_was_kept_is_compared_and_rebuilt(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    other = make_convention(portail, monde, "en_vigueur", date_effet=date(2024, 1, 1))
    with portail.db.write() as session:
        exercices.refresh_centre(session, monde.centre_id)
        assert exercices.compare(session) == []
    with portail.db.write() as session:
        session.get_one(Exercice, (convention_id, 2025)).montant_du = Decimal("1.00")
        session.delete(session.get_one(Exercice, (other, 2024)))
    with portail.db.read() as session:
        found = exercices.compare(session, monde.centre_id)
    assert {(one.annee, one.champ, one.garde, one.attendu) for one in found} == {
        (2025, "montant_du", "1.00", "32426.46"),
        (2024, "ligne", None, "présente"),
    }
    with portail.db.write() as session:
        assert exercices.rebuild(session) == 2
        assert exercices.compare(session) == []


def test_a_term_that_moves_takes_the_years_after_it_away(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    refresh(portail, convention_id)
    with portail.db.write() as session:
        session.get_one(Convention, convention_id).terme = date(2024, 12, 31)
    assert list(refresh(portail, convention_id)) == [2023, 2024]


def test_hours_are_due_as_forecast_then_as_done(portail: Portail, monde: Monde) -> None:
    """A budget of hours that was not spent is not « to come » once the year is closed (G5: 2 740,00 € done of 3 000,00 €)."""
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by_the_hour(portail, convention_id)
    set_convention(portail, convention_id, quotite=None, minutes_prevues=3000)
    add_tarif(portail, monde.centre_id, "heure", 2023, "60.00")
    hours = [(date(2023, 1, 10), 750), (date(2023, 5, 2), 440), (date(2023, 10, 2), 1000), (date(2023, 12, 4), 550)]
    add_hours(
        portail,
        monde,
        convention_id,
        [*((day, minutes, "ordinaire") for day, minutes in hours), (date(2023, 2, 3), 90, "etat_des_lieux")],
    )
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    assert _due(portail, convention_id) == Decimal("3000.00")
    close_until(portail, monde.centre_id, 2023, 11)
    clotures.close_month(portail, monde.responsable, monde.centre_id, 2023, 12)
    assert _due(portail, convention_id) == Decimal("2740.00")
    years = open_years(portail, monde.responsable, convention_id)
    assert years and {row.annee for row in years.lignes if row.realisee} == {2023}, "the others are forecasts"
    with portail.db.read() as session:
        assert exercices.compare(session) == []
    clotures.reopen_month(portail, monde.responsable, monde.centre_id, 2023, 12)
    assert _due(portail, convention_id) == Decimal("3000.00")


def _due(portail: Portail, convention_id: UUID) -> Decimal:
    with portail.db.read() as session:
        return session.get_one(Exercice, (convention_id, 2023)).montant_du
