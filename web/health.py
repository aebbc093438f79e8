"""GET /healthz: whether the portal can work, for supervision and load balancers."""

from __future__ import annotations

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.process import running_portail

logger = logging.getLogger("portail")


def check() -> dict[str, str]:
    """State of each thing the portal needs: "ok" or "ko". Reasons go to the log, not to strangers."""
    portail = running_portail()
    states = {}
    for name, probe in (("base", portail.db.ping), ("fichiers", portail.files.ping)):
        try:
            probe()
            states[name] = "ok"
        except Exception:
            logger.exception("health check of %s failed", name)
            states[name] = "ko"
    return states


async def healthz(_request: Request) -> Response:
    """200 when the database answers and the file store can be written, else 503; JSON either way."""
    states = await run_in_threadpool(check)
    good = all(state == "ok" for state in states.values())
    return JSONResponse(
        {"etat": "ok" if good else "ko", **states},
        status_code=200 if good else 503,
        headers={"Cache-Control": "no-store"},
    )
