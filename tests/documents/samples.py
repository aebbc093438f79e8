"""Small Word templates and PDF files made for the tests."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import pikepdf
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.shared import Cm
from lxml import etree
from pypdf import PdfReader

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def w(name: str) -> str:
    return f"{{{W}}}{name}"


def saved(document: WordDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word(*paragraphs: str, change: Callable[[WordDocument], object] | None = None) -> bytes:
    """A document with these paragraphs."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if change is not None:
        change(document)
    return saved(document)


def annex(title: str, *paragraphs: str, landscape: bool = False, numbered: int = 0, table: bool = False) -> bytes:
    """A document with its own header, footer, picture, page set-up and numbered list."""
    document = Document()
    section = document.sections[0]
    if landscape:
        section.page_width, section.page_height = Cm(29.7), Cm(21)
    header = section.header.paragraphs[0]
    header.add_run().add_picture(io.BytesIO(png()), width=Cm(1))
    header.add_run(f"En-tête {title}")
    section.footer.paragraphs[0].text = f"Pied {title} – {{{{ numero }}}}"
    document.add_paragraph(title)
    for text in paragraphs:
        document.add_paragraph(text)
    for index in range(numbered):
        document.add_paragraph(f"point {index}", style="List Number")
    if table:
        document.add_table(1, 1).cell(0, 0).text = "case"
    return saved(document)


def bookmark(name: str, number: int = 1) -> Callable[[WordDocument], None]:
    """A change that bookmarks the first paragraph."""

    def change(document: WordDocument) -> None:
        paragraph = document.paragraphs[0]._p
        start = parse_xml(f'<w:bookmarkStart xmlns:w="{W}" w:id="{number}" w:name="{name}"/>')
        end = parse_xml(f'<w:bookmarkEnd xmlns:w="{W}" w:id="{number}"/>')
        paragraph.insert(0, start)
        paragraph.append(end)

    return change


def png(width: int = 4, height: int = 4) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x40\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def members(docx: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(docx: bytes, **changes: bytes) -> bytes:
    """The same package with some members replaced or added; `__` in a name stands for a slash, `_dot_` for a point."""
    parts = members(docx)
    parts.update({name.replace("__", "/").replace("_dot_", "."): data for name, data in changes.items()})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def body(docx: bytes, part: str = "word/document.xml") -> etree._Element:
    return etree.fromstring(members(docx)[part])


def lines(docx: bytes) -> list[str]:
    """The text of each paragraph, line breaks as "\\n" and tabs as "\\t"."""
    return [paragraph_text(paragraph) for paragraph in body(docx).iter(w("p"))]


def paragraph_text(paragraph: etree._Element) -> str:
    marks = {w("br"): "\n", w("tab"): "\t"}
    inside = paragraph.iter(w("t"), *marks)
    return "".join(marks.get(e.tag, e.text or "") for e in inside if e.getparent().tag == w("r"))


def c14n(data: bytes) -> bytes:
    return bytes(etree.tostring(etree.fromstring(data), method="c14n"))


def pdf(pages: int = 2, change: Callable[[pikepdf.Pdf], object] | None = None, **options: Any) -> bytes:
    """A PDF of blank pages, changed as the test wants."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    if change is not None:
        change(document)
    buffer = io.BytesIO()
    document.save(buffer, **options)
    return buffer.getvalue()


def messages(errors: Iterable[Any]) -> str:
    return "\n".join(error.message for error in errors)


def pdf_pages(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
