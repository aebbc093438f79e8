"""Several people at once: recording while a month closes or an assignment ends, assigning the same person twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from domain.errors import Conflit, Invalide, PortailError
from models import Affectation
from services.activite import affectations, clotures, deplacement_lists, deplacements
from services.activite.cumuls import compare
from services.core.portail import Portail
from tests.activite import give_poste
from tests.conventions import make_convention
from tests.factories import make_monde
from tests.heures import LUNDI, Service, make_service

BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
MONTH = (LUNDI.year, LUNDI.month)


@pytest.fixture
def service(make_portail: Callable[[str], Portail], backend: str) -> Service:
    return make_service(make_monde(make_portail(backend)), du=date(*MONTH, 1))


def _together(*jobs: Callable[[], object]) -> list[object]:
    """Results of jobs run at the same time; the error of those that were refused."""

    def run(job: Callable[[], object]) -> object:
        try:
            return job()
        except PortailError as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def _close(service: Service) -> int:
    """Close the month; how many rows it held just after."""
    monde = service.monde
    clotures.close_month(monde.portail, monde.responsable, monde.centre_id, *MONTH)
    return len(service.rows())


@BACKENDS
def test_hours_get_in_before_the_closing_or_not_at_all(service: Service) -> None:
    def record() -> object:
        return service.record(service.ligne(duree="10min"))

    results = _together(record, record, lambda: _close(service), record, record)
    closed_with = results.pop(2)
    done = [one for one in results if not isinstance(one, PortailError)]
    assert len(service.rows()) == len(done) == closed_with
    assert all("clos" in one.message for one in results if isinstance(one, PortailError))
    with service.portail.db.read() as session:
        assert compare(session) == []


@BACKENDS
def test_journeys_get_in_before_the_closing_or_not_at_all(service: Service) -> None:
    monde = service.monde

    def record() -> object:
        return deplacements.save_deplacement(
            monde.portail,
            monde["assistant"],
            monde.centre_id,
            {"jour": LUNDI, "km": "12", "puissance": "5"},
            convention_id=service.convention_id,
            zone="hors_zone",
            operation_id=uuid4().hex,
        )

    results = _together(record, record, lambda: _close(service), record)
    results.pop(2)
    kept = deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, LUNDI.year)
    assert len(kept) == sum(not isinstance(one, PortailError) for one in results)
    assert all(row.fige for row in kept)


@BACKENDS
def test_no_hours_are_left_outside_an_assignment_that_ends_meanwhile(service: Service) -> None:
    monde = service.monde
    with monde.portail.db.read() as session:
        one = session.query(Affectation).one()

    def end() -> object:
        return affectations.save_affectation(
            monde.portail,
            monde.responsable,
            monde.centre_id,
            {"quotite": "47,70", "du": one.du, "au": date(*MONTH, 5)},
            affectation_id=one.id,
            version_vue=one.version,
        )

    recorded, ended = _together(lambda: service.record(service.ligne()), end)
    refused = [one for one in (recorded, ended) if isinstance(one, PortailError)]
    assert len(refused) == 1  # whichever came first
    assert len(service.rows()) == (0 if isinstance(recorded, PortailError) else 1)


@BACKENDS
def test_two_managers_do_not_promise_the_same_person_twice(
    make_portail: Callable[[str], Portail], backend: str
) -> None:
    monde = make_monde(make_portail(backend))
    give_poste(monde.portail, monde)
    conventions = [make_convention(monde.portail, monde, "en_vigueur") for _ in range(2)]

    def assign(number: int) -> object:
        return affectations.save_affectation(
            monde.portail,
            monde.responsable,
            monde.centre_id,
            {"quotite": "60", "du": "01/01/2024", "au": ""},
            convention_id=conventions[number],
            assistant_id=monde["assistant"].utilisateur_id,
            operation_id=uuid4().hex,
        )

    results = _together(lambda: assign(0), lambda: assign(1))
    refused = [one for one in results if isinstance(one, Invalide)]
    assert len(refused) == 1 and "120,00" in refused[0].message


@BACKENDS
def test_two_managers_do_not_overwrite_each_other(service: Service) -> None:
    monde = service.monde
    with monde.portail.db.read() as session:
        one = session.query(Affectation).one()

    def change(share: str) -> object:
        return affectations.save_affectation(
            monde.portail,
            monde.responsable,
            monde.centre_id,
            {"quotite": share, "du": one.du, "au": ""},
            affectation_id=one.id,
            version_vue=one.version,
        )

    results = _together(lambda: change("30"), lambda: change("40"))
    assert sum(isinstance(one, Conflit) for one in results) == 1
    with monde.portail.db.read() as session:
        kept = session.get_one(Affectation, one.id).quotite
    assert kept == (Decimal(40) if isinstance(results[0], Conflit) else Decimal(30))
