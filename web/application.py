"""Everything the application serves beside Streamlit's own pages: routes, middleware, start and stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from domain.referentiel import load_referentiel
from services.core.files import check_owner
from services.core.portail import Portail
from services.core.process import running_portail
from services.courriels import mails
from web import assets, auth, calendrier, files, health
from web.guard import Guard
from web.page_shell import PageShell

logger = logging.getLogger("portail")

MAIL_PERIOD = 5
"""Seconds between two looks at the mails to send."""
FIRST_PAGES = 4
"""Seconds left to the first visitor before anything runs beside the pages."""
TIDY_PERIOD = 6 * 3600
"""Seconds between two cleanings."""
DAILY_PERIOD = 600
"""Seconds between two looks at what the calendar asks for: a round of a day is done once, soon after midnight."""


def routes() -> list[BaseRoute]:
    """The portal's own routes; they come before Streamlit's."""
    return [
        Route("/healthz", health.healthz, methods=["GET"]),
        Route("/auth/echange", auth.exchange, methods=["POST"]),
        Route("/auth/deconnexion", auth.logout, methods=["POST"]),
        Route("/portail/logo/{code}", assets.logo, methods=["GET"]),
        Route("/portail/{name}", assets.asset, methods=["GET"]),
        Route("/fichiers/{piece_id:uuid}", files.piece, methods=["GET"]),
        Route("/calendrier/{token}.ics", calendrier.calendar, methods=["GET"]),
        *files.document_routes(),
    ]


def middleware() -> list[Middleware]:
    """From the outside in: what is closed and what headers say, then the French page shell."""
    return [Middleware(Guard, production=running_portail().settings.production), Middleware(PageShell)]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Refuse to start on a database that is missing or behind, or on another installation's files: better a clear message than errors on every page. While
    the application runs, mails are sent as they come, what the calendar asks for is done each day, and what is out of date
    is deleted."""
    portail = running_portail()
    if not await run_in_threadpool(portail.db.is_current):
        raise RuntimeError("La base de données n’est pas à jour : lancez « portail init » avant de démarrer.")
    await run_in_threadpool(_check_store, portail)
    tasks = [
        asyncio.create_task(_repeat(mails.deliver, MAIL_PERIOD)),
        asyncio.create_task(_repeat(_tidy, TIDY_PERIOD)),
        asyncio.create_task(_repeat(_run_daily, DAILY_PERIOD)),
        asyncio.create_task(_warm()),
    ]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    portail.db.dispose()


_BACKGROUND = Lock()
"""One round at a time: both import the same modules as they begin, and a module that two threads import is seen half made."""


async def _repeat(work: Callable[[Portail], object], seconds: float) -> None:
    """Do this every `seconds`, once the first pages are served. A failure is logged and does not stop the next round."""
    await asyncio.sleep(FIRST_PAGES)
    while True:
        try:
            await run_in_threadpool(work, running_portail())
        except Exception:
            logger.exception("%s failed", work.__name__)
        await asyncio.sleep(seconds)


def _check_store(portail: Portail) -> None:
    with portail.db.read() as session:
        check_owner(session, portail.files)


def _tidy(portail: Portail) -> None:
    with _BACKGROUND:
        # Imported here: it brings the examination of PDF files, which the first page does without.
        from services.operation.housekeeping import tidy

        tidy(portail)


def _run_daily(portail: Portail) -> None:
    with _BACKGROUND:
        # Imported here: it brings the tariffs and the offers, which the first page does without.
        from services.vie.quotidien import run_daily

        run_daily(portail)


async def _warm() -> None:
    """Read the national list before somebody waits for it."""
    await asyncio.sleep(FIRST_PAGES)
    await run_in_threadpool(load_referentiel)
