"""Pages run for real, through the application's shell, as a chosen person of a small world."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.core.access import Acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from tests.apptest import _built_once
from tests.ateliers import _work_here
from tests.factories import Monde, make_monde
from ui import session

__all__ = ["Visitor", "_built_once", "_work_here", "monde", "text_of", "visitor"]

TIMEOUT = 30


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    """A centre, a collectivité, a person for each role; on SQLite, since pages hold no SQL."""
    return make_monde(make_portail("sqlite"), gabarits=True)


class Visitor:
    """Somebody at their browser: `open` a page, then use the AppTest it gives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, portail: Portail) -> None:
        self._patch = monkeypatch
        monkeypatch.setattr(session, "portail", lambda: portail)

    def open(self, acteur: Acteur, page: str, **params: object) -> AppTest:
        """The page as this person sees it; no exception may have escaped it. They come by its address: the home page is
        the one that a bare address gives, and the others have the name of their file, as AppTest expects."""
        self._patch.setattr(session, "current", lambda: acteur)
        app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=TIMEOUT)
        for name, value in params.items():
            app.query_params[name] = str(value)
        if page != "accueil":
            app.switch_page(f"../pages/{page}.py")
        app.run()
        assert not app.exception
        return app


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch, monde: Monde) -> Visitor:
    """Opens pages of `monde`."""
    return Visitor(monkeypatch, monde.portail)


def text_of(app: AppTest) -> str:
    """Everything the page says: titles, texts, HTML, messages."""
    parts = [*app.title, *app.header, *app.subheader, *app.markdown, *app.get("html")]
    parts += [*app.error, *app.info, *app.success, *app.warning]
    return "\n".join(str(getattr(part, "value", "") or getattr(part.proto, "body", "")) for part in parts)
