"""Word to PDF."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import pytest
from docx.opc.constants import RELATIONSHIP_TYPE

from documents.pdf import conversion as pdf
from domain.errors import Invalide, PdfIndisponible
from tests.documents.samples import annex, members, pdf_pages, rewritten, word


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes who calls."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()


def linked_picture(address: str) -> bytes:
    """A document whose picture is a link to a web server."""
    docx = annex("A")
    image = RELATIONSHIP_TYPE.IMAGE
    old = members(docx)["word/_rels/header1.xml.rels"]
    external = (
        f'<Relationship Id="rIdX" Type="{image}" Target="{address}/x.png" TargetMode="External"/></Relationships>'
    )
    header = members(docx)["word/header1.xml"].replace(b'r:embed="rId1"', b'r:link="rIdX"')
    assert b"r:link" in header
    changes = {
        "word/_rels/header1.xml.rels": old.replace(b"</Relationships>", external.encode()),
        "word/header1.xml": header,
    }
    return rewritten(docx, **changes)


def test_text_comes_through() -> None:
    assert "Bonjour é €" in pdf_pages(pdf.docx_to_pdf(word("Bonjour é €")))[0]


def test_linked_files_are_refused() -> None:
    with pytest.raises(Invalide, match="fichier extérieur"):
        pdf.docx_to_pdf(linked_picture("http://192.0.2.1"))


def test_libreoffice_has_no_network(listener: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the refusal ever miss a link, LibreOffice still cannot follow it."""
    address, calls = listener
    monkeypatch.setattr(pdf, "refuse_unsafe", lambda package: None)
    assert pdf.docx_to_pdf(linked_picture(address)).startswith(b"%PDF-")
    assert calls == []


def test_too_slow_then_well_again() -> None:
    with pytest.raises(PdfIndisponible, match="trop de temps"):
        pdf.docx_to_pdf(word("a"), timeout=0.05)
    assert pdf.docx_to_pdf(word("a")).startswith(b"%PDF-")


def test_without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_command", lambda: None)
    assert not pdf.pdf_available()
    with pytest.raises(PdfIndisponible, match="pas installée"):
        pdf.docx_to_pdf(word("a"))


def test_not_a_word_file() -> None:
    with pytest.raises(Invalide):
        pdf.docx_to_pdf(b"rien")


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_command", lambda: "soffice")
    monkeypatch.setattr(pdf, "WAIT", 0.01)
    with pdf._turn(), pytest.raises(PdfIndisponible, match="occupée"):
        pdf.docx_to_pdf(word("a"))


def test_few_people_wait_for_a_conversion_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are refused at once: forty clicks do not take every thread of the server."""
    monkeypatch.setattr(pdf, "_command", lambda: "soffice")
    release = threading.Event()

    def convert(*_: object) -> bytes:
        release.wait(30)
        return b"%PDF-"

    monkeypatch.setattr(pdf, "_convert", convert)
    monkeypatch.setattr(pdf, "WAIT", 30.0)
    with ThreadPoolExecutor(10) as pool:
        clicks = [pool.submit(pdf.docx_to_pdf, word("a")) for _ in range(10)]
        refused = list(islice(as_completed(clicks, timeout=30), 10 - pdf.PLACES))
        assert all(isinstance(one.exception(), PdfIndisponible) for one in refused)
        release.set()
    assert sum(one.exception() is None for one in clicks) == pdf.PLACES
