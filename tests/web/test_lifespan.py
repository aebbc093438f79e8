"""The application does not start on somebody else's files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from domain.errors import Refus
from services.core.portail import Portail
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
