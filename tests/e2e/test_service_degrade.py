"""The service dégradé in a browser: asked for in writing by the collectivité, accepted by the centre, read by both (8.4)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import expect

from domain.formatting import date_courte
from domain.roles import Role
from services.core import clock
from tests.conventions import make_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, see, settle, unfold
from tests.e2e.serveur import Serveur
from tests.factories import Monde

SIREN = "219400371"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only this test knows."""
    return serveur.make_monde("Gentilly", SIREN)


@pytest.fixture
def convention_id(serveur: Serveur, monde: Monde) -> UUID:
    year = clock.today(serveur.centre.fuseau).year
    return make_convention(serveur.portail, monde, "en_vigueur", date_effet=date(year - 1, 1, 1))


def test_the_service_degrade_is_asked_for_then_accepted(
    serveur: Serveur, open_page: OpenPage, convention_id: UUID
) -> None:
    first = clock.today(serveur.centre.fuseau) + timedelta(days=1)
    page = open_page(f"{Role.GESTIONNAIRE}.{SIREN}@example.org", width=390)
    page.goto("/suivi")  # the first page with charts of this server: their libraries are read now
    expect(page.get_by_role("heading", name="Service dégradé")).to_be_visible(timeout=4 * PATIENCE)
    settle(page)
    unfold(page, "Demander le service dégradé")
    button(page, "Envoyer la demande").click()
    see(page, "Choisissez un motif")
    settle(page)
    motif = page.get_by_role("combobox", name="Motif")
    motif.focus()
    motif.press("ArrowDown")
    page.get_by_role("option").first.wait_for(timeout=PATIENCE)
    motif.press("Enter")
    settle(page)
    page.get_by_role("textbox", name="Premier jour").fill(f"{first:%d/%m/%Y}")
    page.get_by_role("textbox", name="Premier jour").press("Tab")
    settle(page)
    page.get_by_role("textbox", name="Temps maximal").fill("2 h 17")
    page.get_by_role("textbox", name="Temps maximal").press("Tab")
    see(page, re.compile(r"Soit au plus 130,15\s€"))
    settle(page)
    button(page, "Envoyer la demande").click()
    see(page, "Demande envoyée : le centre en est prévenu.")
    see(page, f"À partir du {date_courte(first)}")
    centre = open_page(f"{Role.RESPONSABLE}.{SIREN}@example.org")
    go(centre, "/equipe?onglet=degrade")
    see(centre, f"À partir du {date_courte(first)}")
    settle(centre)
    button(centre, "Accepter").first.click()
    see(centre, "Demande acceptée.")
    go(page, "/suivi")
    see(page, re.compile("^Accepté$"))
