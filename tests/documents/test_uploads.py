"""Attachments are what their content says."""

from __future__ import annotations

import pytest

from documents.uploads import check_upload
from domain.errors import Invalide
from tests.documents.samples import pdf, png, word

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080004000401011100") + b"\0" * 20 + b"\xff\xd9"


@pytest.mark.parametrize(
    ("name", "data", "kind", "content_type"),
    [
        ("Délibération.PDF", pdf(), "pdf", "application/pdf"),
        ("photo.png", png(), "png", "image/png"),
        ("photo.jpg", JPEG, "jpeg", "image/jpeg"),
        ("charte.docx", word("a"), "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_accepted(name: str, data: bytes, kind: str, content_type: str) -> None:
    assert check_upload(name, data)[:2] == (kind, content_type)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pdf", b"", "vide"),
        ("a.pdf", b"MZ" + b"\0" * 100, "est un programme"),
        ("a.pdf", png(), "contenu, qui est : image PNG"),
        ("a.exe", pdf(), "Renommez-le"),
        ("a.txt", b"bonjour", "pas d’un type accepté"),
        ("a.docx", b"PK\3\4rien", "document Word lisible"),
        ("a.png", png()[:-9], "endommagée"),
        ("a.png", png() + b"suite", "endommagée"),
        ("a.png", png().replace(b"\0\0\0\4\0\0\0\4", b"\0\1\0\0\0\1\0\0"), "trop grande"),
        ("a.jpg", JPEG[:-2], "endommagée"),
    ],
)
def test_refused(name: str, data: bytes, expected: str) -> None:
    with pytest.raises(Invalide, match=expected):
        check_upload(name, data)


def test_only_the_kinds_asked_for() -> None:
    with pytest.raises(Invalide, match="Attendu : PDF"):
        check_upload("a.png", png(), kinds=["pdf"])
    with pytest.raises(Invalide, match="trop volumineux"):
        check_upload("a.png", png(), max_size=10)
