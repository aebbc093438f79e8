"""Every state that the other tests start from is reached, and shows as such."""

from __future__ import annotations

import pytest

from services.adhesion import dossiers
from services.core.portail import Portail
from tests.factories import ETATS, make_dossier, make_monde


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ETATS)
def test_each_state_is_reached(portail: Portail, etat: str) -> None:
    monde = make_monde(portail)
    view = dossiers.open_dossier(portail, monde.gestionnaire, make_dossier(portail, monde, etat))
    assert view.etat == etat
