"""The cookie: how it is set, by whom, its flags, and that it is worth nothing after logout."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette

from services.comptes import sessions
from tests.comptes import ADDRESS, PASSWORD, give_password
from tests.factories import Monde
from tests.web.conftest import HOST, Answer, call, serve

ORIGIN = {"origin": f"https://{HOST}", "content-type": "application/json"}


def _ticket(monde: Monde) -> str:
    courriel = give_password(monde.portail, monde.gestionnaire.utilisateur_id)
    return sessions.authenticate(monde.portail, courriel, PASSWORD, ADDRESS)


def _exchange(app: Starlette, ticket: object, **headers: str) -> Answer:
    return call(
        app, "POST", "/auth/echange", headers={**ORIGIN, **headers}, body=json.dumps({"ticket": ticket}).encode()
    )


@pytest.mark.parametrize("production", [False, True])
def test_cookie_is_out_of_reach_of_scripts(monde: Monde, production: bool) -> None:
    answer = _exchange(serve(monde.portail, production=production), _ticket(monde))
    assert answer.status == 204
    name = "__Host-portail" if production else "portail"
    cookie = answer.cookies[name]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert bool(cookie["secure"]) is production
    assert cookie["expires"]
    assert answer.headers["cache-control"] == "no-store"
    person = sessions.current(monde.portail, cookie.value)
    assert person is not None
    assert person.utilisateur_id == monde.gestionnaire.utilisateur_id


def test_ticket_serves_once(app: Starlette, monde: Monde) -> None:
    ticket = _ticket(monde)
    assert _exchange(app, ticket).status == 204
    again = _exchange(app, ticket)
    assert (again.status, "set-cookie" in again.headers) == (401, False)
    assert "Recommencez" in again.text


@pytest.mark.parametrize(
    "origin",
    ["https://attaquant.example.org", "null", "", "https://portail.example.org.attaquant.org", f"file://{HOST}"],
)
def test_foreign_page_cannot_exchange_nor_log_out(app: Starlette, monde: Monde, origin: str) -> None:
    ticket = _ticket(monde)
    assert _exchange(app, ticket, origin=origin).status == 403
    assert _exchange(app, ticket).status == 204, "the refused attempt used nothing"
    assert call(app, "POST", "/auth/deconnexion", headers={"origin": origin}).status == 403


def test_public_address_is_an_origin_behind_a_proxy_that_rewrites_the_host(app: Starlette, monde: Monde) -> None:
    public = {"origin": monde.portail.settings.adresse_publique, "host": "10.0.0.5:8501"}
    assert _exchange(app, _ticket(monde), **public).status == 204


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"ticket": 1}', b'{"ticket": "x"}', b"\xff", b"x" * 5000, b"[" * 1999]
)
def test_nonsense_opens_nothing(app: Starlette, body: bytes) -> None:
    answer = call(app, "POST", "/auth/echange", headers=ORIGIN, body=body)
    assert (answer.status, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize("path", ["/auth/echange", "/auth/deconnexion"])
def test_links_do_not_log_in_or_out(app: Starlette, monde: Monde, path: str) -> None:
    token = _exchange(app, _ticket(monde)).cookies["portail"].value
    answer = call(app, "GET", path, headers={**ORIGIN, "cookie": f"portail={token}"})
    assert "set-cookie" not in answer.headers
    assert sessions.current(monde.portail, token)


def test_logout_ends_the_session_and_drops_the_cookie(app: Starlette, monde: Monde) -> None:
    token = _exchange(app, _ticket(monde)).cookies["portail"].value
    answer = call(app, "POST", "/auth/deconnexion", headers={**ORIGIN, "cookie": f"portail={token}"})
    assert answer.status == 204
    assert answer.cookies["portail"].value == ""
    assert sessions.current(monde.portail, token) is None
    replayed = call(app, "GET", "/journal.csv", headers={"cookie": f"portail={token}"})
    assert (replayed.status, replayed.headers["location"]) == (303, "/connexion?suite=%2Fjournal.csv")
