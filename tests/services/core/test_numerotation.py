"""Numbers have neither gap nor double: under threads, with rollbacks in between, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from models import Centre
from services.core.numerotation import format_numero, next_rang
from services.core.portail import Portail


class _Abandon(Exception):
    """Stands for whatever makes an issue fail after its number was taken."""


def _centre(portail: Portail, code: str = "centre") -> UUID:
    with portail.db.write() as session:
        centre = Centre(code=code, nom=code, fuseau="Europe/Paris", parametres={})
        session.add(centre)
    return centre.id


def _take(portail: Portail, centre_id: UUID, annee: int = 2026, *, fail: bool = False) -> int:
    with portail.db.write() as session:
        rang = next_rang(session, centre_id, "convention", annee)
        if fail:
            raise _Abandon
    return rang


def test_no_gap_no_double_with_threads_and_rollbacks(portail: Portail) -> None:
    centre_id = _centre(portail)

    def attempt(number: int) -> int | None:
        try:
            return _take(portail, centre_id, fail=number % 3 == 0)
        except _Abandon:
            return None

    with ThreadPoolExecutor(6) as pool:
        taken = [rang for rang in pool.map(attempt, range(60)) if rang is not None]
    assert sorted(taken) == list(range(1, 41))


def test_each_centre_series_and_year_counts_for_itself(portail: Portail) -> None:
    first, second = _centre(portail, "premier"), _centre(portail, "second")
    assert [_take(portail, first), _take(portail, first), _take(portail, second)] == [1, 2, 1]
    assert [_take(portail, first, 2027), _take(portail, first)] == [1, 3]
    with portail.db.write() as session:
        assert next_rang(session, first, "dossier", 2026) == 1


def test_first_number_of_a_year_can_be_given_back(portail: Portail) -> None:
    centre_id = _centre(portail)
    with pytest.raises(_Abandon):
        _take(portail, centre_id, fail=True)
    assert _take(portail, centre_id) == 1


@pytest.mark.parametrize(("rang", "numero"), [(7, "2026-0007"), (9999, "2026-9999"), (10000, "2026-10000")])
def test_format(rang: int, numero: str) -> None:
    assert format_numero(2026, rang) == numero
