"""The portal that this process serves: one, built at the first call, shared by the pages and the routes."""

from __future__ import annotations

from threading import Lock

from services.core.portail import Portail
from services.core.settings import Settings

_lock = Lock()
_running: list[Portail] = []


def running_portail() -> Portail:
    """The portal of this process, with settings from the environment. Raises Invalide when a setting is wrong."""
    with _lock:
        if not _running:
            _running.append(Portail(Settings.from_environment()))
        return _running[0]


def use_portail(portail: Portail | None) -> None:
    """Serve this portal from now on (tests); None goes back to the environment at the next call."""
    with _lock:
        _running[:] = [portail] if portail else []
