"""Outermost middleware: security headers on every answer, what other sites may not open, and the framework's endpoints that
nobody needs closed."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.auth import holder, same_origin

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        # Streamlit's style engine writes <style> elements.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'none'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"
CLOSED = re.compile(r"^/(?:.*/)?_stcore/(?:agent|metrics|script-health-check)(?:/|$)")
"""Streamlit's agent API and metrics: they tell strangers about the server and serve nobody here."""
UPLOADS = "/_stcore/upload_file/"
"""Streamlit takes uploads from any open page, the login page included: here a session is needed."""


class Guard:
    """Adds the headers, answers 404 for what is closed."""

    def __init__(self, app: ASGIApp, *, production: bool) -> None:
        self.app = app
        self.headers = {**HEADERS, "Strict-Transport-Security": HSTS} if production else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                del headers["server"]
            await send(message)

        if CLOSED.match(scope["path"]):
            await PlainTextResponse("Introuvable", status_code=404)(scope, receive, guarded)
        elif scope["path"].startswith(UPLOADS) and not await run_in_threadpool(holder, Request(scope)):
            await PlainTextResponse("Session expirée", status_code=401)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page's conversation with the server, for our own pages only.

        Streamlit looks at the Origin too, but in its event loop it asks a site of the Internet what our address is, each time, for
        every origin that it does not know: a stranger would hold everybody's pages. It is told of none that is not decided here.
        """
        if "origin" in HTTPConnection(scope).headers and not same_origin(HTTPConnection(scope)):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        known = [(name, value) for name, value in scope["headers"] if name != b"origin"]
        await self.app({**scope, "headers": known}, receive, send)
