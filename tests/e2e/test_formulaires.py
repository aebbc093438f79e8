"""The form editor in a browser: an administrator adds a question and publishes, a new dossier asks it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from domain.roles import Role
from services.adhesion.dossiers import create_dossier
from services.centre import offres
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, heading, see, settle
from tests.e2e.serveur import OFFRE, Serveur, serve
from tests.e2e.test_accessibilite import list_violations
from tests.factories import Monde, make_dossier

SIREN, SECOND = "219400462", "219400538"
QUESTION, CHAMP = "Surface du bureau", "locaux.surface_bureau"


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """An installation of its own: what is published here would be asked in the other modules' dossiers."""
    with serve(tmp_path_factory.mktemp("formulaires")) as served:
        yield served


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with its people, and the administrator of its centre."""
    return serveur.make_monde("Maisons-Alfort", SIREN)


def choose(page: Page, label: str, text: str) -> None:
    """Choose in a list by typing what one looks for, then Enter: no mouse."""
    box = page.get_by_role("combobox", name=re.compile(re.escape(label)))
    box.click()
    box.fill(text)
    page.get_by_role("option", name=re.compile(re.escape(text))).first.wait_for()
    box.press("Enter")
    settle(page)


def add_question(page: Page) -> None:
    """A number in square metres, asked when the body is a commune: the condition without code."""
    page.goto("/formulaires?formulaire=locaux")
    page.get_by_role("link", name=re.compile("Ajouter une question dans « Le lieu des permanences »")).click()
    heading(page, re.compile("Nouvelle question dans"))
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_label("Question", exact=True).press("Tab")
    settle(page)
    choose(page, "Genre de réponse", "Nombre décimal")
    page.get_by_label("Unité, après le nombre").fill("m²")
    page.get_by_label("Unité, après le nombre").press("Tab")
    page.get_by_text("Obligatoire", exact=True).click()
    settle(page)
    page.get_by_text("Selon les autres réponses", exact=True).click()
    settle(page)
    choose(page, "Question de la comparaison 1", "collectivite.type")
    choose(page, "Valeur de la comparaison 1", "Commune")
    see(page, "collectivite.type == 'commune'")
    assert list_violations(page) == []
    button(page, "Ajouter la question").click()
    see(page, re.compile("Question ajoutée au brouillon"))
    see(page, CHAMP)


def publish(page: Page) -> None:
    """Read what changes, then publish."""
    page.get_by_role("link", name="Changements et publication").click()
    heading(page, re.compile("Ce qui change par rapport à la version"))
    see(page, re.compile(QUESTION))
    button(page, "Publier").click()
    page.get_by_role("dialog").get_by_role("button", name="Publier").click()
    see(page, re.compile("Nouvelle version publiée"))


def test_an_administrator_adds_a_question_and_a_new_dossier_asks_it(
    open_page: OpenPage, serveur: Serveur, monde: Monde
) -> None:
    begun = make_dossier(serveur.portail, monde, complet=False)
    admin = open_page(f"administrateur.{SIREN}@example.org")
    add_question(admin)

    admin.get_by_role("link", name="Aperçu").click()
    expect(admin.get_by_text("Aperçu du brouillon")).to_be_visible(timeout=PATIENCE)
    expect(admin.get_by_label(re.compile(QUESTION))).to_have_count(0)  # nobody has said yet that it is a commune
    publish(admin)

    clerk = open_page(f"gestionnaire.{SIREN}@example.org")
    Formulaire(clerk, begun).open("locaux")
    see(clerk, "Téléphone du bureau")
    expect(clerk.get_by_label(re.compile(QUESTION))).to_have_count(0)  # a dossier keeps the version it began with

    commune = serveur.make_collectivite("Joinville-le-Pont", SECOND)
    other = serveur.make_account(
        f"gestionnaire.{SECOND}@example.org", "Camille", "Exemple", Role.GESTIONNAIRE, collectivite=commune
    )
    with serveur.portail.db.read() as session:
        version = offres.current_version(session, serveur.centre.id, OFFRE)
    fresh = create_dossier(
        serveur.portail, other, collectivite_id=commune, offre_version_id=version.id, operation_id="e2e-formulaires"
    )
    page = open_page(f"gestionnaire.{SECOND}@example.org")
    form = Formulaire(page, fresh)
    form.open("locaux")
    form.type(CHAMP, "14,5")
    see(page, re.compile("^Enregistré à"))
    page.reload()
    expect(form.input(CHAMP)).to_have_value(re.compile("14,5"), timeout=PATIENCE)
