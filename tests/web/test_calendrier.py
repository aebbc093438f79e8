"""The route of calendar feeds: no cookie, one answer for every address that does not work, nothing kept by caches."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from services.vie import flux
from tests.conventions import make_convention
from tests.factories import Monde
from tests.web.conftest import call


def test_a_feed_is_read_without_a_login(app: ASGIApp, monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    path = flux.create_flux(monde.portail, monde.gestionnaire).removeprefix(monde.portail.settings.adresse_publique)
    found = call(app, "GET", path)
    assert found.status == 200 and found.headers["content-type"] == "text/calendar; charset=utf-8"
    assert found.headers["cache-control"] == "private, no-store" and "noindex" in found.headers["x-robots-tag"]
    assert found.body.startswith(b"BEGIN:VCALENDAR\r\n") and not found.cookies
    assert call(app, "HEAD", path).status == 200
    flux.revoke_flux(monde.portail, monde.gestionnaire)
    assert call(app, "GET", path).status == 404


@pytest.mark.parametrize("name", ["x", "x" * 5000, "..%2f..%2fetc", "%00", "%C3%A9"])
def test_an_unknown_address_is_not_found(app: ASGIApp, name: str) -> None:
    found = call(app, "GET", f"/calendrier/{name}.ics")
    assert found.status == 404 and b"BEGIN" not in found.body
    assert call(app, "POST", f"/calendrier/{name}.ics").status in (404, 405)
