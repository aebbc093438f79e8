"""GET /healthz: whether the portal can work, for supervision and load balancers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.core.portail import Portail
from services.core.process import running_portail

KEPT = 5.0
"""Seconds that a result serves: the probes cost something, and anybody may ask."""

logger = logging.getLogger("portail")


@dataclass
class _Last:
    """The last result of this process, for which portal, and when (monotonic clock)."""

    portail: Portail | None = None
    at: float = 0.0
    states: dict[str, str] = field(default_factory=dict)


_last = _Last()
_probing = Lock()


def recent() -> dict[str, str]:
    """The states, probed again when the last ones are older than KEPT; of simultaneous requests one probes."""
    with _probing:
        if _last.portail is not running_portail() or monotonic() - _last.at >= KEPT:
            _last.states = check()
            _last.portail, _last.at = running_portail(), monotonic()
        return dict(_last.states)


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
    states = await run_in_threadpool(recent)
    good = all(state == "ok" for state in states.values())
    return JSONResponse(
        {"etat": "ok" if good else "ko", **states},
        status_code=200 if good else 503,
        headers={"Cache-Control": "no-store"},
    )
