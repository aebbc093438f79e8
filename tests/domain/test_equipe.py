"""Shares of a post over time, cut where a total changes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.equipe import PartDatee, cut_tranches, overlaps, total_on

D = Decimal


def test_a_total_changes_on_the_day_after_the_last_one() -> None:
    parts = [PartDatee(D("47.70"), date(2024, 1, 1)), PartDatee(D(60), date(2024, 2, 1), date(2024, 2, 29))]
    held = [PartDatee(D(100), date(2023, 1, 1), date(2024, 3, 31))]
    found = cut_tranches(parts, held, date(2024, 1, 1), None)
    assert [(one.du, one.au, one.total, one.limite, one.excess) for one in found] == [
        (date(2024, 1, 1), date(2024, 1, 31), D("47.70"), D(100), False),
        (date(2024, 2, 1), date(2024, 2, 29), D("107.70"), D(100), True),
        (date(2024, 3, 1), date(2024, 3, 31), D("47.70"), D(100), False),
        (date(2024, 4, 1), None, D("47.70"), D(0), True),
    ]


def test_neighbours_with_the_same_totals_are_one() -> None:
    parts = [PartDatee(D(50), date(2024, 1, 1), date(2024, 6, 30)), PartDatee(D(50), date(2024, 7, 1))]
    assert len(cut_tranches(parts, [], date(2024, 1, 1), None)) == 1


def test_two_periods_overlap_on_their_common_day() -> None:
    day, next_day = date(2024, 2, 29), date(2024, 3, 1)
    assert overlaps(day, day, day, None)
    assert not overlaps(day, day, next_day, None)
    assert not overlaps(next_day, None, date(2024, 1, 1), day)
    assert overlaps(next_day, None, date(2024, 1, 1), None)


_days = st.integers(0, 800).map(lambda n: date(2024, 1, 1) + timedelta(days=n))


@st.composite
def _parts(draw: st.DrawFn) -> list[PartDatee]:
    found = []
    for du in draw(st.lists(_days, max_size=5)):
        au = draw(st.one_of(st.none(), st.integers(0, 300).map(lambda n, du=du: du + timedelta(days=n))))
        found.append(PartDatee(D(draw(st.integers(1, 100))), du, au))
    return found


@given(_parts(), _parts(), _days, st.integers(0, 400))
def test_tranches_cover_every_day_once_with_its_totals(
    parts: list[PartDatee], held: list[PartDatee], du: date, length: int
) -> None:
    au = du + timedelta(days=length)
    found = cut_tranches(parts, held, du, au)
    assert (found[0].du, found[-1].au) == (du, au)
    for before, after in pairwise(found):
        assert before.au is not None and after.du == before.au + timedelta(days=1)
        assert (before.total, before.limite) != (after.total, after.limite)
    for one in found:
        assert one.au is not None
        for day in {one.du, one.au, one.du + (one.au - one.du) // 2}:
            assert (total_on(parts, day), total_on(held, day)) == (one.total, one.limite)
