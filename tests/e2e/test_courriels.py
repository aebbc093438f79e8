"""The mails of an offer in a browser: an administrator words one its own way and publishes, and the next mail that leaves says
it; a mail whose fate is unknown is sent again by a person, once asked. The server is never restarted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from models import Courriel
from services.adhesion import messages
from services.courriels import mails
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import Serveur, serve
from tests.factories import Monde, make_dossier

SIREN = "219400413"
WORDS = "Votre conseillère vous a écrit au sujet du dossier"


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """An installation of its own: what is published here would be written to the other modules' people."""
    with serve(tmp_path_factory.mktemp("courriels")) as served:
        yield served


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    return serveur.make_monde("Ivry-sur-Seine", SIREN)


def received(serveur: Serveur, courriel: str, words: str) -> list[str]:
    """The mails with these words that came to this address, once one is there."""
    end = time.monotonic() + PATIENCE / 1000
    while True:
        mails.deliver(serveur.portail)
        found = [text for to, text in serveur.mailbox.received if to == courriel and words in text]
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


def write_message(monde: Monde, dossier_id: UUID) -> None:
    messages.post_message(monde.portail, monde.instructeur, dossier_id, "Bonjour", operation_id=uuid4().hex)


def type_text(page: Page, label: str, text: str) -> None:
    """Fill a field and leave it, as a person does."""
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")
    settle(page)


def test_a_text_changed_on_the_page_is_in_the_next_mail(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde, "en_instruction")
    to = monde.gestionnaire.courriel
    write_message(monde, dossier_id)
    assert received(serveur, to, "Un nouveau message vous attend")

    page = open_page(monde.administrateur.courriel)
    go(page, "/courriels")
    page.get_by_role("link", name="Nouveau message", exact=True).click()
    heading(page, "Nouveau message")
    type_text(page, "Texte", WORDS + " {{ refernce }}.")
    see(page, "vouliez-vous « reference »")
    button(page, "Enregistrer dans le brouillon").click()
    see(page, "corrigez le champ signalé")
    type_text(page, "Texte", WORDS + " {{ reference }} ({{ service }}).\n\n{{ page }}")
    see(page, WORDS + " D-2026-0001")
    assert list_violations(page) == []
    button(page, "Enregistrer dans le brouillon").click()
    see(page, "Texte enregistré dans le brouillon de l’offre")

    write_message(monde, dossier_id)
    assert len(received(serveur, to, "Un nouveau message vous attend")) >= 1
    assert not [text for _, text in serveur.mailbox.received if WORDS in text], "a draft is not in force"

    page.get_by_role("link", name="Changements et publication").click()
    see(page, "Courriels › courriel « Nouveau message » › Texte")
    button(page, "Publier").click()
    dialog = page.get_by_role("dialog")
    button(dialog, "Publier").click()
    see(page, "Nouvelle version publiée")

    write_message(monde, dossier_id)
    (text,) = received(serveur, to, WORDS)
    assert f"/dossier?id={dossier_id}" in text
    assert serveur.offre.titre in text


def test_an_uncertain_mail_is_sent_again_by_a_person(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    to = monde.direction.courriel
    with serveur.portail.db.write() as session:
        mail = mails.queue(
            session,
            "nouveaux_droits",
            to,
            utilisateur_id=monde.direction.utilisateur_id,
            centre_id=monde.centre_id,
        )
        mail.etat, mail.erreur = "incertain", "La connexion a été coupée pendant la remise du message."
    page = open_page(monde.administrateur.courriel)
    go(page, "/")
    page.get_by_role("link", name=f"Courriel pour {to}").first.click()
    heading(page, "Courriels")
    page.get_by_role("link", name="Nouveaux droits", exact=True).click()
    see(page, "la personne pourrait le recevoir deux fois")
    assert list_violations(page) == []
    button(page, "Renvoyer").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("pourrait le recevoir deux fois")).to_be_visible(timeout=PATIENCE)
    button(dialog, "Renvoyer quand même").click()
    see(page, "il part dans la minute")
    assert len(received(serveur, to, "De nouveaux droits vous sont ouverts")) == 1
    with serveur.portail.db.read() as session:
        assert session.get_one(Courriel, mail.id).etat == "envoye"
