"""GET /calendrier/<secret>.ics: a person's deadlines, for calendar programs. The address is the key: no cookie is read."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from services.core.process import running_portail

HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
MAX_TOKEN = 100


async def calendar(request: Request) -> Response:
    """The calendar; 404, always the same, for an address that is unknown or no longer works."""
    from services.vie import flux  # brings the offers, which the first page does without

    token = request.path_params["token"]
    found = await run_in_threadpool(flux.read_flux, running_portail(), token) if len(token) <= MAX_TOKEN else None
    if found is None:
        return PlainTextResponse("Cette adresse de calendrier n’existe pas ou n’existe plus.", 404, headers=HEADERS)
    return Response(
        found,
        media_type="text/calendar; charset=utf-8",
        headers={**HEADERS, "Content-Disposition": 'inline; filename="echeances.ics"'},
    )
