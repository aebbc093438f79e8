"""WCAG 2.1 A and AA (what RGAA asks) on every page of every role, by axe-core in a real browser; messages tied to their fields."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from domain.roles import Role
from services.adhesion import dossiers
from tests.conventions import make_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, settle
from tests.e2e.serveur import Serveur
from tests.factories import Monde
from ui.shell import PAGES

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with a convention in force and one person for each role."""
    monde = serveur.make_monde("Accessible", "219400173")
    make_convention(serveur.portail, monde, "en_vigueur")
    return monde


@pytest.fixture(scope="module")
def dossier(serveur: Serveur, monde: Monde) -> str:
    clerk = monde.gens[Role.GESTIONNAIRE]
    return str(
        dossiers.create_dossier(
            serveur.portail,
            clerk,
            collectivite_id=monde.collectivite_id,
            offre_version_id=serveur.offre.id,
            operation_id="accessible",
        )
    )


def list_violations(page: Page) -> list[str]:
    """What axe finds on the page as it is: rule and element."""
    expect(page.locator("h1").first).to_be_visible(timeout=PATIENCE)
    settle(page)
    page.evaluate(AXE)
    found = page.evaluate(RULES)["violations"]
    return [f"{page.url} {one['id']} : {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("role", Role)
def test_no_page_of_a_role_breaks_a_rule(role: Role, monde: Monde, open_page: OpenPage) -> None:
    acteur = monde.gens[role]
    page = open_page(acteur.courriel)
    found = []
    for definition in PAGES:
        if definition.menu is not None and definition.allows(acteur):
            page.goto(f"/{'' if definition.nom == 'accueil' else definition.nom}")
            found += list_violations(page)
    assert found == []


@pytest.mark.parametrize("nom", [definition.nom for definition in PAGES if definition.publique])
def test_no_public_page_breaks_a_rule(nom: str, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"/{nom}")
    assert list_violations(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_no_step_of_the_journey_breaks_a_rule(monde: Monde, dossier: str, width: int, open_page: OpenPage) -> None:
    page = open_page(monde.gens[Role.GESTIONNAIRE].courriel, width=width)
    found = []
    for etape in ("fiche", "locaux", "besoin", "deliberation", "recapitulatif"):
        page.goto(f"/dossier?id={dossier}&etape={etape}")
        found += list_violations(page)
    assert found == []


def test_a_mistake_is_told_with_its_field(monde: Monde, dossier: str, open_page: OpenPage) -> None:
    page = open_page(monde.gens[Role.GESTIONNAIRE].courriel)
    page.goto(f"/dossier?id={dossier}&etape=fiche")
    settle(page)
    field = page.get_by_label("SIREN").first
    field.fill("123")
    field.blur()
    expect(field).to_have_attribute("aria-invalid", "true", timeout=PATIENCE)
    described = field.get_attribute("aria-describedby") or ""
    texts = [page.locator(f"#{ident}").inner_text() for ident in described.split() if ident.startswith("message-")]
    assert any("SIREN" in text or "chiffres" in text for text in texts), described
