"""The journal is a chain that shows any change, and stays one under concurrency, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, update

from domain.errors import Refus
from models import AuditEvent, utc_now
from services.core import journal
from services.core.portail import Portail, once


def _write(portail: Portail, count: int) -> None:
    for number in range(count):
        with portail.db.write() as session:
            journal.record(session, "essai", numero=number)


def _verify(portail: Portail) -> journal.Verification:
    with portail.db.read() as session:
        return journal.verify(session)


def test_chain_stays_whole_under_concurrency(portail: Portail) -> None:
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: _write(portail, 6), range(5)))
    outcome = _verify(portail)
    assert (outcome.intacte, outcome.lignes) == (True, 30)


@pytest.mark.parametrize("line", [1, 3, 5])
def test_changed_line_shows(portail: Portail, line: int) -> None:
    _write(portail, 5)
    with portail.db.write() as session:
        session.execute(update(AuditEvent).where(AuditEvent.seq == line).values(action="autre"))
    assert _verify(portail).rupture == line


@pytest.mark.parametrize("line", [1, 3, 5])
def test_removed_line_shows(portail: Portail, line: int) -> None:
    _write(portail, 5)
    with portail.db.write() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.seq == line))
    assert not _verify(portail).intacte


def test_line_added_without_the_head_shows(portail: Portail) -> None:
    _write(portail, 2)
    with portail.db.write() as session:
        session.add(AuditEvent(seq=3, le=utc_now(), action="autre", details={}, hash="0" * 64))
    assert not _verify(portail).intacte


def test_line_written_during_the_check_is_no_rupture(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(portail, 3)
    hashed = journal.line_hash

    def meanwhile(event: AuditEvent, previous: str) -> str:
        if event.seq == 3:
            monkeypatch.setattr(journal, "line_hash", hashed)
            _write(portail, 1)
        return hashed(event, previous)

    monkeypatch.setattr(journal, "line_hash", meanwhile)
    outcome = _verify(portail)
    assert (outcome.intacte, outcome.lignes) == (True, 3)
    assert _verify(portail).lignes == 4


def test_refused_action_leaves_only_its_journal_line(portail: Portail) -> None:
    with pytest.raises(Refus), portail.action(None, "essai", objet="dossier", objet_id="42") as session:
        journal.record(session, "reussite")
        raise Refus("Non.")
    with portail.db.read() as session:
        lines = session.query(AuditEvent).all()
    assert [(line.action, line.objet_id, line.details["demande"]) for line in lines] == [("refus", "42", "essai")]
    assert _verify(portail).intacte


def test_operation_happens_once(portail: Portail) -> None:
    def attempt(_: int) -> bool:
        with portail.db.write() as session:
            return once(session, "operation-1")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
