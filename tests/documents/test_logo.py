"""The centre's logo takes the place the templates keep for it, in every header, undistorted."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from docx import Document

from documents.word.logo import MAX_WIDTH, place_logo
from domain.errors import Invalide
from services.core.settings import ROOT

TEMPLATE = ROOT / "doc_templates/cig-petite-couronne/service-social-travail/convention.docx"


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x40\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(100, 100), (300, 100), (900, 100), (40, 200)])
def test_logo_replaces_the_placeholder_undistorted(width: int, height: int) -> None:
    image = png(width, height)
    placed = place_logo(TEMPLATE.read_bytes(), image)
    with zipfile.ZipFile(io.BytesIO(placed)) as archive:
        assert [archive.read(name) for name in archive.namelist() if name.startswith("word/media/")] == [image]
    (shape,) = [
        shape
        for shape in Document(io.BytesIO(placed)).sections[0].header._element.iter("{*}extent")
        if shape.getparent().find("{*}docPr").get("name") == "logo-centre"
    ]
    cx, cy = int(shape.get("cx")), int(shape.get("cy"))
    assert cx <= MAX_WIDTH
    assert cx / cy == pytest.approx(width / height, rel=0.001)


def test_document_without_the_picture_is_left_alone() -> None:
    stream = io.BytesIO()
    Document().save(stream)
    assert place_logo(stream.getvalue(), png(10, 10)) == stream.getvalue()


def test_unreadable_logo_is_refused() -> None:
    with pytest.raises(Invalide, match="logo"):
        place_logo(TEMPLATE.read_bytes(), b"\x89PNG\r\n\x1a\nbroken")
