"""Downloads: who gets them, how they are sent, and what the others are told."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from models import AuditEvent, Piece
from services.comptes import sessions
from services.core import files
from services.core.access import Acteur
from services.core.paquets import new_zip, read_chunks
from tests.comptes import ADDRESS, PASSWORD, give_password
from tests.factories import (
    Monde,
    attach_pdf,
    blank_pdf,
    journal_actions,
    make_dossier,
    make_other_centre,
    make_stranger,
)
from tests.web.conftest import Answer, call
from web.files import Download, attachment


def _get(app: Starlette, monde: Monde, url: str, who: Acteur | None) -> Answer:
    headers = {}
    if who is not None:
        courriel = give_password(monde.portail, who.utilisateur_id)
        token, _ = sessions.exchange(
            monde.portail, sessions.authenticate(monde.portail, courriel, PASSWORD, ADDRESS), None
        )
        headers["cookie"] = f"portail={token}"
    return call(app, "GET", url, headers=headers)


@pytest.fixture
def url(monde: Monde) -> str:
    """Address of a file of a dossier."""
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    return "/fichiers/" + attach_pdf(monde.portail, monde.gestionnaire, dossier_id, "deliberation.fichier")


def test_file_is_a_download_that_no_cache_keeps(app: Starlette, monde: Monde, url: str) -> None:
    answer = _get(app, monde, url, monde.instructeur)
    assert (answer.status, answer.body) == (200, blank_pdf())
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/pdf"
    assert "piece.lire" in journal_actions(monde.portail)


def test_visitor_is_sent_to_the_login_page(app: Starlette, monde: Monde, url: str) -> None:
    answer = _get(app, monde, url, None)
    there = f"/connexion?suite={quote(url, safe='')}"
    assert (answer.status, answer.headers["location"], answer.body) == (303, there, b"")


def test_others_get_the_answer_of_a_file_that_does_not_exist(app: Starlette, monde: Monde, url: str) -> None:
    absent = _get(app, monde, f"/fichiers/{uuid4()}", monde.gestionnaire)
    assert absent.status == 404
    assert '<html lang="fr">' in absent.text
    for who in (make_stranger(monde.portail), make_other_centre(monde.portail)):
        refused = _get(app, monde, url, who)
        assert (refused.status, refused.body) == (404, absent.body)
    assert journal_actions(monde.portail).count("refus") == 3


@pytest.mark.parametrize("path", ["/fichiers/1", "/fichiers/../../etc/passwd", "/fichiers/" + "a" * 64])
def test_only_row_ids_lead_to_files(app: Starlette, monde: Monde, path: str) -> None:
    answer = _get(app, monde, path, monde.administrateur)
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("document", ["projet.txt", "convention.docx", "projet.docx.exe"])
def test_only_known_documents_are_made(app: Starlette, monde: Monde, document: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    answer = _get(app, monde, f"/dossiers/{dossier_id}/{document}", monde.gestionnaire)
    assert "content-disposition" not in answer.headers


def test_document_of_anothers_dossier_does_not_exist(app: Starlette, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    stranger = make_stranger(monde.portail)
    for document in ("projet.docx", "deliberation.docx", "projet.pdf"):
        assert _get(app, monde, f"/dossiers/{dossier_id}/{document}", stranger).status == 404


@pytest.mark.parametrize("ids", ["pas-un-id", "1,2", "7b0f3a52-53f1-4f7e-9f6d-0c1e2d3f4a5b"])
def test_archive_of_unknown_conventions_is_refused(app: Starlette, monde: Monde, ids: str) -> None:
    assert _get(app, monde, f"/conventions.zip?ids={ids}", monde.direction).status in (400, 404)


@pytest.mark.parametrize(
    "path", ["journal.csv?action=%00", "exports/decomptes.xlsx?etat=a%07", "conventions.zip?ids=%1b"]
)
def test_an_address_with_unreadable_signs_is_refused(app: Starlette, monde: Monde, path: str) -> None:
    assert _get(app, monde, f"/{path}", monde.responsable).status == 400


def test_hostile_names_stay_in_the_header() -> None:
    answer = attachment(Download('é"\r\nSet-Cookie: a=b; 𝄞.pdf', "application/pdf", b"x"))
    value = answer.headers["content-disposition"]
    assert "\r" not in value
    assert "\n" not in value
    assert value.count('"') == 2
    assert "filename*=UTF-8''%C3%A9%22%0D%0ASet-Cookie" in value


def test_a_large_file_comes_piece_by_piece_with_its_length(app: Starlette, monde: Monde) -> None:
    """And is the same as what the journal says was given."""
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    attach_pdf(monde.portail, monde.gestionnaire, dossier_id, "deliberation.fichier")
    answer = _get(app, monde, f"/exports/archives.zip?dossier={dossier_id}", monde.instructeur)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
    with monde.portail.db.read() as session:
        line = session.scalars(select(AuditEvent).where(AuditEvent.action == "archives.exporter")).one()
    assert line.details["sha256"] == hashlib.sha256(answer.body).hexdigest()


def test_who_gives_up_a_download_leaves_no_file() -> None:
    with new_zip() as (stream, archive):
        archive.writestr("a.txt", os.urandom(5_000_000))
    chunks = read_chunks(stream)
    assert next(chunks)
    del chunks
    assert stream.closed


def test_logo_is_public_and_an_image(app: Starlette, monde: Monde) -> None:
    assert call(app, "GET", "/portail/logo/cig-petite-couronne").status == 404
    _logo(monde, "image/png", b"\x89PNG")
    answer = call(app, "GET", "/portail/logo/cig-petite-couronne")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    _logo(monde, "image/svg+xml", b"<svg onload='x'/>")
    assert call(app, "GET", "/portail/logo/cig-petite-couronne").status == 404, "an SVG can carry a script"
    assert call(app, "GET", "/portail/logo/inconnu").status == 404


def _logo(monde: Monde, kind: str, data: bytes) -> UUID:
    with monde.portail.db.write() as session:
        stored = files.store(session, monde.portail.files, data)
        piece = Piece(
            sha256=stored.sha256,
            usage="logo",
            nom="logo",
            type_mime=kind,
            taille=len(data),
            centre_id=monde.centre_id,
        )
        session.add(piece)
        session.flush()
        return piece.id
