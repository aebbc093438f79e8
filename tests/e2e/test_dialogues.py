"""What is asked before something that cannot be undone, in a browser; the last deposits of a convention; wide tables."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from services.adhesion import dossiers
from services.centre import centre_files
from services.convention import conventions
from tests.conventions import make_convention, pdf
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, choose_file, go, heading, see, settle, unfold
from tests.e2e.serveur import Serveur
from tests.factories import Monde, make_dossier

SIREN = "219400546"
LAYOUT = 300
"""Milliseconds given to the menu to fold, or to come back, when the screen changes its width."""
MOTIF = "Le document numérisé est illisible."


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only these tests know."""
    return serveur.make_monde("Orly", SIREN)


def courriel(role: str) -> str:
    """Address of the person of `monde` who holds this role."""
    return f"{role}.{SIREN}@example.org"


def ask(page: Page, name: str) -> Locator:
    """Click a button that asks first; gives its dialog."""
    button(page, name).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    return dialog


def give_reason(page: Page, name: str) -> None:
    """Closing the dialog does nothing, the reason is wanted, then it is done."""
    ask(page, name)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    dialog = ask(page, name)
    button(dialog, name).click()
    expect(dialog.get_by_text("Indiquez le motif.")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_label("Motif").fill(MOTIF)
    button(dialog, name).click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)


def test_refuse_a_dossier(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde, "en_instruction")
    page = open_page(courriel("instructeur"))
    go(page, f"/instruction?id={dossier_id}")
    heading(page, re.compile("^Dossier"))
    settle(page)
    give_reason(page, "Refuser le dossier")
    see(page, "Dossier refusé.")
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(timeout=PATIENCE)
    view = dossiers.open_dossier(serveur.portail, monde.gestionnaire, dossier_id)
    assert (view.etat, view.motif) == ("refuse", MOTIF)


def test_a_change_of_state_leads_back_to_the_top(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde, "depose")
    page = open_page(courriel("instructeur"))
    page.set_viewport_size({"width": 390, "height": 500})
    go(page, f"/instruction?id={dossier_id}")
    heading(page, re.compile("^Dossier"))
    settle(page)
    take = button(page, "Prendre en charge")
    take.scroll_into_view_if_needed()
    expect(page.get_by_role("heading", level=1)).not_to_be_in_viewport(timeout=PATIENCE)
    take.click()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(timeout=PATIENCE)


@pytest.mark.parametrize(
    ("role", "name", "said", "etat"),
    [
        ("signataire_centre", "Rejeter le document signé", "Document signé rejeté.", "a_signer"),
        ("responsable", "Annuler la convention", "Convention annulée.", "annulee"),
    ],
)
def test_reject_or_cancel_a_signed_convention(
    serveur: Serveur, monde: Monde, open_page: OpenPage, role: str, name: str, said: str, etat: str
) -> None:
    convention_id = make_convention(serveur.portail, monde, "signee_collectivite", pages=3)
    page = open_page(courriel(role))
    go(page, f"/convention?id={convention_id}")
    heading(page, "Maintenant")
    settle(page)
    give_reason(page, name)
    see(page, said)
    view = conventions.open_convention(serveur.portail, monde.gestionnaire, convention_id)
    assert (view.etat, view.motif) == (etat, MOTIF)


def test_remove_a_file_of_the_centre(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    centre_files.attach_annexe(
        serveur.portail, monde.administrateur, monde.centre_id, "deontologie",
        nom="Code de déontologie.pdf", data=pdf(2), operation_id=uuid4().hex,
    )  # fmt: skip
    page = open_page(courriel("administrateur"))
    go(page, "/parametres?onglet=annexes")
    see(page, "Code de déontologie.pdf")
    settle(page)
    button(ask(page, "Retirer ce fichier"), "Retirer le fichier").click()
    see(page, "Fichier retiré.")
    expect(page.get_by_text("Code de déontologie.pdf")).to_have_count(0, timeout=PATIENCE)


def test_receipt_then_countersignature(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    convention_id = make_convention(serveur.portail, monde, "signee_collectivite", pages=3)
    page = open_page(courriel("instructeur"))
    go(page, f"/convention?id={convention_id}")
    heading(page, "Fichiers")
    settle(page)
    unfold(page, "Joindre un accusé de réception de la préfecture")
    choose_file(page, "accuse.pdf", pdf(1))
    button(page, "Joindre l’accusé de réception").click()
    see(page, "Accusé de réception joint.")
    expect(page.get_by_role("link", name="Accusé de réception de la préfecture")).to_be_visible(timeout=PATIENCE)

    page = open_page(courriel("signataire_centre"))
    go(page, f"/convention?id={convention_id}")
    see(page, "contresignez-le")
    settle(page)
    choose_file(page, "contresignee.pdf", pdf(3))
    page.get_by_label("Date de la signature").fill("10/01/2026")
    page.get_by_label("Prénom, nom et qualité du signataire").fill("Sylvie Centre, présidente")
    button(page, "Déposer la convention contresignée").click()
    see(page, "Convention signée par les deux parties.")
    view = conventions.open_convention(serveur.portail, monde.direction, convention_id)
    assert (view.etat, view.centre_signee_le) == ("en_vigueur", date(2026, 1, 10))
    assert [one.usage for one in view.pieces if one.usage in ("accuse_prefecture", "signee_centre")] == [
        "accuse_prefecture",
        "signee_centre",
    ]


def test_the_register_fits_beside_the_menu(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    make_convention(serveur.portail, monde, "signee_collectivite", pages=3)
    page = open_page(courriel("direction"), width=1440)
    go(page, "/conventions")
    table = page.locator(".p-tableau").first
    for width in (1440, 1280, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect(table).to_be_visible(timeout=PATIENCE)
        page.wait_for_timeout(LAYOUT)
        wanted, given = table.evaluate("element => [element.scrollWidth, element.clientWidth]")
        assert wanted <= given, width
