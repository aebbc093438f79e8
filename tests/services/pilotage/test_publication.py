"""What is published to a collectivité: frozen once, masked, and nothing more than what minutes already say before."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Bilan, Cloture, Convention, Intervention
from services.activite import cumuls
from services.core.portail import Portail
from services.pilotage.publication import Publication, published_tables
from tests.bilans import ANNEE, bilan_id_of, close_year, ordinary_year, record_work
from tests.conventions import make_convention
from tests.decomptes import bill_by
from tests.factories import Monde


def published(portail: Portail, convention_id: UUID, annee: int = ANNEE) -> Publication:
    with portail.db.read() as session:
        return published_tables(session, session.get_one(Convention, convention_id), annee)


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    return make_convention(monde.portail, monde, "en_vigueur")


def test_until_the_year_is_closed_only_minutes_of_closed_months_are_shown(monde: Monde, convention_id: UUID) -> None:
    record_work(monde.portail, monde, convention_id, ordinary_year())
    close_year(monde.portail, monde, months=range(1, 4))
    found = published(monde.portail, convention_id)
    assert not found.arretee and found.nombre is None and found.tables == ()
    assert found.mois == ((1, 168), (2, 258), (3, 288))
    assert found.restants == (4, 5, 6, 7, 8, 9, 10, 11, 12)


def test_closing_the_last_month_freezes_every_table_masked(monde: Monde, convention_id: UUID) -> None:
    record_work(monde.portail, monde, convention_id, ordinary_year())
    assert close_year(monde.portail, monde, months=range(1, 12)) == 0
    assert close_year(monde.portail, monde) == 1
    assert close_year(monde.portail, monde) == 0
    found = published(monde.portail, convention_id)
    assert found.arretee and found.nombre == 51 and found.minutes == 2706 and found.restants == ()
    tables = {table.dimension: [ligne.nombre for ligne in table.lignes] for table in found.tables}
    assert tables == {
        "categorie": [36, 7, None, None, None],  # 2 exchanges, 1 coordination, and the 5 works that protect them
        "origine": [36, 7, None, None, None, None],
        "lieu": [41, None, None, None, None],
        "forme": [45, 6],
    }
    for table in found.tables:
        assert all((ligne.nombre is None) == (ligne.minutes is None) for ligne in table.lignes)


def test_what_is_stored_holds_no_masked_figure(monde: Monde, convention_id: UUID) -> None:
    """The snapshot itself could be read by another door: it holds what is published, nothing else."""
    record_work(monde.portail, monde, convention_id, ordinary_year())
    close_year(monde.portail, monde)
    with monde.portail.db.read() as session:
        stored = session.get_one(Bilan, bilan_id_of(monde.portail, convention_id)).chiffres
    lines = [line for table in stored["tables"] for line in table["lignes"] if line["nombre"] is None]
    assert len(lines) == 11 and all(line["minutes"] is None for line in lines)
    assert "180" not in json.dumps([table["lignes"] for table in stored["tables"]])  # minutes of the two exchanges


def test_a_month_reopened_and_corrected_changes_nothing_of_what_was_published(
    monde: Monde, convention_id: UUID
) -> None:
    """Two looks at different dates: there is nothing to subtract."""
    record_work(monde.portail, monde, convention_id, ordinary_year())
    close_year(monde.portail, monde)
    before = published(monde.portail, convention_id)
    with monde.portail.db.write() as session:
        session.delete(session.get_one(Cloture, (monde.centre_id, ANNEE, 12)))
        gone = session.scalars(select(Intervention).where(Intervention.categorie == "coordination")).one()
        cumuls.add(session, [gone], -1)
        session.delete(gone)
    record_work(
        monde.portail,
        monde,
        convention_id,
        [(date(ANNEE, 12, 9), 60, "echanges", "medecine", "domicile", "individuelle")],
    )
    assert published(monde.portail, convention_id) == before
    close_year(monde.portail, monde)
    assert published(monde.portail, convention_id) == before


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_year_of_few_interventions_publishes_no_count_at_all(monde: Monde, convention_id: UUID, count: int) -> None:
    record_work(
        monde.portail,
        monde,
        convention_id,
        [(date(ANNEE, 3, day), 60, "accueil", "agent", "centre", "individuelle") for day in range(1, count + 1)],
    )
    close_year(monde.portail, monde)
    found = published(monde.portail, convention_id)
    assert found.arretee and found.nombre is None and found.minutes == 60 * count
    assert all(ligne.nombre is None and ligne.minutes is None for table in found.tables for ligne in table.lignes)


def test_a_total_that_the_months_would_give_away_is_withheld(monde: Monde, convention_id: UUID) -> None:
    """Six months worked, six interventions: each month's would be known to be one."""
    work = [(date(ANNEE, month, 5), 60, "accueil", "agent", "centre", "individuelle") for month in range(1, 7)]
    record_work(monde.portail, monde, convention_id, work)
    close_year(monde.portail, monde)
    assert published(monde.portail, convention_id).nombre is None


def test_a_year_that_began_with_the_portal_does_not_wait_for_the_months_before(
    monde: Monde, convention_id: UUID
) -> None:
    record_work(
        monde.portail,
        monde,
        convention_id,
        [(date(ANNEE, 9, day), 60, "accueil", "agent", "centre", "individuelle") for day in range(1, 13)],
    )
    assert close_year(monde.portail, monde, months=range(9, 12)) == 0
    assert close_year(monde.portail, monde, months=range(9, 13)) == 1
    assert published(monde.portail, convention_id).nombre == 12


def test_a_convention_that_binds_nobody_is_not_frozen(monde: Monde) -> None:
    make_convention(monde.portail, monde, "a_signer")
    later = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(ANNEE + 1, 1, 1))
    assert close_year(monde.portail, monde) == 0
    assert published(monde.portail, later).mois == ()


def test_each_convention_has_its_own_figures(monde: Monde, convention_id: UUID) -> None:
    other = make_convention(monde.portail, monde, "en_vigueur")
    record_work(monde.portail, monde, convention_id, ordinary_year())
    record_work(monde.portail, monde, other, ordinary_year()[:12])
    assert close_year(monde.portail, monde) == 2
    assert published(monde.portail, convention_id).nombre == 51
    assert published(monde.portail, other).nombre == 12


def test_minutes_are_those_of_the_bill_where_each_intervention_is_rounded_up(monde: Monde, convention_id: UUID) -> None:
    """Five minutes billed an hour, four times in a month: both figures side by side would say "four"."""
    bill_by(monde.portail, convention_id, mode="horaire", unite_minutes=60)
    work = [(date(ANNEE, 3, day), 5, "accueil", "agent", "centre", "individuelle") for day in (2, 3, 4, 5)]
    record_work(monde.portail, monde, convention_id, work)
    close_year(monde.portail, monde, months=range(1, 4))
    assert published(monde.portail, convention_id).mois[2] == (3, 240)
    more = [(date(ANNEE, 5, day), 67, "accueil", "agent", "centre", "individuelle") for day in range(1, 9)]
    record_work(monde.portail, monde, convention_id, more)
    close_year(monde.portail, monde)
    found = published(monde.portail, convention_id)
    assert found.mois[2] == (3, 240) and found.mois[4] == (5, 960) and found.minutes == 1200
    assert found.nombre == 12 and found.minutes_tables == 556
