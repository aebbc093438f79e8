"""The session cookie: set in exchange for a one-time login ticket, dropped at logout. Scripts never see it."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response

from domain.errors import Refus
from services.comptes import sessions
from services.core.access import Acteur
from services.core.process import running_portail

MAX_BODY = 2000


def same_origin(request: HTTPConnection) -> bool:
    """Whether the request comes from one of our pages: its Origin is the address asked for, or the public address."""
    origin = request.headers.get("origin")
    if not origin:
        return False
    public = urlsplit(running_portail().settings.adresse_publique)
    try:
        given = urlsplit(origin)
    except ValueError:  # « http://[ »
        return False
    if (given.scheme, given.netloc) == (public.scheme, public.netloc):
        return True
    return given.scheme in ("http", "https") and given.netloc == request.headers.get("host")


async def exchange(request: Request) -> Response:
    """POST /auth/echange {"ticket": …}: 204 with the cookie; 403 from a foreign page; 401 for a ticket used or expired."""
    if not same_origin(request):
        return PlainTextResponse("Origine refusée", status_code=403)
    ticket = await _ticket(request)
    portail = running_portail()
    try:
        token, expires = await run_in_threadpool(sessions.exchange, portail, ticket, request.headers.get("user-agent"))
    except Refus as refus:
        return PlainTextResponse(refus.message, status_code=401)
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        sessions.cookie_name(portail),
        token,
        expires=expires,
        path="/",
        httponly=True,
        samesite="lax",
        secure=portail.settings.production,
    )
    return response


async def _ticket(request: Request) -> str:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return ""
    try:
        ticket = json.loads(body)["ticket"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return ticket if isinstance(ticket, str) else ""


async def logout(request: Request) -> Response:
    """POST /auth/deconnexion: the session ends, in every tab, and the browser forgets its cookie."""
    if not same_origin(request):
        return PlainTextResponse("Origine refusée", status_code=403)
    portail = running_portail()
    name = sessions.cookie_name(portail)
    await run_in_threadpool(sessions.revoke, portail, request.cookies.get(name))
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=portail.settings.production)
    return response


def holder(request: Request) -> Acteur | None:
    """Who asks, from the cookie and the session row."""
    portail = running_portail()
    address = request.client.host if request.client else None
    return sessions.current(portail, request.cookies.get(sessions.cookie_name(portail)), address)
