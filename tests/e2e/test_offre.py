"""An offer's circuit in a browser: an administrator adds a state and its action, publishes, a new dossier goes through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from services.adhesion import workflow
from services.centre import offres
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import OFFRE, Serveur, serve
from tests.e2e.test_formulaires import choose
from tests.factories import Monde, make_dossier, prepare

SIREN = "219400462"
ETAT, ACTION = "À valider", "Valider le dossier"


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """An installation of its own: what is published here would be the circuit of the other modules' dossiers."""
    with serve(tmp_path_factory.mktemp("offre")) as served:
        yield served


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with its people, and those of its centre."""
    return serveur.make_monde("Maisons-Alfort", SIREN)


def add_state(page: Page) -> None:
    """After « Accepter le dossier », a state that the head of the service leaves."""
    go(page, "/offre?vue=circuit")
    page.get_by_role("link", name="Ajouter un état").click()
    heading(page, "Nouvel état")
    page.get_by_role("textbox", name="Nom de l’état").fill(ETAT)
    page.get_by_role("textbox", name="Ce que lit la collectivité").fill("En cours de validation")
    page.get_by_role("textbox", name="Ce que lit la collectivité").press("Tab")
    settle(page)
    choose(page, "Action qui y conduira", "Accepter le dossier")
    page.get_by_role("textbox", name="Nom de l’action").fill(ACTION)
    page.get_by_role("textbox", name="Nom de l’action").press("Tab")
    settle(page)
    choose(page, "Par qui", "Responsable du service")
    page.keyboard.press("Escape")  # this list stays open for other roles
    settle(page)
    assert list_violations(page) == []
    button(page, "Ajouter l’état").click()
    see(page, "État ajouté au brouillon.")
    heading(page, ETAT)
    assert list_violations(page) == []


def publish(page: Page) -> None:
    """Read what changes, then publish."""
    page.get_by_role("link", name="Changements et publication").click()
    heading(page, re.compile("Ce qui change par rapport à la version"))
    see(page, re.compile(ACTION))
    button(page, "Publier").click()
    page.get_by_role("dialog").get_by_role("button", name="Publier").click()
    see(page, re.compile("Nouvelle version publiée"))
    page.get_by_role("link", name="Versions", exact=True).click()
    see(page, "Version 2")


def test_an_administrator_adds_a_state_and_a_new_dossier_goes_through_it(
    open_page: OpenPage, serveur: Serveur, monde: Monde
) -> None:
    begun = make_dossier(serveur.portail, monde, "en_instruction")
    admin = open_page(f"administrateur.{SIREN}@example.org")
    add_state(admin)
    publish(admin)
    prepare(serveur.portail, monde, begun, "accepter")
    assert (
        workflow.perform(serveur.portail, monde.instructeur, begun, "accepter") == "accepte"
    )  # its version is its own

    with serveur.portail.db.read() as session:
        version_id = offres.current_version(session, monde.centre_id, OFFRE).id
    ours = replace(monde, version_id=version_id)
    fresh = make_dossier(serveur.portail, ours, "en_instruction")
    prepare(serveur.portail, ours, fresh, "accepter")

    clerk = open_page(f"instructeur.{SIREN}@example.org")
    go(clerk, f"/instruction?id={fresh}")
    button(clerk, "Accepter le dossier").click()
    clerk.get_by_role("dialog").get_by_role("button", name="Accepter le dossier").click()
    see(clerk, ETAT)
    expect(button(clerk, "Émettre la convention")).to_have_count(0)

    head = open_page(f"responsable.{SIREN}@example.org")
    go(head, "/")
    heading(head, "Dossiers : à valider")
    head.get_by_role("link", name=re.compile("Maisons-Alfort")).first.click()
    button(head, ACTION).click()
    see(head, "Accepté")
    clerk.reload()
    expect(button(clerk, "Émettre la convention")).to_be_visible(timeout=PATIENCE)
