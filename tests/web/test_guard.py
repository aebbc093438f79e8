"""Security headers everywhere, closed endpoints, health, and Streamlit's page made French."""

from __future__ import annotations

import asyncio
import json
import tomllib
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from services.core.settings import ROOT
from tests.comptes import give_password, log_in
from tests.factories import Monde
from tests.web.conftest import HOST, call, serve
from web import health
from web.application import middleware
from web.guard import Guard
from web.page_shell import PageShell

ORIGIN = {"origin": f"https://{HOST}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/dossier"),
        ("GET", "/healthz"),
        ("GET", "/portail/portail.css"),
        ("GET", "/portail/absent.css"),
        ("GET", "/fichiers/6f2f0c1e-9d6b-4c53-9a86-2f6d9a1f7f10"),
        ("POST", "/auth/echange"),
        ("GET", "/_stcore/metrics"),
        ("GET", "/_stcore/health"),
    ],
)
def test_every_answer_has_the_security_headers(app: Starlette, method: str, path: str) -> None:
    headers = call(app, method, path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["frame-src"] == "'none'"
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def _converse(origin: str | None) -> tuple[list[dict[str, Any]], list[Any]]:
    """What a page that opens a conversation gets from us, and the conversations that Streamlit was given."""
    sent: list[dict[str, Any]] = []
    given: list[Any] = []

    async def streamlit(scope: Any, _receive: Any, _send: Any) -> None:
        given.append(scope)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", HOST.encode()), (b"cookie", b"portail=x")]
    headers += [(b"origin", origin.encode())] if origin is not None else []
    scope = {"type": "websocket", "path": "/_stcore/stream", "query_string": b"", "headers": headers}
    asyncio.run(Guard(streamlit, production=False)(scope, receive, send))
    return sent, given


@pytest.mark.parametrize("origin", [f"https://{HOST}", "http://localhost:8501", None])
def test_our_pages_converse_and_streamlit_has_no_origin_to_ask_the_internet_about(
    monde: Monde, origin: str | None
) -> None:
    """The public address is one of ours, whatever the Host that a proxy writes."""
    sent, given = _converse(origin)
    assert sent == [] and len(given) == 1
    assert dict(given[0]["headers"]) == {b"host": HOST.encode(), b"cookie": b"portail=x"}


@pytest.mark.parametrize(
    "origin", ["https://attaquant.example.org", "null", "", "http://localhost:9999", f"https://{HOST}:444", "http://["]
)
def test_pages_of_other_sites_open_no_conversation(monde: Monde, origin: str) -> None:
    assert _converse(origin) == ([{"type": "websocket.close", "code": 1008}], [])


def test_a_stranger_sends_no_message_that_fills_the_memory() -> None:
    """A message is held whole before anything looks at it, from whoever opens a conversation: 200 megabytes by default."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
    assert settings["maxMessageSize"] <= 20 and settings["maxWidgetStateSize"] <= 5


def test_production_insists_on_https(monde: Monde) -> None:
    assert "strict-transport-security" in call(serve(monde.portail, production=True), "GET", "/").headers


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent",
        "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
        "/x/_stcore/agent/a",
    ],
)
def test_endpoints_that_serve_nobody_are_closed(app: Starlette, path: str) -> None:
    assert call(app, "GET", path).status == 404


def test_endpoints_of_the_pages_are_open(app: Starlette) -> None:
    assert call(app, "GET", "/_stcore/health").text == "streamlit"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_uploads_need_a_session(app: Starlette, monde: Monde, method: str) -> None:
    assert call(app, method, "/_stcore/upload_file/a/b").status == 401
    courriel = give_password(monde.portail, monde.gestionnaire.utilisateur_id)
    cookie = {"cookie": f"portail={log_in(monde.portail, courriel)}"}
    assert call(app, method, "/_stcore/upload_file/a/b", headers=cookie).status != 401


def test_page_is_french_with_no_inline_script(app: Starlette) -> None:
    answer = call(app, "GET", "/instruction?id=1", headers={"accept-encoding": "gzip", "if-none-match": '"x"'})
    assert '<html lang="fr">' in answer.text
    assert "<title>Portail des conventions</title>" in answer.text
    assert "<script>" not in answer.text
    assert "service-desc" not in answer.text
    assert "You need to enable JavaScript" not in answer.text
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "etag" not in answer.headers
    head = answer.text
    assert head.index("dictionnaire.js") < head.index("index."), "the language is set before Streamlit starts"


def test_assets_are_found_and_kept(app: Starlette) -> None:
    page = call(app, "GET", "/").text
    addresses = [part.split('"')[0] for part in page.split('="')[1:] if part.startswith("/portail/")]
    assert len(addresses) >= 4
    for address in addresses:
        answer = call(app, "GET", address)
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
    assert call(app, "GET", "/portail/portail.css?v=ancien").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["..%2fguard.py", "guard.py", "../guard.py", "portail.txt"])
def test_only_assets_are_served(app: Starlette, name: str) -> None:
    assert b"class Guard" not in call(app, "GET", f"/portail/{name}").body


def test_health_is_probed_once_in_a_few_seconds(app: Starlette, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    probes: list[int] = []
    monkeypatch.setattr(monde.portail.files, "ping", lambda: probes.append(1))
    assert {call(app, "GET", "/healthz").status for _ in range(5)} == {200}
    assert len(probes) == 1


def test_health_checks_database_and_files(app: Starlette, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = call(app, "GET", "/healthz")
    assert (answer.status, json.loads(answer.body)) == (200, {"etat": "ok", "base": "ok", "fichiers": "ok"})

    def broken() -> None:
        raise OSError("secret path")

    monkeypatch.setattr(monde.portail.files, "ping", broken)
    monkeypatch.setattr(health, "KEPT", 0.0)
    answer = call(app, "GET", "/healthz")
    assert (answer.status, json.loads(answer.body)) == (503, {"etat": "ko", "base": "ok", "fichiers": "ko"})
    assert "secret" not in answer.text


def test_middleware_of_the_application_is_this_one(monde: Monde) -> None:
    assert [one.cls for one in middleware()] == [Guard, PageShell]
    assert all(isinstance(one, Middleware) for one in middleware())
