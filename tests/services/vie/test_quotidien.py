"""The daily round: once a day for each centre, whoever runs it, whatever the clock does, wherever it was killed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditEvent, Centre, Convention, Passage, Reconduction
from services.core import clock, journal
from services.core.database import Database
from services.core.portail import Portail
from services.vie import quotidien
from tests.conventions import make_convention
from tests.decomptes import add_tarifs
from tests.factories import CENTRE, Monde, make_monde

RENEW, CLOSE = "services.vie.reconductions:renew_due", "services.vie.reconductions:close_due"


def at(jour: date, hour: int = 12) -> datetime:
    return datetime(jour.year, jour.month, jour.day, hour, tzinfo=UTC)


def renewed(portail: Portail, convention_id: UUID) -> list[int]:
    with portail.db.read() as session:
        query = select(Reconduction.annee).where(Reconduction.convention_id == convention_id)
        return sorted(session.scalars(query))


def lines(portail: Portail, action: str) -> int:
    with portail.db.read() as session:
        assert journal.verify(session).intacte
        return session.scalar(select(func.count()).where(AuditEvent.action == action)) or 0


def state(portail: Portail, convention_id: UUID) -> tuple[str, date | None, str | None]:
    with portail.db.read() as session:
        one = session.get_one(Convention, convention_id)
        return one.etat, one.fin, one.fin_motif


def test_the_round_is_done_once_a_day(monde: Monde) -> None:
    portail = monde.portail
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, 2024)
    first = quotidien.run_daily(portail, at(date(2024, 1, 1)))
    assert first[CENTRE][RENEW] == 1
    assert quotidien.run_daily(portail, at(date(2024, 1, 1), 20)) == {}
    assert quotidien.run_daily(portail, at(date(2024, 1, 2)))[CENTRE][RENEW] == 0
    assert renewed(portail, convention_id) == [2024]
    assert lines(portail, "convention.reconduire") == 1
    with portail.db.read() as session:
        passage = session.get_one(Passage, (monde.centre_id, date(2024, 1, 1)))
        assert passage.fini_le is not None and passage.compte[RENEW] == 1


def test_missed_days_are_caught_up(monde: Monde) -> None:
    """The portal was stopped for years: every renewal is recorded, and the end that came meanwhile."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    quotidien.run_daily(monde.portail, at(date(2023, 6, 1)))
    done = quotidien.run_daily(monde.portail, at(date(2028, 2, 3)))[CENTRE]
    assert (done[RENEW], done[CLOSE]) == (4, 1)
    assert renewed(monde.portail, convention_id) == [2024, 2025, 2026, 2027]
    assert state(monde.portail, convention_id) == ("echue", None, "terme")


