"""The frame around the pages in a real browser: login, sessions, French everywhere, nothing from elsewhere, narrow screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.roles import Role
from services.adhesion import dossiers
from services.comptes.sessions import cookie_name
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, heading, log_in, see, settle
from tests.e2e.serveur import MOT_DE_PASSE, Serveur

ADMIN, CLERK, HOSTILE = "frame.admin@example.org", "frame.clerk@example.org", "frame.hostile@example.org"
PAYLOAD = "<img src=x onerror=\"document.title='piege'\">"

ENGLISH = re.compile(
    r"\b(the|and|your|you|with|please|select|choose|open|close|clear|upload|files?|drag|drop|here|press|enter|apply|submit"
    r"|search|show|hide|password|next|previous|loading|running|stop|connection|view|more|less|download|sidebar|remove"
    r"|results|options?|limit|browse|home|toggle|click|expand|collapse|settings|streamlit|increment|decrement|help|skip"
    r"|main content|is|are|this|field|required|day|month|year|november|december|dismiss|page not found|error)\b",
    re.IGNORECASE,
)
SEEN_TEXTS = """() => {
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), parent = walker.currentNode.parentElement;
    if (text && !parent.closest('script, style, noscript, [translate="no"]')) texts.push(text);
  }
  for (const name of ['aria-label', 'placeholder', 'title', 'alt', 'aria-description', 'aria-roledescription', 'aria-valuetext'])
    for (const element of document.querySelectorAll(`[${name}]`)) texts.push(element.getAttribute(name));
  return texts;
}"""


@pytest.fixture(scope="module")
def people(serveur: Serveur) -> None:
    """An administrator, a clerk, and somebody whose name is an attack."""
    town = serveur.make_collectivite("Villejuif", "219400769")
    serveur.make_account(ADMIN, "Alix", "Cadre", Role.ADMINISTRATEUR, Role.INSTRUCTEUR)
    serveur.make_account(CLERK, "Camille", "Cadre", Role.GESTIONNAIRE, collectivite=town)
    serveur.make_account(HOSTILE, PAYLOAD, "{{ 7*7 }} **gras**", Role.DIRECTION, collectivite=town)


@pytest.fixture(scope="module")
def dossier(serveur: Serveur, people: None) -> str:
    """A dossier of the clerk, with upload, date and choice fields."""
    clerk = serveur.acteur(CLERK)
    return str(
        dossiers.create_dossier(
            serveur.portail,
            clerk,
            collectivite_id=next(iter(clerk.collectivite_ids)),
            offre_version_id=serveur.offre.id,
            operation_id="frame",
        )
    )


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


@pytest.fixture
def english_browser(browser: Browser, serveur: Serveur) -> Iterator[Page]:
    """The browser of someone whose computer speaks English."""
    context = browser.new_context(locale="en-US", base_url=serveur.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def english_in(page: Page) -> list[str]:
    """What looks English among the texts and labels of the page."""
    return sorted({text for text in page.evaluate(SEEN_TEXTS) if ENGLISH.search(text)})


def test_public_pages_are_in_french(people: None, english_browser: Page) -> None:
    page, found = english_browser, {}
    for path in ("/", "/demande", "/mot_de_passe", "/invitation?jeton=x", "/mot_de_passe?jeton=x", "/demande?jeton=x"):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
        found[path] = english_in(page)
    page.goto("/nexiste-pas")
    see(page, "Page introuvable")
    found["introuvable"] = english_in(page)
    page.goto("/demande")
    search = page.get_by_label("Cherchez votre collectivité")
    search.press_sequentially("zzzz")
    see(page, "Aucune collectivité ne correspond")
    page.get_by_text("Ma collectivité n’est pas dans la liste").click()
    page.get_by_role("combobox").first.click()
    page.get_by_role("listbox").wait_for()
    found["liste"] = english_in(page)
    assert not any(found.values()), found
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["fr", "fr-FR"]


def test_pages_behind_the_login_are_in_french(people: None, dossier: str, english_browser: Page) -> None:
    page, found = english_browser, {}
    page.goto("/")
    log_in(page, ADMIN)
    for path in (
        "/",
        "/dossiers",
        "/conventions",
        "/demandes",
        "/utilisateurs",
        "/parametres",
        "/journal",
        "/compte",
        f"/instruction?id={dossier}",
    ):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
        found[path] = english_in(page)
    page.goto("/utilisateurs?vue=inviter")
    heading(page, "Inviter une personne")
    page.get_by_role("combobox").click()
    page.get_by_role("option").first.click()
    button(page, "Choisir une date").first.click()
    page.get_by_role("grid").wait_for()
    found["calendrier"] = english_in(page)
    assert not any(found.values()), found


def test_form_of_the_clerk_is_in_french(people: None, dossier: str, english_browser: Page) -> None:
    page, found = english_browser, {}
    page.goto("/")
    log_in(page, CLERK)
    page.goto(f"/dossier?id={dossier}")
    page.get_by_role("heading", level=1).wait_for()
    settle(page)
    steps = sorted({one.get_attribute("href") or "" for one in page.locator("a[href*='etape=']").all()})
    for step in [f"/dossier?id={dossier}", *steps]:
        page.goto(step)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
        found[step] = english_in(page)
    assert not any(found.values()), found


def test_lost_connection_is_said_in_french(people: None, english_browser: Page) -> None:
    page = english_browser
    page.goto("/demande")
    page.get_by_label("Cherchez votre collectivité").wait_for()
    settle(page)
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(2500)
    assert english_in(page) == []
    page.context.set_offline(False)


def test_nothing_comes_from_elsewhere_and_nothing_is_blocked(
    people: None, dossier: str, serveur: Serveur, open_page: OpenPage
) -> None:
    page = open_page(ADMIN)
    asked: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: complaints.append(message.text) if "violates" in message.text else None)
    for path in ("/", "/dossiers", "/utilisateurs", f"/instruction?id={dossier}", "/compte", "/parametres"):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        settle(page)
    assert asked - {"", urlsplit(serveur.url).netloc} == set()
    assert complaints == []


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
        assert one.locator("img[src=x]").count() == 0
        assert one.locator("strong", has_text="gras").count() == 0
        assert one.title() != "piege"


@pytest.mark.parametrize("width", [390, 1440])
def test_pages_fit_the_screen(people: None, open_page: OpenPage, width: int) -> None:
    visitor, admin = open_page(width=width), open_page(ADMIN, width=width)
    for page, paths in (
        (visitor, ("/", "/demande", "/mot_de_passe")),
        (admin, ("/", "/utilisateurs", "/utilisateurs?vue=inviter", "/demandes", "/compte")),
    ):
        for path in paths:
            page.goto(path)
            page.get_by_role("heading", level=1).wait_for()
            settle(page)
            inside = page.evaluate(
                "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
            )
            assert max(inside) <= width, (path, inside)


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
    expect(page.locator("[data-testid=stMain] :focus")).to_be_attached()  # not wait_for_function: its polling needs eval


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
