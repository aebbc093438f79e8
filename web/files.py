"""Protected downloads: each request checks the session and the permission, and is journalled by the service.

Services that bring the Word engine or PDF tools are imported when first asked for: the first page must not wait for them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import IO
from urllib.parse import quote
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.errors import Introuvable, PdfIndisponible, PortailError, Refus
from domain.text import refuse_controls
from services.core.access import Acteur
from services.core.paquets import read_chunks, stream_size
from services.core.process import running_portail
from web.auth import holder

logger = logging.getLogger("portail")

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
ZIP = "application/zip"
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True)
class Download:
    """A file to give: its name, type and bytes, or the temporary file that holds them."""

    nom: str
    type_mime: str
    data: bytes = b""
    flux: IO[bytes] | None = None


Producer = Callable[[Acteur, Request], Download]


def attachment(download: Download) -> Response:
    """Always a download, never shown in the portal's origin, never kept by a cache."""
    ascii_name = download.nom.encode("ascii", "replace").decode().replace("?", "_")
    ascii_name = "".join(sign if sign.isalnum() or sign in "._- " else "_" for sign in ascii_name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(download.nom, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if download.flux is None:
        return Response(download.data, media_type=download.type_mime, headers=headers)
    headers["Content-Length"] = str(stream_size(download.flux))
    return StreamingResponse(read_chunks(download.flux), media_type=download.type_mime, headers=headers)


def protected(produce: Producer) -> Callable[[Request], Awaitable[Response]]:
    """A route that gives what `produce` makes for the person asking. Not logged in: the login page, which leads
    back here (web/static/portail.js). Refused or unknown: the same 404."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answer, produce, request)

    return endpoint


def _answer(produce: Producer, request: Request) -> Response:
    acteur = holder(request)
    if acteur is None:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(
            f"/connexion?suite={quote(wanted, safe='')}", status_code=303, headers={"Cache-Control": "no-store"}
        )
    try:
        refuse_controls(request.query_params.values())
        return attachment(produce(acteur, request))
    except PdfIndisponible as error:
        return _message(503, error.message)
    except Introuvable as error:
        return _message(404, error.message)
    except Refus as error:
        return _message(403, error.message)
    except PortailError as error:
        return _message(400, error.message)
    except Exception:
        reference = uuid4().hex[:8].upper()
        logger.exception("download failed, reference %s", reference)
        return _message(500, f"Le document n’a pas pu être préparé. Communiquez la référence {reference} au centre.")


def _message(status: int, text: str) -> Response:
    page = (
        '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Document indisponible</title>'
        '<meta name="viewport" content="width=device-width"></head><body style="font-family:sans-serif;margin:3rem auto;'
        f'max-width:40rem;padding:0 1rem"><h1>Document indisponible</h1><p>{escape(text)}</p>'
        '<p><a href="/">Retour au portail</a></p></body></html>'
    )
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


def _piece(acteur: Acteur, request: Request) -> Download:
    from services.adhesion import pieces

    found = pieces.open_piece(running_portail(), acteur, request.path_params["piece_id"])
    return Download(found.nom, found.type_mime, found.data)


piece = protected(_piece)


def document_routes() -> list[Route]:
    """Documents made when asked for, and the selection of conventions as a ZIP."""
    return [
        Route("/dossiers/{dossier_id:uuid}/{document}.{forme}", protected(_document), methods=["GET"]),
        Route("/conventions.zip", protected(_archive), methods=["GET"]),
        Route("/journal.csv", protected(_journal), methods=["GET"]),
        Route("/exports/{nom}", protected(_export), methods=["GET"]),
    ]


def _document(acteur: Acteur, request: Request) -> Download:
    from services.adhesion import editique
    from services.vie import avenants

    makers = {"projet": avenants.render_projet, "deliberation": editique.render_deliberation}
    name, forme = request.path_params["document"], request.path_params["forme"]
    if name not in makers or forme not in ("docx", "pdf"):
        raise Introuvable()
    portail = running_portail()
    rendered = makers[name](portail, acteur, request.path_params["dossier_id"])
    if forme == "pdf":
        rendered = editique.as_pdf(rendered)
    return Download(rendered.nom, PDF if forme == "pdf" else DOCX, rendered.data)


def _archive(acteur: Acteur, request: Request) -> Download:
    from services.convention import registre

    try:
        ids = [UUID(part) for part in request.query_params.get("ids", "").split(",") if part]
    except ValueError:
        raise Introuvable() from None
    nom, flux = registre.export_zip(running_portail(), acteur, ids)
    return Download(nom, ZIP, flux=flux)


def _export(acteur: Acteur, request: Request) -> Download:
    from services import exports

    made = exports.produce(running_portail(), acteur, request.path_params["nom"], dict(request.query_params))
    return Download(made.nom, made.type_mime, made.data, made.flux)


def _journal(acteur: Acteur, request: Request) -> Download:
    from services.centre.consultation_journal import JournalFilter, export_lines

    given = request.query_params
    filtre = JournalFilter(
        action=given.get("action"), du=_day(given.get("du")), au=_day(given.get("au")), objet_id=given.get("objet")
    )
    nom, data = export_lines(running_portail(), acteur, filtre)
    return Download(nom, CSV, data)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Introuvable() from None
