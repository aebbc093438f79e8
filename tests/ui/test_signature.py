"""The deposit of a signed document says where the convention stands, whatever it was asked for."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from ui import page
from ui.convention import signature


@pytest.mark.parametrize(
    ("etat", "said"),
    [
        ("en_vigueur", "Convention signée par les deux parties."),
        ("signee_collectivite", "Elle attend la signature du centre."),
        ("a_signer", "Rien n’est déposé"),
        ("annulee", "annulée"),
    ],
)
def test_the_state_returned_is_announced(monkeypatch: pytest.MonkeyPatch, etat: str, said: str) -> None:
    told: list[str] = []
    monkeypatch.setattr(page, "notify", told.append)
    monkeypatch.setattr(page, "renew_operation", lambda name: None)
    uploaded: Any = SimpleNamespace(name="signe.pdf", getvalue=lambda: b"%PDF")
    signature._submit(
        "signer_centre:1",
        {},
        lambda **given: etat,
        "Convention signée par les deux parties.",
        uploaded,
        date(2026, 1, 1),
        "Camille Exemple, maire",
        "operation",
    )
    (announced,) = told
    assert said in announced
