"""A week recorded while somebody goes on typing in the editor that the page still shows."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from services.activite.grille import Grille, LigneGrille
from ui.heures import etat
from ui.heures.etat import Etat

PLACE = (uuid4(), uuid4(), date(2026, 1, 5))
CONVENTION = uuid4()


def line(duree: str) -> LigneGrille:
    return LigneGrille(date(2026, 1, 5), CONVENTION, duree)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The session's entries; nothing is kept as a draft."""
    entries: dict[str, Any] = {}
    monkeypatch.setattr(etat, "st", SimpleNamespace(session_state=entries))
    monkeypatch.setattr(Etat, "keep", lambda _self: None)
    return entries


def report(session: dict[str, Any], monkeypatch: pytest.MonkeyPatch, typed: Etat, *durees: str) -> list[str]:
    """The editor of `typed` reports these lines; what the person is told."""
    told: list[str] = []
    session[typed.cle] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}
    monkeypatch.setattr(etat, "apply_edits", lambda *_: Grille(tuple(line(one) for one in durees)))
    monkeypatch.setattr(etat.page, "notify", lambda message, **_: told.append(message))
    typed.take_edits()
    return told


@pytest.mark.parametrize(
    ("durees", "kept", "warned"),
    [
        pytest.param(("1h30",), (), False, id="said again"),
        pytest.param(("1h30", "45min"), ("45min",), False, id="one more line"),
        pytest.param(("2h",), (), True, id="a recorded line changed"),
    ],
)
def test_only_what_comes_after_a_recording_is_typed_anew(
    session: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    durees: tuple[str, ...],
    kept: tuple[str, ...],
    warned: bool,
) -> None:
    typed = Etat(PLACE, Grille(), Grille(), Grille((line("1h30"),)))
    session[typed.nom] = typed
    etat.forget(PLACE)
    assert bool(report(session, monkeypatch, typed, *durees)) is warned
    recorded = Grille((line("1h30"),))
    now = etat.etat_of(SimpleNamespace(place=PLACE, grille=recorded))  # type: ignore[arg-type]
    assert [one.duree for one in now.grille.lignes] == ["1h30", *kept]


def test_the_editor_in_use_is_read_whole(session: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    typed = Etat(PLACE, Grille(), Grille(), Grille((line("1h30"),)))
    session[typed.nom] = typed
    assert not report(session, monkeypatch, typed, "2h", "45min")
    assert [one.duree for one in typed.grille.lignes] == ["2h", "45min"]
