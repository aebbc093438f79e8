"""The portal's routes and middleware around a stand-in for Streamlit, called as ASGI without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from services.core.portail import Portail
from services.core.process import use_portail
from tests.comptes import cheap_hashing
from tests.factories import Monde, make_monde
from web import application
from web.guard import Guard
from web.page_shell import PageShell

HOST = "portail.example.org"
INDEX = Path(streamlit.__file__).parent / "static" / "index.html"


@dataclass
class Answer:
    """What a request got."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: SimpleCookie

    @property
    def text(self) -> str:
        return self.body.decode()


def call(
    app: ASGIApp,
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    client: str = "192.0.2.10",
) -> Answer:
    """One request."""
    parts = urlsplit(url)
    given = {"host": HOST, "accept": "text/html", **(headers or {})}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": (client, 50000),
        "server": (HOST, 443),
    }
    sent: list[dict[str, Any]] = []
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        """The request, then nothing more: the client stays until it has its answer."""
        return asked.pop() if asked else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    start = sent[0]
    cookies: SimpleCookie = SimpleCookie()
    for name, value in start["headers"]:
        if name == b"set-cookie":
            cookies.load(value.decode())
    return Answer(
        start["status"],
        {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
        cookies,
    )


@pytest.fixture
def monde(make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch) -> Iterator[Monde]:
    """People and things, served by this process."""
    cheap_hashing(monkeypatch)
    monde = make_monde(make_portail("sqlite"))
    use_portail(monde.portail)
    yield monde
    use_portail(None)


def serve(portail: Portail, *, production: bool = False) -> Starlette:
    """The application with a stand-in for Streamlit's own routes."""
    portail.settings = replace(portail.settings, production=production)

    async def page(_request: Any) -> HTMLResponse:
        return HTMLResponse(INDEX.read_text(encoding="utf-8"), headers={"etag": '"x"'})

    async def stream(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("streamlit")

    return Starlette(
        routes=[*application.routes(), Route("/_stcore/{rest:path}", stream), Route("/{rest:path}", page)],
        middleware=[Middleware(Guard, production=production), Middleware(PageShell)],
    )


@pytest.fixture
def app(monde: Monde) -> Starlette:
    return serve(monde.portail)
