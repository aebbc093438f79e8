"""Rules of the dashboards: the last finished month, what is expected by then, where the year is heading, the alerts."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.pilotage import (
    Alertes,
    Pilotage,
    classify,
    convention_days,
    cut_off,
    expected_minutes,
    forecast_minutes,
    load_alertes,
    month_end,
)

SEUILS = Alertes(depassement=105, sous_utilisation=80, jours_minimum=59)
days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
minutes = st.integers(0, 200_000)


@pytest.mark.parametrize(
    ("annee", "today", "found"),
    [
        (2026, date(2026, 11, 22), date(2026, 10, 31)),
        (2026, date(2026, 6, 30), date(2026, 6, 30)),
        (2026, date(2026, 1, 30), None),
        (2026, date(2026, 1, 31), date(2026, 1, 31)),
        (2026, date(2026, 12, 31), date(2026, 12, 31)),
        (2025, date(2026, 3, 3), date(2025, 12, 31)),
        (2027, date(2026, 3, 3), None),
        (2024, date(2024, 2, 28), date(2024, 1, 31)),
        (2024, date(2024, 2, 29), date(2024, 2, 29)),
    ],
)
def test_hours_are_compared_up_to_the_last_finished_month(annee: int, today: date, found: date | None) -> None:
    assert cut_off(annee, today) == found


@given(days)
def test_the_cut_off_is_the_end_of_a_month_never_in_the_future(today: date) -> None:
    found = cut_off(today.year, today)
    assert found is None or (found <= today and found == month_end(found.year, found.month))


@given(days, days, days, days)
def test_days_of_a_convention_are_those_counted_one_by_one(debut: date, terme: date, du: date, au: date) -> None:
    year = [date(du.year, 1, 1) + timedelta(days=number) for number in range(366)]
    counted = sum(debut <= day <= terme and du <= day <= au and day.year == du.year for day in year)
    assert convention_days(du.year, debut, terme, du, au) == counted


@given(minutes, st.integers(1, 366))
def test_a_whole_year_expects_what_is_due_and_months_add_up(dues: int, total: int) -> None:
    by_day = [expected_minutes(dues, day, total) for day in range(total + 1)]
    assert by_day[0] == 0 and by_day[-1] == dues and by_day == sorted(by_day)


@given(minutes, st.integers(0, 366), st.integers(0, 366), st.integers(1, 366))
def test_the_forecast_carries_the_pace_on(used: int, ecoules: int, total: int, least: int) -> None:
    total = max(ecoules, total)
    found = forecast_minutes(used, ecoules, total, least)
    if not ecoules or (ecoules < least and ecoules < total):
        assert found is None
        return
    assert found is not None
    exact = Fraction(used * total, ecoules)
    assert exact - 1 < found <= exact
    assert found >= used, "what is recorded stays"
    if ecoules == total:
        assert found == used, "a year that is over is known"


@given(minutes, st.integers(1, 200_000))
def test_an_alert_is_one_side_or_the_other(prevision: int, dues: int) -> None:
    found = classify(prevision, dues, SEUILS)
    share = Fraction(prevision * 100, dues)
    expected = "depassement" if share >= 105 else "sous_utilisation" if share <= 80 else None
    assert found == expected


def test_no_alert_without_a_forecast_or_anything_due() -> None:
    assert classify(None, 1000, SEUILS) is None
    assert classify(1000, 0, SEUILS) is None


def test_thresholds_are_data() -> None:
    assert load_alertes().depassement > 100 > load_alertes().sous_utilisation
    with pytest.raises(ValidationError):
        Pilotage.model_validate({"alertes": {"depassement": -5, "sous_utilisation": 80, "jours_minimum": 59}})
