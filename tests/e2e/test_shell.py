"""The frame around the pages in a real browser: login, sessions, what opens in French, the keyboard (see also
test_toutes_les_pages.py)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from domain.roles import Role
from services.comptes.sessions import cookie_name
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, heading, log_in, see, settle
from tests.e2e.regles import english_in
from tests.e2e.serveur import MOT_DE_PASSE, Serveur

ADMIN, CLERK, HOSTILE = "frame.admin@example.org", "frame.clerk@example.org", "frame.hostile@example.org"
PAYLOAD = "<img src=x onerror=\"document.title='piege'\">"


@pytest.fixture(scope="module")
def people(serveur: Serveur) -> None:
    """An administrator, a clerk, and somebody whose name is an attack."""
    town = serveur.make_collectivite("Villejuif", "219400769")
    serveur.make_account(ADMIN, "Alix", "Cadre", Role.ADMINISTRATEUR, Role.INSTRUCTEUR)
    serveur.make_account(CLERK, "Camille", "Cadre", Role.GESTIONNAIRE, collectivite=town)
    serveur.make_account(HOSTILE, PAYLOAD, "{{ 7*7 }} **gras**", Role.DIRECTION, collectivite=town)


def login_form(page: Page) -> None:
    """Wait for the login form."""
    expect(button(page, "Se connecter")).to_be_visible(timeout=PATIENCE)


def test_deep_link_survives_the_login(people: None, open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/utilisateurs?vue=inviter")
    login_form(page)
    log_in(page, ADMIN)
    heading(page, "Inviter une personne")
    assert urlsplit(page.url)[2:4] == ("/utilisateurs", "vue=inviter")
    page.reload()
    heading(page, "Inviter une personne")


def test_wrong_password_is_said_and_the_cookie_is_not_for_scripts(
    people: None, serveur: Serveur, open_page: OpenPage
) -> None:
    page = open_page()
    page.goto("/")
    login_form(page)
    page.get_by_label("Adresse électronique").fill(CLERK)
    page.get_by_label("Mot de passe", exact=True).fill("pas le bon du tout")
    button(page, "Se connecter").click()
    see(page, "Adresse électronique ou mot de passe incorrect.")
    log_in(page, CLERK)
    cookies = {one["name"]: one for one in page.context.cookies()}
    cookie = cookies[cookie_name(serveur.portail)]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["value"] not in page.evaluate("document.cookie")


def test_logout_ends_every_tab_and_the_cookie_is_worth_nothing(
    people: None, serveur: Serveur, open_page: OpenPage
) -> None:
    first = open_page(ADMIN)
    first.goto("/")
    settle(first)
    old = first.context.cookies()
    second = first.context.new_page()
    second.goto("/utilisateurs")
    heading(second, "Utilisateurs")
    button(first, "Se déconnecter").click()
    login_form(first)
    second.get_by_label("Rechercher").fill("x")
    second.get_by_label("Rechercher").press("Enter")
    login_form(second)
    replayed = open_page()
    replayed.context.add_cookies(old)  # type: ignore[arg-type]
    replayed.goto("/utilisateurs")
    login_form(replayed)


def test_page_of_another_role_is_refused(people: None, open_page: OpenPage) -> None:
    page = open_page(CLERK)
    page.goto("/journal")
    see(page, "Cette page n’existe pas, ou vous n’y avez pas accès.")
    expect(page.get_by_role("link", name="Journal")).to_have_count(0)


def test_what_opens_on_a_page_is_in_french(people: None, serveur: Serveur, open_page: OpenPage) -> None:
    """Lists, calendars and empty results, for somebody whose computer speaks English."""
    page, found = open_page(locale="en-US"), {}
    page.goto("/demande")
    search = page.get_by_label("Cherchez votre collectivité")
    search.press_sequentially("zzzz")
    see(page, "Aucune collectivité ne correspond")
    page.get_by_text("Ma collectivité n’est pas dans la liste").click()
    page.get_by_role("combobox").first.click()
    page.get_by_role("listbox").wait_for()
    found["liste"] = english_in(page)
    page.goto("/")
    log_in(page, ADMIN)
    go(
        page, f"/utilisateurs?vue=inviter&pour={serveur.centre.id}"
    )  # other modules may have made other places to choose from
    heading(page, "Inviter une personne")
    button(page, "Choisir une date").first.click()
    page.get_by_role("grid").wait_for()
    found["calendrier"] = english_in(page)
    assert not any(found.values()), found


def test_lost_connection_is_said_in_french(people: None, open_page: OpenPage) -> None:
    page = open_page(locale="en-US")
    page.goto("/demande")
    page.get_by_label("Cherchez votre collectivité").wait_for()
    settle(page)
    page.context.set_offline(True)
    page.evaluate("derniereConnexion.close()")
    expect(page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_role("dialog", name="Connexion interrompue")).to_be_visible(timeout=PATIENCE)
    assert english_in(page) == []
    page.context.set_offline(False)


def test_hostile_names_are_shown_as_they_are(people: None, open_page: OpenPage) -> None:
    page = open_page(HOSTILE)
    page.goto("/compte")
    heading(page, "Mon compte")
    settle(page)
    see(page, f"{PAYLOAD} {{{{ 7*7 }}}} **gras**")
    admin = open_page(CLERK)
    admin.goto("/utilisateurs")
    admin.get_by_role("link", name="gras").click()
    heading(admin, re.compile("gras"))
    for one in (page, admin):
        settle(one)
        expect(one.locator("img[src=x]")).to_have_count(0)
        expect(one.locator("strong", has_text="gras")).to_have_count(0)
        assert one.title() != "piege"


def test_keyboard_reaches_the_content_first(people: None, open_page: OpenPage) -> None:
    page = open_page(ADMIN)
    page.goto("/utilisateurs")
    heading(page, "Utilisateurs")
    settle(page)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Aller au contenu")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(
        page.locator("[data-testid=stMain] :focus")
    ).to_be_attached()  # not wait_for_function: its polling needs eval


def test_forgotten_password_by_mail(people: None, serveur: Serveur, open_page: OpenPage) -> None:
    courriel = "frame.oubli@example.org"
    serveur.make_account(courriel, "Odile", "Oubli", Role.RESPONSABLE)
    page = open_page()
    page.goto("/mot_de_passe")
    page.get_by_label("Adresse électronique").fill(courriel)
    button(page, "Recevoir un lien").click()
    see(page, "Si un compte actif correspond à cette adresse")
    link = serveur.link_sent_to(courriel, "mot_de_passe")
    page.goto(link)
    page.get_by_role("textbox", name="Nouveau mot de passe").fill("une phrase toute neuve")
    page.get_by_role("textbox", name="Confirmez le mot de passe").fill("une phrase toute neuve")
    button(page, "Enregistrer et se connecter").click()
    expect(button(page, "Se déconnecter")).to_be_attached(timeout=PATIENCE)
    page.goto(link)
    see(page, "Ce lien a déjà servi.")
    assert MOT_DE_PASSE != "une phrase toute neuve"
