"""The centre's logo and annexes: what is accepted, who deposits, what replaces what."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

import docx
import pytest
from PIL import Image
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import Piece
from services.adhesion.pieces import open_piece
from services.centre import centre_files
from services.centre.centre_files import attach_annexe, attach_logo, remove_centre_file
from services.centre.parametres import open_parametres
from services.core.portail import Portail
from tests.factories import Monde, blank_pdf, journal_actions, make_stranger


def _png(width: int = 40) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, 20), (29, 79, 124)).save(stream, "PNG")
    return stream.getvalue()


def _docx() -> bytes:
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Code de déontologie {{ 7*7 }}")
    document.save(stream)
    return stream.getvalue()


def _logo(monde: Monde, data: bytes, nom: str = "logo.png", *, role: Role = Role.ADMINISTRATEUR) -> None:
    attach_logo(monde.portail, monde[role], monde.centre_id, nom=nom, data=data, operation_id=uuid4().hex)


def _annexe(monde: Monde, nom: str, data: bytes, *, operation_id: str = "", annexe: str = "deontologie") -> None:
    attach_annexe(
        monde.portail,
        monde.administrateur,
        monde.centre_id,
        annexe,
        nom=nom,
        data=data,
        operation_id=operation_id or uuid4().hex,
    )


def _pieces(portail: Portail) -> list[Piece]:
    with portail.db.read() as session:
        return list(session.scalars(select(Piece).where(Piece.centre_id.is_not(None)).order_by(Piece.deposee_le)))


def test_new_logo_replaces_the_old_one_and_keeps_it(portail: Portail, monde: Monde) -> None:
    _logo(monde, _png(40))
    _logo(monde, _png(60))
    first, second = _pieces(portail)
    assert first.retiree_le is not None and second.retiree_le is None
    shown = open_parametres(portail, monde.administrateur, monde.centre_id).logo
    assert shown is not None and shown.id == second.id
    assert open_piece(portail, monde.administrateur, second.id).data == _png(60)


@pytest.mark.parametrize(("nom", "data"), [("code.docx", _docx()), ("code.pdf", blank_pdf())])
def test_annexe_is_word_or_pdf(portail: Portail, monde: Monde, nom: str, data: bytes) -> None:
    _annexe(monde, nom, data)
    (annexe,) = open_parametres(portail, monde.administrateur, monde.centre_id).annexes
    assert annexe.piece is not None
    assert (annexe.id, annexe.piece.nom) == ("deontologie", nom)
    (piece,) = _pieces(portail)
    assert (piece.usage, piece.champ) == ("annexe_centre", "deontologie")


@pytest.mark.parametrize(
    ("nom", "data"),
    [
        ("vide.pdf", b""),
        ("programme.pdf", b"MZ" + b"0" * 2000),
        ("image.pdf", _png()),
        ("tronque.docx", _docx()[:400]),
        ("zip.docx", b"PK\x03\x04" + b"0" * 200),
    ],
)
def test_bad_annexe_is_told_next_to_its_field(monde_sqlite: Monde, nom: str, data: bytes) -> None:
    with pytest.raises(Invalide) as caught:
        _annexe(monde_sqlite, nom, data)
    assert caught.value.champ == "deontologie"
    assert _pieces(monde_sqlite.portail) == []


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\nxx", blank_pdf(), b"<svg onload='alert(1)'/>", _png() + b"0" * 1_000_001]
)
def test_bad_logo_is_refused(monde_sqlite: Monde, data: bytes) -> None:
    with pytest.raises(Invalide) as caught:
        _logo(monde_sqlite, data)
    assert caught.value.champ == "logo"


def _adobe_jpeg() -> bytes:
    """A JPEG that begins with Adobe's marker, as Photoshop writes it, without the JFIF header that the Word engine needs."""
    stream = io.BytesIO()
    Image.new("CMYK", (40, 20)).save(stream, "JPEG")
    return stream.getvalue()


def test_a_logo_that_no_document_could_carry_is_refused(monde_sqlite: Monde) -> None:
    with pytest.raises(Invalide, match="PNG") as caught:
        _logo(monde_sqlite, _adobe_jpeg(), "logo.jpg")
    assert caught.value.champ == "logo"
    assert _pieces(monde_sqlite.portail) == []


def test_an_ordinary_jpeg_logo_is_accepted(monde_sqlite: Monde) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20)).save(stream, "JPEG")
    _logo(monde_sqlite, stream.getvalue(), "logo.jpg")
    assert len(_pieces(monde_sqlite.portail)) == 1


@pytest.mark.parametrize("error", [ValueError("imprévu"), Invalide("Ce document ne se compose pas.")])
def test_an_annexe_that_cannot_be_composed_is_refused(
    monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(centre_files, "compose", fail)
    with pytest.raises(Invalide) as caught:
        _annexe(monde_sqlite, "code.docx", _docx())
    assert caught.value.champ == "deontologie"
    assert _pieces(monde_sqlite.portail) == []


def test_double_click_stores_once(portail: Portail, monde: Monde) -> None:
    for _ in range(2):
        _annexe(monde, "code.pdf", blank_pdf(), operation_id="un-seul-geste")
    assert len(_pieces(portail)) == 1


def test_annexe_that_no_offer_wants_is_refused(monde_sqlite: Monde) -> None:
    with pytest.raises(Introuvable):
        _annexe(monde_sqlite, "code.pdf", blank_pdf(), annexe="missions")


def test_removed_file_is_no_longer_current(portail: Portail, monde: Monde) -> None:
    _logo(monde, _png())
    (piece,) = _pieces(portail)
    remove_centre_file(portail, monde.administrateur, piece.id)
    assert open_parametres(portail, monde.administrateur, monde.centre_id).logo is None
    assert journal_actions(portail, piece.id) == ["centre.deposer_fichier", "centre.retirer_fichier"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATEUR])
def test_only_an_administrator_changes_files(monde_sqlite: Monde, role: Role) -> None:
    _logo(monde_sqlite, _png())
    (piece,) = _pieces(monde_sqlite.portail)
    with pytest.raises(Refus):
        _logo(monde_sqlite, _png(70), role=role)
    with pytest.raises(Refus):
        remove_centre_file(monde_sqlite.portail, monde_sqlite[role], piece.id)
    assert [one.retiree_le for one in _pieces(monde_sqlite.portail)] == [None]


def test_unknown_file_and_stranger(monde_sqlite: Monde) -> None:
    with pytest.raises(Introuvable):
        remove_centre_file(monde_sqlite.portail, monde_sqlite.administrateur, UUID(int=1))
    with pytest.raises(Introuvable):
        attach_logo(
            monde_sqlite.portail,
            make_stranger(monde_sqlite.portail),
            monde_sqlite.centre_id,
            nom="logo.png",
            data=_png(),
            operation_id="x",
        )
