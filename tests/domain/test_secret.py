"""Statistical secrecy, against somebody who holds everything published and knows the rules by heart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.secret import SEUIL, Cellule, least_number, mask_everything, mask_table, may_publish

CODES = "abcdef"
Table = tuple[int, ...]


def cells(table: Table) -> list[Cellule]:
    return [Cellule(CODES[index], number, 30 * number) for index, number in enumerate(table)]


def published(table: Table, seuil: int = SEUIL) -> tuple[int | None, ...]:
    return tuple(cell.nombre for cell in mask_table(cells(table), seuil))


def tables(width: int, total: int) -> Iterator[Table]:
    """Every table of so many cells with this total."""
    if width == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(width - 1, total - first):
            yield (first, *rest)


def assert_nothing_recomputed(width: int, totals: range, seuil: int) -> None:
    """All the tables there are, grouped by what is published of them: each masked cell of each group takes two values at
    least, and one of them differs from zero (so that its minutes are not known either)."""
    for total in totals:
        groups: dict[tuple[int | None, ...], list[Table]] = defaultdict(list)
        for table in tables(width, total):
            groups[published(table, seuil)].append(table)
        for output, candidates in groups.items():
            for index, shown in enumerate(output):
                values = {table[index] for table in candidates}
                if shown is None:
                    assert len(values) >= 2, (total, output, index, candidates)
                else:
                    assert values == {shown} and shown >= seuil


@pytest.mark.parametrize(
    ("width", "seuil", "most"),
    [(2, 5, 60), (3, 5, 40), (4, 5, 27), (5, 5, 17), (2, 3, 60), (3, 3, 40), (4, 3, 26), (5, 2, 17), (6, 2, 14)],
)
def test_no_masked_cell_can_be_recomputed_whatever_the_table(width: int, seuil: int, most: int) -> None:
    assert_nothing_recomputed(width, range(seuil, most + 1), seuil)


def test_masking_the_smallest_visible_cell_would_be_seen_through() -> None:
    """Why the rule is not the usual one: 4, 9 and 9, publishing the last 9 and a total of 22, leaves 13 for two cells of
    which one is under 5 and the other not over 9. Only 4 and 9 will do."""
    would_fit = [(small, 13 - small) for small in range(5) if 5 <= 13 - small <= 9]
    assert would_fit == [(4, 9)]
    assert published((4, 9, 9)) == (None, 9, None)
    assert {table for table in tables(3, 22) if published(table) == (None, 9, None)} >= {(4, 9, 9), (0, 9, 13)}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((10, 20, 30), (10, 20, 30)),
        ((5, 5, 5), (5, 5, 5)),
        ((4, 20, 30), (None, 20, None)),
        ((30, 20, 4), (30, None, None)),
        ((0, 20, 30), (None, 20, None)),
        ((0, 0, 30), (None, None, None)),
        ((0, 20, 5), (None, None, None)),
        ((1, 20, 5), (None, 20, None)),
        ((4, 1), (None, None)),
        ((0, 12), (None, None)),
    ],
)
def test_what_is_masked(table: Table, expected: tuple[int | None, ...]) -> None:
    assert published(table) == expected


def test_a_masked_cell_hides_its_minutes_too() -> None:
    masked = [cell for cell in mask_table(cells((3, 20, 30))) if cell.masquee]
    assert [(cell.code, cell.nombre, cell.minutes) for cell in masked] == [("a", None, None), ("c", None, None)]
    assert all(cell.masquee for cell in mask_everything(cells((30, 20, 30))))


wide_tables = st.lists(st.integers(0, 60) | st.integers(0, 6), min_size=2, max_size=6).filter(lambda one: sum(one) >= 5)


@given(wide_tables)
@settings(max_examples=400, deadline=None)
def test_another_table_publishes_the_same_whatever_the_size(numbers: list[int]) -> None:
    """For tables too large to list all: for each masked cell, one intervention moved to or from it, or all of them moved to
    one cell, gives the same publication."""
    table = tuple(numbers)
    output = published(table)
    hidden = [index for index, shown in enumerate(output) if shown is None]
    for index in hidden:
        assert any(other[index] != table[index] and published(other) == output for other in neighbours(table, hidden))


def neighbours(table: Table, hidden: list[int]) -> Iterator[Table]:
    """Tables with the same visible cells and the same total: one intervention from a masked cell to another, or everything
    that is masked in one of the cells, but for none or one in another."""
    for source, target in product(hidden, hidden):
        if source != target and table[source]:
            other = list(table)
            other[source] -= 1
            other[target] += 1
            yield tuple(other)
    together = sum(table[index] for index in hidden)
    for most, one, left in product(hidden, hidden, (0, 1)):
        if one != most:
            other = [0 if index in hidden else number for index, number in enumerate(table)]
            other[most], other[one] = together - left, left
            yield tuple(other)


# The year's total --------------------------------------------------------------------------------------------------------


def numbers_for(groupes: list[int], unite: int) -> set[int]:
    """Every year's total that these published minutes allow, up to twenty."""
    found = {0}
    for minutes in groupes:
        splits = range(least_number([minutes]), minutes // unite + 1)[:21]
        found = {have + more for have in found for more in splits if have + more <= 20}
    return found


@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 24, 48, 120]), min_size=1, max_size=8),
    st.sampled_from([1, 15, 60]),
)
@settings(max_examples=300, deadline=None)
def test_a_total_that_is_withheld_is_one_of_two_at_least(units: list[int], unite: int) -> None:
    """Unless the minutes, which the bill has to say, give it by themselves: none, or one by one."""
    groupes = [one * unite for one in units]
    possible = numbers_for(groupes, unite)
    withheld = {number for number in possible if not may_publish(number, groupes, unite=unite)}
    if len(possible) > 1:
        assert len(withheld) >= 2
    assert all(number >= SEUIL for number in possible - withheld)


