"""The service of the demonstration obeys the rules that people obey, and its rollups are those of its hours."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from models import (
    Affectation,
    Centre,
    Cloture,
    Convention,
    DemandeServiceDegrade,
    Exercice,
    Intervention,
    Tarif,
    Utilisateur,
)
from services.activite import cumuls, regles
from services.core.portail import Portail
from services.facturation import exercices
from services.operation import demonstration, demonstration_activite
from services.operation.demonstration_activite import read_day
from tests.conventions import make_convention
from tests.factories import Monde, make_collectivite

TODAY = date(2026, 11, 22)
ACTES = "DÉMONSTRATION"


@pytest.fixture
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(demonstration.DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def loaded(monde_sqlite: Monde, content: dict[str, Any]) -> Portail:
    """The running conventions of the first centre, on blank dossiers, and all that was done for them."""
    portail, service = monde_sqlite.portail, content["service"]
    people = [*content["personnes_centre"], *(one for line in service["conventions"] for one in line["personnes"])]
    with portail.db.write() as session:
        session.add_all([Utilisateur(courriel=one["courriel"], prenom=one["prenom"], nom=one["nom"]) for one in people])
    for line in service["conventions"]:
        place = make_collectivite(portail, f"Commune {line['siren']}", line["siren"])
        world = Monde(portail, monde_sqlite.centre_id, monde_sqlite.version_id, place, monde_sqlite.gens)
        made = make_convention(portail, world, "en_vigueur", date_effet=read_day(line["effet"], TODAY))
        with portail.db.write() as session:
            session.get_one(Convention, made).quotite = Decimal(line["quotite"])
    with portail.db.write() as session:
        centre = session.get_one(Centre, monde_sqlite.centre_id)
        demonstration_activite.add_tarifs(session, centre, service["tarifs"], TODAY)
        demonstration_activite.add_service(session, centre, service, TODAY)
    return portail


def test_every_hour_could_have_been_recorded_by_a_person(loaded: Portail) -> None:
    with loaded.db.read() as session:
        rows = session.scalars(select(Intervention)).all()
        conventions = {one.id: one for one in session.scalars(select(Convention))}
        given = session.scalars(select(Affectation)).all()
        assert 2000 < len(rows) < 4000
        for row in rows:
            convention = conventions[row.convention_id]
            assert regles.first_day(convention) <= row.jour <= min(regles.last_day(convention), TODAY)
            assert row.jour.weekday() < 5
            assert any(
                one.convention_id == row.convention_id
                and one.assistant_id == row.assistant_id
                and one.du <= row.jour <= (one.au or date.max)
                for one in given
            )
            if row.nature == "service_degrade":
                assert regles.degrade_allowed(session, row.convention_id, row.jour)
            else:
                assert not any(du <= row.jour <= au for du, au in regles.absences_of(session, row.convention_id))
        degraded = {row.convention_id for row in rows if row.nature == "service_degrade"}
        for one in degraded:
            regles.check_degrade(session, one, [row.jour for row in rows if row.nature == "service_degrade"])
        by_day = Counter((row.assistant_id, row.jour) for row in rows)
        assert max(by_day.values()) < 12


def test_rollups_are_those_of_the_hours_and_the_past_is_closed(loaded: Portail, content: dict[str, Any]) -> None:
    with loaded.db.read() as session:
        assert cumuls.compare(session) == []
        assert exercices.compare(session) == []
        closed = {(one.annee, one.mois) for one in session.scalars(select(Cloture))}
        assert (2024, 1) in closed and (2026, 9) in closed
        assert (2026, 10) not in closed and (2026, 11) not in closed, content["service"]["clotures"]
        states = Counter(one.etat for one in session.scalars(select(DemandeServiceDegrade)))
        assert states == {"acceptee": 1, "demandee": 1}
        shown = session.scalars(select(Exercice).where(Exercice.annee == 2026)).all()
        assert len(shown) == len(content["service"]["conventions"]) and all(one.tarif_annee == 2026 for one in shown)


def test_invented_tariffs_say_so_and_the_voted_one_stays(loaded: Portail) -> None:
    with loaded.db.read() as session:
        rows = session.scalars(select(Tarif)).all()
    voted = {(one.annee, one.montant) for one in rows if not (one.deliberation_numero or "").startswith(ACTES)}
    assert voted == {(2022, Decimal("67980.00")), (2022, Decimal("57.00"))}
    invented = [one for one in rows if (one.deliberation_numero or "").startswith(ACTES)]
    assert {one.annee for one in invented} == {2024, 2025, 2026}
    assert all(one.montant not in (Decimal("67980.00"), Decimal("57.00")) for one in invented)


def test_days_are_counted_from_the_current_year() -> None:
    assert read_day("-2/07", TODAY) == date(2024, 7, 1)
    assert read_day("0/03/09", TODAY) == date(2026, 3, 9)
