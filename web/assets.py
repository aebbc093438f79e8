"""The portal's few static files, served with the hash of their content in the address, and the centres' logos."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from services.centre import centres
from services.core.process import running_portail

FOLDER = Path(__file__).resolve().parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@cache
def _content(name: str) -> tuple[bytes, str] | None:
    path = FOLDER / name
    if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
        return None
    data = path.read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]


def address(name: str) -> str:
    """Address of a static file; it changes with its content, so browsers may keep it for ever."""
    content = _content(name)
    if content is None:
        raise FileNotFoundError(name)
    return f"/portail/{name}?v={content[1]}"


async def asset(request: Request) -> Response:
    """GET /portail/{name}."""
    name = request.path_params["name"]
    content = _content(name)
    if content is None:
        return PlainTextResponse("Introuvable", status_code=404)
    kept = FOREVER if request.query_params.get("v") == content[1] else "no-cache"
    return Response(content[0], media_type=TYPES[Path(name).suffix], headers={"Cache-Control": kept})


async def logo(request: Request) -> Response:
    """GET /portail/logo/{code}: a centre's logo, public."""
    found = await run_in_threadpool(centres.read_logo, running_portail(), request.path_params["code"])
    if found is None:
        return PlainTextResponse("Introuvable", status_code=404)
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "public, max-age=300"})
