"""Browser tests: one served portal for all, one Chromium, and a browser context of one's own for each person."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from services.comptes.sessions import cookie_name
from tests.e2e.serveur import Serveur, serve

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 15_000
"""Milliseconds given to whatever a test waits for. Nothing should come near it; a busy machine may."""

ATTENTE = Path(__file__).with_name("attente.js")
BUSY = "html[data-activite=attente], [data-testid=stApp][data-test-script-state=running]"
"""What a page has while the portal is answering it."""

OpenPage = Callable[..., Page]
_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """A fresh installation, served for the whole run. Tests make their own collectivités and people in it."""
    with serve(tmp_path_factory.mktemp("portail")) as served:
        yield served


@pytest.fixture(scope="module", autouse=True)
def _as_found(serveur: Serveur, request: pytest.FixtureRequest) -> Iterator[None]:
    """The offers and tariffs of the shared portal stay as they are: the modules that follow, in any order, live with them. A
    module that changes them serves an installation of its own, under the same name."""
    before = serveur.decisions()
    yield
    if "serveur" not in vars(request.module):
        assert serveur.decisions() == before, "this module changed offers or tariffs: give it its own `serveur`"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium for these tests, closed after the last: Playwright keeps an event loop while it is open, which other tests must
    not meet."""
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


class Browsers:
    """The browsers of the tests' people. One that a test is done with is emptied and lent to another person of a later test:
    a browser that never met the portal spends two seconds of processor on reading and compiling it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: list[BrowserContext] = []
        self.lent: list[BrowserContext] = []

    def lend(self, url: str, width: int, locale: str) -> Page:
        """The only page of a browser that holds nothing of anybody, for the portal at this address."""
        same = [one for one in self._free if _KINDS[one] == (url, locale)]
        context = same[0] if same else self._open(url, locale)
        if same:
            self._free.remove(context)
        self.lent.append(context)
        page = context.pages[0]
        page.set_viewport_size({"width": width, "height": 900})
        return page

    def _open(self, url: str, locale: str) -> BrowserContext:
        context = self._browser.new_context(locale=locale, base_url=url, accept_downloads=True, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        context.add_init_script(path=ATTENTE)
        context.on("page", wait_before_acting)
        context.new_page()
        _KINDS[context] = (url, locale)
        return context

    def take_back(self, *, keep: bool) -> None:
        """After a test: its browsers are emptied, or closed when something of it could stay."""
        for context in self.lent:
            if keep and _empty(context):
                self._free.append(context)
            else:
                context.close()
        self.lent = []


_KINDS: WeakKeyDictionary[BrowserContext, tuple[str, str]] = WeakKeyDictionary()


def wait_before_acting(page: Page) -> None:
    """Nothing is clicked, filled or expected while the portal is answering: what is there is about to be replaced."""
    with suppress(Error):  # a tab that only carried a download is closed already
        page.add_locator_handler(page.locator(BUSY).first, lambda: None)


def _empty(context: BrowserContext) -> bool:
    """Take away cookies, what pages stored, and all tabs but one; False when that cannot be done."""
    first, *others = context.pages
    for page in others:
        page.close()
    try:
        first.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        first.goto("about:blank")
    except Error:  # this tab shows no page of the portal any more
        return False
    context.clear_cookies()
    return True


@pytest.fixture(scope="package")
def _browsers(browser: Browser) -> Browsers:
    return Browsers(browser)


@pytest.fixture
def browsers(
    _browsers: Browsers, serveur: Serveur, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browsers]:
    """The browsers that a test opens; when it fails, a picture of each page is left in a temporary folder."""
    yield _browsers
    failed = request.node.stash.get(_failed, False)
    if failed:
        pictures = _take_pictures(_browsers.lent, tmp_path_factory.mktemp("images"))
        request.node.add_report_section("teardown", "pictures", pictures)
        request.node.add_report_section("teardown", "end of the server's log", serveur.log[-3000:])
    _browsers.take_back(keep=not failed)


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
def open_page(serveur: Serveur, browsers: Browsers) -> OpenPage:
    """`open_page()` is a stranger's browser; `open_page(courriel)` one where that person is logged in. `width` in pixels."""

    def opened(courriel: str | None = None, *, width: int = 1280, locale: str = "fr-FR") -> Page:
        page = browsers.lend(serveur.url, width, locale)
        if courriel:
            page.context.add_cookies(
                [{"name": cookie_name(serveur.portail), "value": serveur.open_session(courriel), "url": serveur.url}]
            )
        return page

    return opened
