"""The rollup is at any time what a recount gives; two writers never block each other for good."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from domain.activite import DIMENSIONS, nomenclature
from domain.errors import Invalide
from domain.releve import Valeurs
from models import Cumul, Intervention
from services.activite import cumuls
from services.activite.imports import import_hours
from services.core.portail import Portail
from tests.activite import add_hours
from tests.factories import Monde, make_monde
from tests.heures import LUNDI, Service, make_service


@pytest.fixture
def service(monde: Monde) -> Service:
    return make_service(monde)


def test_rows_are_counted_in_and_out(service: Service) -> None:
    portail, monde = service.portail, service.monde
    ids = [add_hours(portail, monde, service.convention_id, LUNDI, minutes) for minutes in (30, 60)]
    with portail.db.write() as session:
        rows = [session.get_one(Intervention, one) for one in ids]
        cumuls.add(session, rows)
        assert cumuls.compare(session) == []
        cumuls.add(session, rows[:1], -1)
    assert service.cumuls() == [(2024, 3, "ordinaire", 60, 1)]
    with portail.db.write() as session:
        cumuls.add(session, rows[1:], -1)
    assert service.cumuls() == []


def test_compare_tells_and_rebuild_mends(service: Service) -> None:
    portail, monde = service.portail, service.monde
    service.record(service.ligne(), service.ligne(jour=date(2024, 4, 2), duree="45min"))
    add_hours(portail, monde, service.convention_id, date(2024, 5, 6), 20)
    with portail.db.write() as session:
        session.execute(update(Cumul).where(Cumul.mois == 3, Cumul.dimension == "nature").values(minutes=91))
    with portail.db.read() as session:
        found = cumuls.compare(session)
    assert len(found) == 1 + len(DIMENSIONS)
    march = next(one for one in found if one.mois == 3)
    assert (march.minutes, march.minutes_recomptees, march.nombre, march.nombre_recompte) == (91, 90, 1, 1)
    with portail.db.write() as session:
        assert cumuls.rebuild(session, monde.centre_id) == 3 * len(DIMENSIONS)
        assert cumuls.compare(session, monde.centre_id) == []
        assert cumuls.rebuild(session) == 3 * len(DIMENSIONS)


CODES = {name: st.sampled_from(sorted(nomenclature().labels(name))) for name in DIMENSIONS if name != "nature"}
LINES = st.fixed_dictionaries(
    {
        "jour": st.integers(0, 75).map(lambda days: LUNDI + timedelta(days=days)),
        "duree": st.integers(1, 30).map(lambda minutes: f"{minutes}min"),
        "nature": st.sampled_from(["ordinaire", "etat_des_lieux"]),
        **CODES,
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["ajouter", "modifier", "retirer", "importer"]), LINES, st.integers(0, 50)),
    min_size=1,
    max_size=8,
)


def take_in(service: Service, lines: list[dict[str, Any]]) -> None:
    """Record lines from a file; the same file is refused, which leaves everything as it was."""
    names = ("categorie", "origine", "lieu", "forme", "nature")
    rows = [f"{one['jour']};219400223;{one['duree']};{';'.join(one[name] for name in names)}" for one in lines]
    data = "\n".join(["Date;SIREN;Durée;Catégorie;Origine;Lieu;Forme;Nature", *rows]).encode()
    with suppress(Invalide):
        import_hours(service.portail, service.assistant, service.monde.centre_id, data, uuid4().hex)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_rollup_equals_a_recount_whatever_is_done(backend: str, make_portail: Callable[[str], Portail]) -> None:
    service = make_service(make_monde(make_portail(backend)))

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEPS, min_size=1, max_size=3))
    def check(submissions: list[list[tuple[str, dict[str, Any], int]]]) -> None:
        for steps in submissions:
            held, lines, imported = service.rows(), [], []
            for what, given_line, pick in steps:
                if what == "importer":
                    imported.append(given_line)
                    continue
                row = held.pop(pick % len(held)) if held and what != "ajouter" else None
                if row is None:
                    lines.append(service.ligne(**given_line))
                else:
                    changed = {"retirer": True} if what == "retirer" else given_line
                    lines.append(service.change(row, **changed))
            service.record(*lines)
            take_in(service, imported)
            with service.portail.db.read() as session:
                assert cumuls.compare(session) == []
        assert sum(one[3] for one in service.cumuls()) == sum(row.minutes for row in service.rows())

    check()


def test_two_writers_in_opposite_orders(make_portail: Callable[[str], Portail]) -> None:
    """Each transaction touches many rows of the rollup, given in opposite orders, in and out: no deadlock, nothing lost."""
    service = make_service(make_monde(make_portail("postgresql")))
    portail, assistant_id = service.portail, service.monde["assistant"].utilisateur_id

    def moved(sign: int) -> cumuls.Mouvements:
        moves = cumuls.Mouvements()
        for month in range(1, 13)[::sign]:
            for lieu in sorted(nomenclature().labels("lieu"))[::sign]:
                row = Intervention(
                    centre_id=service.monde.centre_id,
                    assistant_id=assistant_id,
                    **vars(
                        Valeurs(
                            date(2024, month, 1),
                            service.convention_id,
                            60,
                            "ordinaire",
                            "accueil",
                            "agent",
                            lieu,
                            "individuelle",
                        )
                    ),
                )
                moves.take(row, 1 if sign == 1 or lieu == "centre" else -1)
        return moves

    with portail.db.write() as session:
        for _ in range(20):
            moved(1).write(session)

    def work(sign: int) -> None:
        for _ in range(10):
            with portail.db.write() as session:
                moved(sign).write(session)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, sign) for sign in (1, -1, 1, -1)]:
            done.result(timeout=60)
    found = {(month, value): (minutes, count) for _, month, value, minutes, count in service.cumuls("lieu")}
    assert found[1, "centre"] == (60 * 60, 60)
    assert found[12, "domicile"] == (20 * 60, 20)


def test_the_responsable_and_the_assistant_record_at_once(make_portail: Callable[[str], Portail]) -> None:
    service = make_service(make_monde(make_portail("postgresql")))
    people = {True: service.assistant, False: service.monde.responsable}
    assistant_id = service.monde["assistant"].utilisateur_id

    def work(own: bool) -> None:
        for week in range(8):
            lines = [service.ligne(jour=LUNDI + timedelta(days=7 * week + day), duree="20min") for day in range(5)]
            service.record(*(lines if own else lines[::-1]), by=people[own], assistant_id=assistant_id)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, own) for own in (True, False)]:
            done.result(timeout=60)
    assert len(service.rows()) == 80
    with service.portail.db.read() as session:
        assert cumuls.compare(session) == []
