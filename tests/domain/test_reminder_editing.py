"""The reminders of an offer changed as data: the shipped ones keep as they are, what is wrong is told beside it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.courriels import catalogue
from domain.errors import Invalide, split_faults
from domain.offer import ECHEANCES, load_offer
from domain.offer.reminder_editing import list_rappels, read_days, update_rappels
from services.core.settings import ROOT
from tests.factories import cig_offer


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "jours_avant": ", ".join(str(day) for day in row["jours_avant"])}


def test_the_shipped_reminders_are_kept_as_they_are_shown() -> None:
    for folder in (ROOT / "forms").glob("*/*/"):
        content = load_offer(folder).model_dump(mode="json")
        rows = list_rappels(content)
        assert rows and update_rappels(content, [_typed(row) for row in rows]) == content


def test_every_deadline_has_a_text() -> None:
    for kind in ECHEANCES:
        assert catalogue().editable(f"rappel_{kind}")


@pytest.mark.parametrize(
    ("typed", "days"),
    [("60, 30,7", [60, 30, 7]), ("7 30;60", [60, 30, 7]), ("0", [0]), ("7, 7", [7]), (" ", []), ("7 et 1", [7, 1])],
)
def test_days_are_read_as_people_type_them(typed: str, days: list[int]) -> None:
    assert read_days(typed, "x") == days


@given(st.text(max_size=30))
def test_whatever_is_typed_gives_days_or_a_message(typed: str) -> None:
    try:
        assert all(0 <= day <= 365 for day in read_days(typed, "x"))
    except Invalide as error:
        assert error.champ == "x"


def test_what_is_wrong_is_told_beside_it() -> None:
    content = cig_offer().model_dump(mode="json")
    lines = [
        {"echeance": "terme", "jours_avant": "bientôt", "roles": ["direction"]},
        {"echeance": "terme", "jours_avant": "400", "roles": ["direction"]},
        {"echeance": "terme", "jours_avant": "30", "roles": []},
        {"echeance": "vote_tarif", "jours_avant": "30", "roles": ["direction"]},
        {"echeance": None, "jours_avant": "30", "roles": ["direction"]},
        {"echeance": "fin", "jours_avant": "30", "roles": ["inconnu"]},
        {"echeance": "fin", "jours_avant": "", "roles": []},
    ]
    with pytest.raises(Invalide) as refused:
        update_rappels(content, lines)
    assert [one.champ for one in split_faults(refused.value)] == [
        "0.jours_avant", "1.jours_avant", "2.roles", "3.roles", "4.echeance", "5.roles",
    ]  # fmt: skip
    only = update_rappels(content, [{"echeance": "fin", "jours_avant": "5", "roles": ["responsable", "direction"]}])
    assert only["rappels"] == [{"echeance": "fin", "jours_avant": [5], "roles": ["direction", "responsable"]}]
    assert update_rappels(content, [])["rappels"] == []
