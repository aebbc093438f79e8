"""The form editor in a browser: an administrator adds a question and publishes, a new dossier asks it at once, and its
convention prints it; a dossier begun before is moved once its clerk agrees. The server is never restarted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from domain.roles import Role
from services.adhesion import workflow
from services.adhesion.dossiers import create_dossier
from services.centre import offres
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, choose_file, download, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import OFFRE, Serveur, serve
from tests.e2e.test_parcours import plain, text_of
from tests.factories import Monde, fill_dossier, lift_warnings, make_dossier

SIREN, SECOND = "219400462", "219400538"
QUESTION, CHAMP = "Surface du bureau", "locaux.surface_bureau"
ETAGE, CHAMP_ETAGE = "Étage du bureau", "locaux.etage_bureau"
PRINTED = "Le bureau est situé : "


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
    go(page, "/formulaires?formulaire=locaux")
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


def test_a_new_question_is_printed_by_the_convention_of_a_new_dossier(
    open_page: OpenPage, serveur: Serveur, monde: Monde
) -> None:
    with serveur.portail.db.read() as session:
        current = offres.current_version(session, serveur.centre.id, OFFRE)
    begun = make_dossier(serveur.portail, replace(monde, version_id=current.id))
    admin = open_page(f"administrateur.{SIREN}@example.org", width=1440)
    add_text_question(admin)
    print_it(admin)
    fresh = begin_and_answer(serveur, open_page(f"gestionnaire.{SIREN}@example.org"), monde)
    bring_to_acceptance(serveur, monde, fresh)
    word = issue(open_page(f"instructeur.{SIREN}@example.org"), fresh)
    assert f"{PRINTED}deuxième étage." in plain(text_of(Document(io.BytesIO(word))))
    move_to_the_newer_version(open_page(f"gestionnaire.{SIREN}@example.org", width=390), begun)


def add_text_question(page: Page) -> None:
    """A required text, at the end of the part; the draft waits for the template that prints it."""
    go(page, "/formulaires?formulaire=locaux")
    page.get_by_role("link", name=re.compile("Ajouter une question dans « Le lieu des permanences »")).click()
    heading(page, re.compile("Nouvelle question dans"))
    page.get_by_label("Question", exact=True).fill(ETAGE)
    page.get_by_label("Question", exact=True).press("Tab")
    settle(page)
    page.get_by_text("Obligatoire", exact=True).click()
    settle(page)
    button(page, "Ajouter la question").click()
    see(page, re.compile("Question ajoutée au brouillon"))
    see(page, CHAMP_ETAGE)


def print_it(page: Page) -> None:
    """The bench: find the tag, take the template in use, add a paragraph in Word, send it back, publish both."""
    go(page, "/gabarits?gabarit=convention.docx&vue=variables")
    page.get_by_label("Chercher une variable").fill("étage")
    page.get_by_label("Chercher une variable").press("Enter")
    tag = page.locator("code.p-balise", has_text=CHAMP_ETAGE).first
    expect(tag).to_be_visible(timeout=PATIENCE)
    balise = tag.inner_text()
    go(page, "/gabarits?gabarit=convention.docx")
    document = Document(io.BytesIO(download(page, "Télécharger le gabarit en service")))
    document.paragraphs[-1].insert_paragraph_before(f"{PRINTED}{balise}.")
    changed = io.BytesIO()
    document.save(changed)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    choose_file(page, "convention.docx", changed.getvalue(), kind)
    button(page, "Contrôler et déposer").click()
    expect(page.get_by_text("Gabarit contrôlé et placé dans le brouillon.").first).to_be_visible(timeout=2 * PATIENCE)
    go(page, "/gabarits?gabarit=convention.docx&vue=differences")
    expect(page.locator("ins", has_text="Le bureau est situé").first).to_be_visible(timeout=PATIENCE)
    go(page, "/gabarits?gabarit=convention.docx")
    button(page, "Publier").click()
    page.get_by_role("dialog").get_by_role("button", name="Publier").click(timeout=2 * PATIENCE)
    expect(page.get_by_text("Version publiée et en service.").first).to_be_visible(timeout=2 * PATIENCE)


def begin_and_answer(serveur: Serveur, page: Page, monde: Monde) -> UUID:
    """A new dossier, the new question answered in the browser."""
    with serveur.portail.db.read() as session:
        version = offres.current_version(session, serveur.centre.id, OFFRE)
    fresh = create_dossier(
        serveur.portail,
        monde.gestionnaire,
        collectivite_id=monde.collectivite_id,
        offre_version_id=version.id,
        operation_id=uuid4().hex,
    )
    fill_dossier(serveur.portail, monde.gestionnaire, fresh)
    form = Formulaire(page, fresh)
    form.open("locaux")
    form.type(CHAMP, "14,5")
    form.type(CHAMP_ETAGE, "deuxième étage")
    see(page, re.compile("^Enregistré à"))
    page.reload()
    expect(form.input(CHAMP_ETAGE)).to_have_value("deuxième étage", timeout=PATIENCE)
    return fresh


def bring_to_acceptance(serveur: Serveur, monde: Monde, dossier_id: UUID) -> None:
    """What the whole journey's test does on the screen, here by the services."""
    portail = serveur.portail
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")


def issue(page: Page, dossier_id: UUID) -> bytes:
    """The convention as the instructeur issues and downloads it."""
    go(page, f"/instruction?id={dossier_id}")
    button(page, "Émettre la convention").click()
    button(page.get_by_role("dialog"), "Émettre la convention").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Convention \d{4}.\d{4}"))).to_be_visible(timeout=4 * PATIENCE)
    return download(page, re.compile("^Convention émise .Word"))


def move_to_the_newer_version(page: Page, begun: UUID) -> None:
    """The clerk of an older dossier is told, sees what the newer version asks, and agrees."""
    go(page, f"/dossier?id={begun}")
    see(page, "Le centre a publié une version plus récente de ce formulaire.")
    page.get_by_role("link", name="Voir ce que la nouvelle version changerait").click()
    heading(page, re.compile(r"^Passer de la version \d à la version \d"))
    see(page, ETAGE)
    assert list_violations(page) == []
    button(page, "Passer à la version 3").click()
    see(page, "Le dossier suit maintenant la version 3.")
    form = Formulaire(page, begun)
    form.open("locaux")
    expect(form.input(CHAMP_ETAGE)).to_be_visible(timeout=PATIENCE)
