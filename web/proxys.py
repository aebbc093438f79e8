"""Whose X-Forwarded-For is believed: the declared proxies', nobody else's.

uvicorn believes a peer at 127.0.0.1 unless told otherwise, and Streamlit's runner does not let it be told: it has read its
settings before app.py is imported, and wraps the application right after. Replacing what it wraps with is the one place left.
Without this, anyone on the machine could choose their address and escape the lock-out by address (tests/web/test_proxys.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import uvicorn.config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

NOBODY = "aucun"


def trusted(proxys: Iterable[IPv4Network | IPv6Network]) -> list[str]:
    """The declared proxies as uvicorn wants them; a word that matches no address when there are none."""
    return [str(network) for network in proxys] or [NOBODY]


def trust_only(proxys: Iterable[IPv4Network | IPv6Network]) -> None:
    """From now on uvicorn takes the client's address from these peers only."""
    declared = trusted(proxys)

    def wrapped(app: Any, trusted_hosts: object = None) -> ProxyHeadersMiddleware:
        del trusted_hosts  # uvicorn's default or FORWARDED_ALLOW_IPS: one way to declare proxies is enough
        return ProxyHeadersMiddleware(app, trusted_hosts=declared)

    uvicorn.config.ProxyHeadersMiddleware = partial(wrapped)  # type: ignore[attr-defined, assignment]