def test_a_clock_set_back_undoes_and_doubles_nothing(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    for day in (date(2024, 12, 31), date(2025, 1, 1), date(2024, 12, 30), date(2024, 12, 31), date(2025, 1, 1)):
        quotidien.run_daily(monde.portail, at(day))
    assert renewed(monde.portail, convention_id) == [2024, 2025]
    assert lines(monde.portail, "convention.reconduire") == 2


@pytest.mark.parametrize("killed", range(len(quotidien.DUTIES) + 2))
def test_a_process_killed_between_two_duties(monde: Monde, monkeypatch: pytest.MonkeyPatch, killed: int) -> None:
    """Whatever the write at which it dies, the next run does the rest, and only the rest."""
    portail = monde.portail
    over = make_convention(portail, monde, "en_vigueur", date_effet=date(2019, 1, 1))
    kept = make_convention(portail, monde, "en_vigueur")
    write, count = portail.db.write, 0

    class Killed(BaseException):
        pass

    def dying(*args: object) -> object:
        nonlocal count
        count += 1
        if count > killed:
            raise Killed
        return write()

    monkeypatch.setattr(portail.db, "write", dying)
    with pytest.raises(Killed):
        quotidien.run_daily(portail, at(date(2024, 1, 1)))
    monkeypatch.setattr(portail.db, "write", write)
    quotidien.run_daily(portail, at(date(2024, 1, 1)))
    assert renewed(portail, kept) == [2024] and renewed(portail, over) == [2020, 2021, 2022, 2023]
    assert state(portail, over)[0] == "echue" and state(portail, kept)[0] == "en_vigueur"
    assert (lines(portail, "convention.reconduire"), lines(portail, "convention.echoir")) == (5, 1)


def test_killed_inside_a_duty(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """The duty and the note that it is done are one transaction."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("services.vie.reconductions.record_lines", die)
        with pytest.raises(KeyboardInterrupt):
            quotidien.run_daily(monde.portail, at(date(2024, 1, 1)))
    assert renewed(monde.portail, convention_id) == []
    quotidien.run_daily(monde.portail, at(date(2024, 1, 1)))
    assert renewed(monde.portail, convention_id) == [2024]


def _fail(session: Session, centre_id: UUID, jour: date) -> int:
    raise RuntimeError("no")


def test_a_duty_that_fails_stops_no_other_and_is_tried_again(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    failing = f"{__name__}:_fail"
    with monkeypatch.context() as patch:
        patch.setattr(quotidien, "DUTIES", {failing: "échec", RENEW: "reconductions"})
        patch.setattr(quotidien, "resolve", lambda duty: _fail if duty == failing else resolved(duty))
        assert quotidien.run_daily(monde.portail, at(date(2024, 1, 1))) == {CENTRE: {RENEW: 1}}
        assert quotidien.run_daily(monde.portail, at(date(2024, 1, 1))) == {CENTRE: {}}, "not finished: tried again"
    assert renewed(monde.portail, convention_id) == [2024]
    assert CLOSE in quotidien.run_daily(monde.portail, at(date(2024, 1, 1)))[CENTRE]
    assert quotidien.run_daily(monde.portail, at(date(2024, 1, 1))) == {}


resolved = quotidien.resolve


@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
def test_replicas_that_run_the_same_day_at_once(make_portail: Callable[[str], Portail], backend: str) -> None:
    """Each with connections of its own, as processes have."""
    portail = make_portail(backend)
    monde = make_monde(portail)
    replicas = [Portail(portail.settings) for _ in range(4)]
    for one in replicas:
        one.db = Database(portail.db.url)
    ids = [make_convention(portail, monde, "en_vigueur", date_effet=date(2019 + rank % 2, 1, 1)) for rank in range(6)]
    start, done = threading.Barrier(4), list[dict[str, int]]()
    failures: list[BaseException] = []

    def run(replica: Portail) -> None:
        start.wait()
        try:
            done.append(quotidien.run_daily(replica, at(date(2024, 1, 1))).get(CENTRE, {}))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for replica in replicas:
        replica.db.dispose()
    assert not failures
    assert sum(one.get(RENEW, 0) for one in done) == 3 * 4 + 3 * 4
    assert sum(one.get(CLOSE, 0) for one in done) == 3
    assert [len(renewed(portail, one)) for one in ids] == [4] * 6
    assert (lines(portail, "convention.reconduire"), lines(portail, "convention.echoir")) == (24, 3)


def test_each_centre_has_its_own_day(monde_sqlite: Monde) -> None:
    """It is still 31 December in Fort-de-France when the year begins in Paris."""
    portail = monde_sqlite.portail
    convention_id = make_convention(portail, monde_sqlite, "en_vigueur")
    night = datetime(2023, 12, 31, 23, 30, tzinfo=UTC)
    assert quotidien.run_daily(portail, night)[CENTRE][RENEW] == 1
    with portail.db.write() as session:
        session.get_one(Centre, monde_sqlite.centre_id).fuseau = "America/Martinique"
    assert clock.today("America/Martinique", night) == date(2023, 12, 31)
    assert quotidien.run_daily(portail, night)[CENTRE][RENEW] == 0
    assert renewed(portail, convention_id) == [2024]


def test_every_duty_exists_and_runs_again(monde: Monde) -> None:
    """What anybody adds to the round can be done twice for the same day."""
    for duty in quotidien.DUTIES:
        for _ in range(2):
            with monde.portail.db.write() as session:
                assert quotidien.resolve(duty)(session, monde.centre_id, date(2026, 11, 16)) >= 0
