"""The application does not start on somebody else's files; while it runs, it does what the calendar asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Refus
from models import Passage
from services.core.portail import Portail
from tests.factories import make_centre
from web import application


async def _start() -> None:
    async with application.lifespan(None):
        pass


def test_the_files_of_another_installation_keep_the_portal_from_starting(
    make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch
) -> None:
    portail = make_portail("sqlite")
    monkeypatch.setattr(application, "running_portail", lambda: portail)
    asyncio.run(_start())
    portail.files.set_owner(uuid4())
    with pytest.raises(Refus, match="autre installation"):
        asyncio.run(_start())


def test_the_daily_round_is_run_by_the_application(
    make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without cron: soon after the start, then again and again, which does nothing more that day."""
    portail = make_portail("sqlite")
    centre_id = make_centre(portail)
    monkeypatch.setattr(application, "running_portail", lambda: portail)
    monkeypatch.setattr(application, "FIRST_PAGES", 0)
    monkeypatch.setattr(application, "DAILY_PERIOD", 0.05)
    monkeypatch.setattr(application, "_warm", lambda: asyncio.sleep(0))

    async def wait() -> None:
        async with application.lifespan(None):
            for _ in range(200):
                await asyncio.sleep(0.05)
                if _rounds(portail, centre_id):
                    return

    monkeypatch.setattr(portail.db, "dispose", lambda: None)
    asyncio.run(wait())
    assert _rounds(portail, centre_id) == [True]


def _rounds(portail: Portail, centre_id: UUID) -> list[bool]:
    """Whether each round of the centre is finished; only finished ones while it runs."""
    with portail.db.read() as session:
        query = select(Passage.fini_le).where(Passage.centre_id == centre_id, Passage.fini_le.is_not(None))
        return [one is not None for one in session.scalars(query)]
