"""X-Forwarded-For is believed from declared proxies only, this machine included."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
import uvicorn
import uvicorn.config

from web import proxys


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(uvicorn.config, "ProxyHeadersMiddleware", uvicorn.config.ProxyHeadersMiddleware)
    yield


def _seen(peer: str, forwarded: str) -> str:
    """The address that the application sees, through uvicorn's own configuration as Streamlit makes it."""
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"][0])

    config = uvicorn.Config(app, interface="asgi3", log_config=None)
    config.load()
    scope = {
        "type": "http",
        "client": (peer, 1),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    asyncio.run(config.loaded_app(scope, None, None))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize(
    ("declared", "peer", "forwarded", "expected"),
    [
        ([], "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ([], "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (["127.0.0.1/32"], "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.1.2.3", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", "1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        (["10.0.0.0/8"], "127.0.0.1", "203.0.113.9", "127.0.0.1"),
    ],
)
def test_address_is_the_peers_unless_a_declared_proxy_says_otherwise(
    declared: list[str], peer: str, forwarded: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    proxys.trust_only([ip_network(one) for one in declared])
    assert _seen(peer, forwarded) == expected