@pytest.mark.parametrize("unite", [1, 15, 60])
@pytest.mark.parametrize(
    "units", [(1, 3), (4, 8), (2, 2, 2), (1, 1, 9), (5, 1), (12,), (1, 1, 1, 1, 7), (3, 3, 0, 3), (0,)]
)
def test_no_month_can_be_told_from_the_total(units: tuple[int, ...], unite: int) -> None:
    """Beside a total that is published, each month keeps several possible numbers, or one that is large enough."""
    groupes = [one * unite for one in units]
    ways = list(product(*(range(least_number([minutes]), minutes // unite + 1) for minutes in groupes)))
    for total in {sum(way) for way in ways}:
        if may_publish(total, groupes, unite=unite):
            fitting = [way for way in ways if sum(way) == total]
            for place, minutes in enumerate(groupes):
                numbers = {way[place] for way in fitting}
                known_from_the_bill = minutes // unite == least_number([minutes])
                assert len(numbers) >= 2 or known_from_the_bill or min(numbers) >= SEUIL, (total, fitting)


def test_four_months_worked_do_not_give_four_interventions_away() -> None:
    mois = [60, 0, 45, 90, 0, 30]
    assert not may_publish(4, mois) and not may_publish(5, mois) and may_publish(6, mois)
    assert may_publish(5, [300]) and not may_publish(4, [300]) and not may_publish(0, [])
    assert not may_publish(12, [240, 480], unite=60) and may_publish(11, [240, 480], unite=60)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(1, 1440)),
        min_size=5,
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_the_four_tables_and_the_minutes_together_say_no_more_than_each_table(
    interventions: list[tuple[int, int, int, int]],
) -> None:
    """The lemma that joins everything: within the masked cells of one table, interventions may exchange their label of that
    dimension. Every other table, every visible figure, every total of minutes by month stays what it was, so that what one
    table leaves open, all of them together leave open."""
    before = [publish(interventions, dimension) for dimension in range(2)]
    months = minutes_by(interventions, 2)
    hidden = [index for index, (number, _) in enumerate(before[0]) if number is None]
    inside = [index for index, one in enumerate(interventions) if one[0] in hidden]
    for position in inside:
        for label in hidden:
            changed = list(interventions)
            changed[position] = (label, *interventions[position][1:])
            if published_set(changed) == published_set(interventions):
                assert [publish(changed, dimension) for dimension in range(2)] == before
                assert minutes_by(changed, 2) == months


def published_set(interventions: list[tuple[int, int, int, int]]) -> list[bool]:
    return [number is None for number, _ in publish(interventions, 0)]


def publish(interventions: list[tuple[int, int, int, int]], dimension: int) -> list[tuple[int | None, int | None]]:
    found = [
        Cellule(CODES[value], sum(1 for one in kept), sum(one[3] for one in kept))
        for value in range(3)
        for kept in [[one for one in interventions if one[dimension] == value]]
    ]
    return [(cell.nombre, cell.minutes) for cell in mask_table(found)]


def minutes_by(interventions: list[tuple[int, int, int, int]], dimension: int) -> list[int]:
    return [sum(one[3] for one in interventions if one[dimension] == value) for value in range(4)]
