"""Durations as people write them, lines, weeks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalide
from domain.releve import day_label, monday_of, period_label, read_minutes, week_days, weekly_minutes, write_minutes


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("1h30", 90),
        ("1 h 30", 90),
        ("1:30", 90),
        ("01:30", 90),
        ("1:30:00", 90),
        ("1,5", 90),
        ("1.5", 90),
        ("0,25", 15),
        ("90", 90),
        (90, 90),
        ("45min", 45),
        ("7h", 420),
        ("24h", 1440),
    ],
)
def test_durations(written: object, minutes: int) -> None:
    assert read_minutes(written) == minutes


@pytest.mark.parametrize(
    "written",
    ["", None, "-1h", "−30", "0", "0h00", "24h01", "1441", "1:75", "1,33", "abc", "1e3", "7", 12, "=1+1", "9" * 30],
)
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(Invalide) as refused:
        read_minutes(written)
    assert refused.value.champ == "minutes"


def test_a_small_number_alone_asks_which_unit() -> None:
    with pytest.raises(Invalide, match="7h pour des heures ou 7min"):
        read_minutes("7")


@given(st.integers(1, 1440))
def test_what_is_written_is_read_back(minutes: int) -> None:
    assert read_minutes(write_minutes(minutes)) == minutes


@given(st.text(max_size=20))
def test_any_text_gives_minutes_or_a_message(text: str) -> None:
    try:
        assert 1 <= read_minutes(text) <= 1440
    except Invalide as refused:
        assert refused.message


def test_weeks() -> None:
    monday = date(2024, 2, 26)
    assert monday_of(date(2024, 2, 29)) == monday_of(date(2024, 3, 3)) == monday
    assert [day.day for day in week_days(monday)] == [26, 27, 28, 29, 1, 2, 3]
    assert day_label(date(2024, 2, 29), court=True) == "jeu.\u00a029/02"


def test_a_week_of_a_share() -> None:
    assert weekly_minutes(Decimal("47.70")) == 1002  # 16,695 h (G4)
    assert weekly_minutes(Decimal(100)) == 2100


def test_periods_are_told_shortly() -> None:
    assert period_label(date(2026, 11, 9), date(2026, 11, 15)) == "du 9 au 15 novembre 2026"
    assert period_label(date(2026, 9, 28), date(2026, 10, 4)) == "du 28 septembre au 4 octobre 2026"
    assert period_label(date(2026, 12, 28), date(2027, 1, 3)) == "du 28 décembre 2026 au 3 janvier 2027"
    assert period_label(date(2026, 6, 1), date(2026, 6, 7)) == "du 1er au 7 juin 2026"
