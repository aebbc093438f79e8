"""Browser tests: one served portal for all, one Chromium, and a browser context of one's own for each person."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from services.comptes.sessions import cookie_name
from tests.e2e.serveur import Serveur, serve

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 15_000
"""Milliseconds given to whatever a test waits for. Nothing should come near it; a busy machine may."""

OpenPage = Callable[..., Page]
_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """A fresh installation, served for the whole run. Tests make their own collectivités and people in it."""
    with serve(tmp_path_factory.mktemp("portail")) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module: Playwright keeps an event loop while it is open, which other tests must not meet."""
    path = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    assert path, "No Chromium on this machine: install the package « chromium » (.ci/outils does it)."
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture
def contexts(
    browser: Browser, serveur: Serveur, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[BrowserContext]]:
    """The contexts that a test opens; when it fails, a picture of each page is left in a temporary folder."""
    opened: list[BrowserContext] = []
    yield opened
    if request.node.stash.get(_failed, False):
        pictures = _take_pictures(opened, tmp_path_factory.mktemp("images"))
        request.node.add_report_section("teardown", "pictures", pictures)
        request.node.add_report_section("teardown", "end of the server's log", serveur.log[-3000:])
    for context in opened:
        context.close()


def _take_pictures(opened: list[BrowserContext], folder: Path) -> str:
    """Where each page's picture is, one line each."""
    lines = []
    for place, context in enumerate(opened):
        for number, page in enumerate(context.pages):
            target = folder / f"{place}-{number}.png"
            page.set_viewport_size({"width": 1280, "height": 2600})  # pages scroll inside, "full page" would cut them
            page.screenshot(path=target)
            lines.append(f"{page.url} : {target}")
    return "\n".join(lines)


@pytest.fixture
def open_page(browser: Browser, serveur: Serveur, contexts: list[BrowserContext]) -> OpenPage:
    """`open_page()` is a stranger's browser; `open_page(courriel)` one where that person is logged in. `width` in pixels."""

    def opened(courriel: str | None = None, *, width: int = 1280) -> Page:
        context = browser.new_context(
            locale="fr-FR", viewport={"width": width, "height": 900}, base_url=serveur.url, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        if courriel:
            context.add_cookies(
                [{"name": cookie_name(serveur.portail), "value": serveur.open_session(courriel), "url": serveur.url}]
            )
        contexts.append(context)
        return context.new_page()

    return opened
