"""A centre with its offer, a collectivité and a person for each role."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.core.portail import Portail
from tests.ateliers import _work_here, real_processes
from tests.factories import Monde, make_monde

__all__ = ["_work_here", "monde", "monde_sqlite", "real_processes"]


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """On both databases."""
    return make_monde(portail)


@pytest.fixture
def monde_sqlite(make_portail: Callable[[str], Portail]) -> Monde:
    """On SQLite only: for rules that no database changes."""
    return make_monde(make_portail("sqlite"))
