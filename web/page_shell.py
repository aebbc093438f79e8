"""Makes Streamlit's HTML page ours: French, with our title, icon, style sheets and scripts.

Streamlit has no translations: the rest of its English texts are replaced in the browser by static/dictionnaire.js.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.nom import NOM
from web.assets import address

STYLES = ("portail.css", "contenu.css", "formulaire.css")
SCRIPTS = ("dictionnaire.js", "portail.js", "navigation.js", "formulaire.js", "accessibilite.js")
DROPPED = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""Request headers kept from Streamlit on HTML requests: its page must come whole and plain to be rewritten."""


def rewrite(page: str) -> str:
    """Streamlit's index.html as we serve it."""
    styles = "".join(f'<link rel="stylesheet" href="{address(name)}">' for name in STYLES)
    scripts = "".join(f'<script src="{address(name)}" defer></script>' for name in SCRIPTS)
    head = f"<title>{NOM}</title>{styles}{scripts}"
    page = page.replace('<html lang="en">', '<html lang="fr">', 1)
    page = page.replace("<title>Streamlit</title>", head, 1)
    page = page.replace("./favicon.png", address("favicon.svg"), 1)
    page = re.sub(r'\s*<link rel="service-desc"[^>]*>', "", page)
    # For prerendering services; the security policy would block it and the browser complain.
    page = re.sub(
        r"\s*<!--[^>]*prerenderReady[^>]*-->\s*<script>\s*window\.prerenderReady.*?</script>", "", page, flags=re.DOTALL
    )
    return re.sub(
        r"<noscript>.*?</noscript>",
        "<noscript>Ce portail a besoin de JavaScript. Activez-le dans votre navigateur, puis rechargez la page.</noscript>",
        page,
        flags=re.DOTALL,
    )


class PageShell:
    """Rewrites HTML answers to GET requests; everything else goes through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wants_page = scope["type"] == "http" and scope["method"] == "GET" and not _is_asset(scope["path"])
        if not wants_page or "text/html" not in Headers(scope=scope).get("accept", "text/html"):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in DROPPED]}
        await self.app(scope, receive, _Rewriter(send))


def _is_asset(path: str) -> bool:
    return path.startswith(("/static/", "/_stcore/", "/media/", "/component/"))


class _Rewriter:
    """Holds an HTML answer until it is whole, then sends it rewritten."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if MutableHeaders(scope=message).get("content-type", "").startswith("text/html"):
                self.start = message
                return
        elif message["type"] == "http.response.body" and self.start is not None:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._flush()
            return
        await self.send(message)

    async def _flush(self) -> None:
        assert self.start is not None
        body = rewrite(self.body.decode()).encode()
        headers = MutableHeaders(scope=self.start)
        headers["content-length"] = str(len(body))
        headers["cache-control"] = "no-cache"
        del headers["etag"], headers["last-modified"]
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": body})
