"""Recording hours: what is refused and where, nothing half done, two people on the same line, the journal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Introuvable, Refus
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import Centre, Cloture, Convention
from services.activite.cumuls import compare
from services.activite.verification import LignesEnConflit, LignesRefusees
from services.core import clock
from services.core.portail import Portail
from tests.activite import ask_degrade, assign, close_month
from tests.conventions import make_convention
from tests.factories import Monde, make_acteur, make_monde, make_other_centre
from tests.heures import LUNDI, Service, make_service


@pytest.fixture
def service(monde: Monde) -> Service:
    return make_service(monde)


@pytest.fixture
def service_sqlite(monde_sqlite: Monde) -> Service:
    return make_service(monde_sqlite)


def faults(service: Service, *lines: Any, **asked: Any) -> list[tuple[int, str]]:
    with pytest.raises(LignesRefusees) as refused:
        service.record(*lines, **asked)
    assert service.rows() == []
    return [(one.rang, one.champ) for one in refused.value.erreurs]


def test_a_week_is_recorded_with_its_rollup(service: Service) -> None:
    done = service.record(
        service.ligne(),
        service.ligne(jour=LUNDI + timedelta(days=1), duree="45min", categorie="demarches"),
        service.ligne(jour=date(2024, 4, 1), duree="2,5", nature="etat_des_lieux"),
    )
    assert (done.ajoutees, done.modifiees, done.retirees) == (3, 0, 0)
    assert [row.minutes for row in service.rows()] == [90, 45, 150]
    assert service.cumuls() == [(2024, 3, "ordinaire", 135, 2), (2024, 4, "etat_des_lieux", 150, 1)]
    assert service.cumuls("categorie") == [
        (2024, 3, "accueil", 90, 1),
        (2024, 3, "demarches", 45, 1),
        (2024, 4, "accueil", 150, 1),
    ]
    (line,) = service.journal("intervention.enregistrer")
    assert line.details["nombre"] == 3 and line.details["minutes"] == 285


@pytest.mark.parametrize(
    ("given", "champ"),
    [
        ({"duree": "-30"}, "minutes"),
        ({"duree": "0"}, "minutes"),
        ({"duree": "25h"}, "minutes"),
        ({"duree": "1441"}, "minutes"),
        ({"duree": "1,33"}, "minutes"),
        ({"duree": "7"}, "minutes"),
        ({"duree": ""}, "minutes"),
        ({"duree": "une heure"}, "minutes"),
        ({"jour": None}, "jour"),
        ({"jour": date(2022, 12, 31)}, "jour"),
        ({"jour": date(2027, 12, 31)}, "jour"),
        ({"convention_id": None}, "convention_id"),
        ({"convention_id": uuid4()}, "convention_id"),
        ({"categorie": "Accueil"}, "categorie"),
        ({"lieu": None}, "lieu"),
        ({"nature": "service_degrade"}, "nature"),
    ],
)
def test_a_bad_line_is_refused_at_its_field(service_sqlite: Service, given: dict[str, Any], champ: str) -> None:
    assert (2, champ) in faults(service_sqlite, service_sqlite.ligne(), service_sqlite.ligne(**given))


def test_every_fault_of_every_line_is_told(service_sqlite: Service) -> None:
    lines = [service_sqlite.ligne(duree="abc", forme=""), service_sqlite.ligne(), service_sqlite.ligne(jour=None)]
    assert faults(service_sqlite, *lines) == [(1, "minutes"), (1, "forme"), (3, "jour")]
    assert service_sqlite.journal("intervention.enregistrer") == []


def test_tomorrow_is_not_recorded(service_sqlite: Service) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    assert (1, "jour") in faults(service_sqlite, service_sqlite.ligne(jour=tomorrow))


def test_a_day_outside_the_assignment_is_refused(monde_sqlite: Monde) -> None:
    service = make_service(monde_sqlite, du=date(2024, 2, 29), au=date(2024, 3, 10))
    assert faults(service, service.ligne()) == [(1, "convention_id")]
    assert faults(service, service.ligne(), service.ligne(jour=date(2024, 2, 28))) == [(1, "jour"), (2, "jour")]
    assert service.record(service.ligne(jour=date(2024, 2, 29))).ajoutees == 1


def test_before_the_billed_service_only_the_needs_are_looked_into(monde_sqlite: Monde) -> None:
    service = make_service(monde_sqlite)
    with service.portail.db.write() as session:
        session.get_one(Convention, service.convention_id).date_debut_prestations = date(2024, 4, 1)
    assert faults(service, service.ligne()) == [(1, "jour")]
    assert service.record(service.ligne(nature="etat_des_lieux")).ajoutees == 1


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee"])
def test_a_convention_that_is_not_running_takes_no_hours(monde_sqlite: Monde, etat: str) -> None:
    service = make_service(monde_sqlite)
    other = make_convention(service.portail, monde_sqlite, etat)
    assign(service.portail, monde_sqlite, other)
    assert faults(service, service.ligne(convention_id=other)) == [(1, "convention_id")]


@pytest.mark.parametrize("etat", ["denoncee", "en_demeure", "resiliee", "echue", "remplacee"])
def test_the_last_days_of_a_convention_that_has_ended_are_recorded(monde_sqlite: Monde, etat: str) -> None:
    """While their month is open; nothing after its term."""
    service = make_service(monde_sqlite)
    with service.portail.db.write() as session:
        ended = session.get_one(Convention, service.convention_id)
        ended.etat, ended.terme = etat, LUNDI
    assert faults(service, service.ligne(jour=LUNDI + timedelta(days=1))) == [(1, "convention_id")]
    assert service.record(service.ligne()).ajoutees == 1
    close_month(service.portail, monde_sqlite, 2024, 3)
    with pytest.raises(LignesRefusees, match="mars 2024 est clos"):
        service.record(service.ligne())


def test_a_day_holds_24_hours(service_sqlite: Service) -> None:
    service_sqlite.record(service_sqlite.ligne(duree="20h"))
    with pytest.raises(LignesRefusees) as refused:
        service_sqlite.record(service_sqlite.ligne(duree="3h"), service_sqlite.ligne(duree="1h01"))
    assert [(one.rang, one.champ) for one in refused.value.erreurs] == [(2, "minutes")]
    (row,) = service_sqlite.rows()
    service_sqlite.record(service_sqlite.change(row, duree="1h"), service_sqlite.ligne(duree="23h"))
    assert [one.minutes for one in service_sqlite.rows()] == [60, 23 * 60]


def test_a_closed_month_is_closed(service: Service) -> None:
    service.record(service.ligne(), service.ligne(jour=date(2024, 4, 2)))
    march, april = service.rows()
    close_month(service.portail, service.monde, 2024, 3)
    for line in (
        service.ligne(),
        service.change(march, duree="2h"),
        service.change(march, jour=date(2024, 4, 3)),
        service.change(march, retirer=True),
        service.change(april, jour=LUNDI),
    ):
        with pytest.raises(LignesRefusees) as refused:
            service.record(line)
        assert "mars 2024" in refused.value.message
    assert service.record(service.change(april, retirer=True)).retirees == 1


def test_service_degrade_needs_an_accepted_request_and_stays_within_it(service: Service) -> None:
    line = service.ligne(nature="service_degrade", duree="2h")
    assert faults(service, line) == [(1, "nature")]
    ask_degrade(service.portail, service.monde, service.convention_id, LUNDI, etat="demandee")
    assert faults(service, line) == [(1, "nature")]
    ask_degrade(service.portail, service.monde, service.convention_id, LUNDI, LUNDI, minutes_max=180)
    assert service.record(line).ajoutees == 1
    with pytest.raises(LignesRefusees) as refused:
        service.record(service.ligne(), line)
    assert [(one.rang, one.champ) for one in refused.value.erreurs] == [(2, "minutes")]
    assert len(service.rows()) == 1
    with service.portail.db.read() as session:
        assert compare(session) == []


def test_a_correction_keeps_the_previous_value(service: Service) -> None:
    service.record(service.ligne(), service.ligne(duree="45min"))
    short, long = service.rows()
    done = service.record(service.change(long, duree="2h", lieu="centre"), service.change(short, retirer=True))
    assert (done.modifiees, done.retirees) == (1, 1)
    (corrected,) = service.journal("intervention.corriger")
    assert corrected.objet_id == str(long.id)
    assert corrected.details["avant"] == {"minutes": 90, "lieu": "collectivite"}
    assert corrected.details["apres"] == {"minutes": 120, "lieu": "centre"}
    (removed,) = service.journal("intervention.retirer")
    assert removed.details["avant"]["minutes"] == 45
    assert service.cumuls() == [(2024, 3, "ordinaire", 120, 1)]
    assert service.cumuls("lieu") == [(2024, 3, "centre", 120, 1)]


def test_a_double_click_records_once(service: Service) -> None:
    operation = uuid4().hex
    assert service.record(service.ligne(), operation_id=operation).ajoutees == 1
    assert service.record(service.ligne(), operation_id=operation).deja
    assert len(service.rows()) == 1
    assert service.cumuls() == [(2024, 3, "ordinaire", 90, 1)]


def test_a_refused_submission_can_be_sent_again(service_sqlite: Service) -> None:
    operation = uuid4().hex
    faults(service_sqlite, service_sqlite.ligne(duree="?"), operation_id=operation)
    assert service_sqlite.record(service_sqlite.ligne(), operation_id=operation).ajoutees == 1


def test_two_people_on_the_same_week(service: Service) -> None:
    service.record(service.ligne(), service.ligne(duree="45min"))
    short, long = service.rows()
    theirs = service.monde.responsable
    service.record(service.change(long, duree="3h"), by=theirs, assistant_id=service.monde["assistant"].utilisateur_id)
    mine = [service.change(long, duree="2h"), service.change(short, duree="50min"), service.ligne(duree="15min")]
    with pytest.raises(LignesEnConflit) as conflict:
        service.record(*mine)
    (one,) = conflict.value.conflits
    assert one.mienne and one.actuelle and (one.mienne.minutes, one.actuelle.minutes) == (120, 180)
    assert "2\u00a0h" in conflict.value.message and "3\u00a0h" in conflict.value.message
    assert [row.minutes for row in service.rows()] == [45, 180]
    mine[0] = service.change(long, duree="2h", version=one.version)
    assert service.record(*mine).total == 3
    assert [row.minutes for row in service.rows()] == [15, 50, 120]


def test_a_line_removed_meanwhile(service_sqlite: Service) -> None:
    service_sqlite.record(service_sqlite.ligne())
    (row,) = service_sqlite.rows()
    service_sqlite.record(service_sqlite.change(row, retirer=True))
    assert service_sqlite.record(service_sqlite.change(row, retirer=True)).total == 0
    with pytest.raises(LignesEnConflit) as conflict:
        service_sqlite.record(service_sqlite.change(row, duree="2h"))
    assert conflict.value.conflits[0].actuelle is None


def test_the_same_correction_twice_is_no_conflict(service_sqlite: Service) -> None:
    service_sqlite.record(service_sqlite.ligne())
    (row,) = service_sqlite.rows()
    service_sqlite.record(service_sqlite.change(row, duree="2h"))
    assert service_sqlite.record(service_sqlite.change(row, duree="2h")).total == 0


@pytest.mark.parametrize("role", [*sorted(ROLES_CENTRE), *sorted(ROLES_COLLECTIVITE)])
def test_who_records(monde_sqlite: Monde, role: Role) -> None:
    service = make_service(monde_sqlite)
    assistant_id = monde_sqlite["assistant"].utilisateur_id
    if role is Role.ASSISTANT:
        assert service.record(service.ligne()).ajoutees == 1
    elif role is Role.RESPONSABLE:
        assert service.record(service.ligne(), by=monde_sqlite[role], assistant_id=assistant_id).ajoutees == 1
        with pytest.raises(Refus):
            service.record(service.ligne(), by=monde_sqlite[role])
    else:
        for target in (None, assistant_id):
            with pytest.raises(Refus):
                service.record(service.ligne(), by=monde_sqlite[role], assistant_id=target)
        assert service.rows() == []


def test_nothing_of_others_is_reached(service_sqlite: Service) -> None:
    monde = service_sqlite.monde
    service_sqlite.record(service_sqlite.ligne())
    (row,) = service_sqlite.rows()
    colleague = make_acteur(service_sqlite.portail, Role.ASSISTANT, centre=monde.centre_id)
    assign(service_sqlite.portail, monde, service_sqlite.convention_id, assistant_id=colleague.utilisateur_id)
    stranger = make_other_centre(service_sqlite.portail)
    for by, asked in (
        (colleague, {}),
        (colleague, {"assistant_id": monde["assistant"].utilisateur_id}),
        (stranger, {}),
        (stranger, {"assistant_id": monde["assistant"].utilisateur_id}),
        (monde.responsable, {"assistant_id": stranger.utilisateur_id}),
    ):
        with pytest.raises(Introuvable):
            service_sqlite.record(service_sqlite.change(row, retirer=True), by=by, **asked)
    assert len(service_sqlite.rows()) == 1
    assert len(service_sqlite.journal("refus")) == 5


def test_a_month_closes_while_somebody_records(make_portail: Callable[[str], Portail]) -> None:
    """Whoever records waits for the closing that was first, and is then refused."""
    service = make_service(make_monde(make_portail("postgresql")))
    closing, seen = Event(), Event()

    def close() -> None:
        with service.portail.db.write() as session:
            session.get_one(Centre, service.monde.centre_id, with_for_update={"key_share": True})
            closing.set()
            assert not seen.wait(0.5)  # the recording waits
            session.add(Cloture(centre_id=service.monde.centre_id, annee=2024, mois=3))

    def record() -> None:
        closing.wait(10)
        with pytest.raises(LignesRefusees):
            service.record(service.ligne())
        seen.set()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(close), pool.submit(record)]:
            done.result(timeout=30)
    assert service.rows() == []
