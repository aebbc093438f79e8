"""What people do on the screen, in one place: tests say what, this says where to click."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.e2e.serveur import MOT_DE_PASSE

PATIENCE = 15_000
"""Milliseconds given to whatever is waited for: far more than it takes, for a busy machine."""


MOVE = """async address => {
  while (!window.fieldsAreGone()) await new Promise((resolve) => setTimeout(resolve, 5));
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}"""


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page has this heading."""
    expect(page.get_by_role("heading", name=text).first).to_be_visible(timeout=PATIENCE)


def see(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until this text is on the page."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


def button(page: Page | Locator, name: str) -> Locator:
    """A button, by its exact name; icons are part of the name of Streamlit's buttons."""
    return page.get_by_role("button", name=re.compile(rf"(^|\s){re.escape(name)}$"))


def settle(page: Page) -> None:
    """Wait until the page has nothing left to run, and nothing asked that is not answered (see attente.js)."""
    at_rest = "html[data-activite=repos] [data-testid=stApp][data-test-script-state=notRunning]"
    expect(page.locator(at_rest)).to_be_attached(timeout=PATIENCE)


def go(page: Page, path: str) -> None:
    """Go to an address as the portal's own links do: the page is loaded once, then it moves once the field just left has been
    sent, without waiting for the answer (again where it is: a reload)."""
    here = urlsplit(page.url)
    if not here.scheme.startswith("http"):
        page.goto(path)
    elif (here.path, here.query) == tuple(urlsplit(path)[2:4]):
        page.reload()
    else:
        page.evaluate(MOVE, path)
    settle(page)


def dismiss(page: Page) -> None:
    """Close the notice that lies over the bottom of a small screen, and stays there while the mouse is over it."""
    notice = page.get_by_test_id("stToast")
    notice.get_by_role("button", name="Fermer").click()
    expect(notice).to_have_count(0, timeout=PATIENCE)


def unfold(page: Page, title: str) -> None:
    """Open a folded part by its title."""
    page.locator("summary").filter(has_text=title).first.click()
    expect(page.locator("details[open]").filter(has_text=title).first).to_be_attached(timeout=PATIENCE)
    settle(page)


def log_in(page: Page, courriel: str, mot_de_passe: str = MOT_DE_PASSE) -> None:
    """Through the login form that the page shows."""
    page.get_by_label("Adresse électronique").fill(courriel)
    page.get_by_label("Mot de passe", exact=True).fill(mot_de_passe)
    button(page, "Se connecter").click()
    expect(button(page, "Se déconnecter")).to_be_attached(timeout=PATIENCE)


def id_in_address(page: Page) -> UUID:
    """The id that the address holds."""
    return UUID(parse_qs(urlsplit(page.url).query)["id"][0])


class Formulaire:
    """A clerk's form: its fields by their id."""

    def __init__(self, page: Page, dossier_id: UUID) -> None:
        self.page = page
        self.dossier_id = dossier_id

    def open(self, etape: str) -> None:
        """Go to a step by its address."""
        go(self.page, f"/dossier?id={self.dossier_id}&etape={etape}")
        heading(self.page, re.compile(r"^Étape \d sur \d"))

    def next(self, titre: str) -> None:
        """Go to the next step by the link under the form."""
        self.page.get_by_role("link", name="Étape suivante").click()
        heading(self.page, re.compile(rf"^Étape \d sur \d : {titre}"))

    def widget(self, champ: str, part: str | None = None) -> Locator:
        """The element of a field (or of one of its parts)."""
        key = f"d{self.dossier_id.hex[:12]}:{champ}" + (f":{part}" if part else "")
        return self.page.locator(".st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key))

    def input(self, champ: str, part: str | None = None) -> Locator:
        """Where one types."""
        return self.widget(champ, part).locator("input, textarea").first

    def type(self, champ: str, value: str, part: str | None = None) -> None:
        """Type a value and leave the field, which saves it; as people do, without waiting for the one before to be saved."""
        self.input(champ, part).fill(value, force=True)
        self.page.keyboard.press("Tab")

    def choose(self, champ: str, label: str) -> None:
        """Choose one of the options that are in sight."""
        self.widget(champ).get_by_text(label, exact=True).click()

    def pick(self, champ: str, label: str, part: str) -> None:
        """Choose in a list. It closes when the field just left is saved meanwhile: a person opens it again, so does this."""
        option = self.page.get_by_role("option", name=label)
        for patience in (PATIENCE // 4, PATIENCE // 4, PATIENCE):
            self.widget(champ, part).locator("input").click()
            with suppress(TimeoutError):
                option.click(timeout=patience)
                return
        raise AssertionError(f"« {label} » is not in the list of {champ}")

    def upload(self, champ: str) -> Locator:
        """Where a file is given to a field."""
        key = f"d{self.dossier_id.hex[:12]}-{champ.replace('.', '-')}-depot"
        return self.page.locator(f"[class*='st-key-{key}'] input[type=file]")

    def attach(self, champ: str, name: str, data: bytes) -> None:
        """Give a file that calls itself a PDF."""
        self.upload(champ).set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})


def choose_file(page: Page, name: str, data: bytes, kind: str = "application/pdf") -> None:
    """Give a file to the form in sight (another may be folded), and wait until it has arrived: until then its button does
    nothing."""
    place = page.get_by_test_id("stFileUploader").filter(visible=True).first
    place.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})
    expect(page.get_by_test_id("stFileChipName").filter(has_text=name)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0, timeout=PATIENCE)


def download(page: Page, name: str | re.Pattern[str]) -> bytes:
    """Click a link that gives a file, and read it."""
    with page.expect_download() as waited:
        page.get_by_role("link", name=name).first.click()
    return Path(waited.value.path()).read_bytes()
