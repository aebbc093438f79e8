"""How many works on files run at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from documents import sandbox
from documents.engine.check import TOO_HEAVY, check_templates
from documents.tables.lecture import read_table
from documents.tables.tableur import Feuille, write_xlsx
from domain.errors import Invalide
from tests.documents.samples import word


def test_no_more_works_at_once_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty files sent together would each take a gigabyte and a processor."""
    running, most, lock = 0, 0, threading.Lock()
    full, go = threading.Event(), threading.Event()

    def run(*_: Any) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == sandbox.PLACES:
                full.set()
        assert go.wait(30)
        with lock:
            running -= 1
        return "fait"

    monkeypatch.setattr(sandbox, "_run", run)
    with ThreadPoolExecutor(20) as people:
        asked = [people.submit(sandbox.run_limited, "m", b"", 1.0) for _ in range(20)]
        assert full.wait(30)
        with monkeypatch.context() as patch, pytest.raises(Invalide, match="Réessayez"):
            patch.setattr(sandbox, "WAIT", 0.01)
            sandbox.run_limited("m", b"", 1.0)
        go.set()
        assert [one.result() for one in asked] == ["fait"] * 20
    assert most == sandbox.PLACES


def test_a_work_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise sandbox.TooHeavy

    monkeypatch.setattr(sandbox, "_run", fail)
    for _ in range(sandbox.PLACES + 1):
        with pytest.raises(sandbox.TooHeavy):
            sandbox.run_limited("m", b"", 1.0)


def test_a_template_nested_without_end_is_refused_with_words() -> None:
    endless = (
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% if " + "(" * 200 + "1" + ")" * 200 + " %}x{% endif %}",
    )
    found = check_templates([(word(text), "") for text in endless], {"": {}})
    assert [[error.message for error in errors] for errors in found] == [[TOO_HEAVY], [TOO_HEAVY]]


def test_a_table_that_waited_for_its_turn_in_vain_is_read_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """« Réessayez » was kept as what the file is worth, and told to everybody who sent it again."""
    data = write_xlsx([Feuille("Heures", ("Jour",), [("x",)])])
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "WAIT", 0.01)
        patch.setattr(sandbox, "_places", threading.BoundedSemaphore(1))
        with sandbox._turn(), pytest.raises(sandbox.Busy):
            read_table(data)
    assert read_table(data)
