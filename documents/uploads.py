"""Light check of attachments: the content decides what a file is, not its name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath
from typing import NamedTuple

from documents.pdf.signed import HEADER, HEADER_WINDOW, MAX_SIZE, PdfReport, check_size, inspect_pdf
from documents.word.opc import WordPackage
from documents.word.safety import refuse_unsafe
from domain.errors import Invalide

MAX_PIXELS = 100_000_000
PNG_HEADER, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
JPEG_HEADER, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LABELS = {"pdf": "PDF", "png": "image PNG", "jpeg": "image JPEG", "docx": "document Word (.docx)"}
EXTENSIONS = {".pdf": "pdf", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".docx": "docx"}


class UploadKind(NamedTuple):
    """What a file is: one of "pdf", "png", "jpeg", "docx", its media type, and what was found in it when it is a PDF."""

    kind: str
    content_type: str
    report: PdfReport | None = None


def check_upload(
    name: str, data: bytes, kinds: Collection[str] = ("pdf", "png", "jpeg", "docx"), max_size: int = MAX_SIZE
) -> UploadKind:
    """Accepts a file of one of `kinds` whose name agrees with its content; raises `Invalide` with a French message."""
    check_size(data, max_size)
    kind = _kind_of(data)
    accepted = " ou ".join(LABELS[item] for item in LABELS if item in kinds)
    if kind is None or kind not in kinds:
        what = "est un programme" if data.startswith((b"MZ", b"\x7fELF", b"#!")) else "n’est pas d’un type accepté"
        raise Invalide(f"Ce fichier {what}. Attendu : {accepted}.")
    suffix = PurePath(name).suffix.lower()
    if EXTENSIONS.get(suffix) != kind:
        raise Invalide(f"Le nom de ce fichier ne correspond pas à son contenu, qui est : {LABELS[kind]}. Renommez-le.")
    if kind == "pdf":
        return UploadKind(kind, "application/pdf", inspect_pdf(data, max_size))
    if kind == "docx":
        refuse_unsafe(WordPackage(data))
    else:
        _check_image(kind, data)
    return UploadKind(kind, DOCX_TYPE if kind == "docx" else f"image/{kind}")


def _kind_of(data: bytes) -> str | None:
    if data.startswith(PNG_HEADER):
        return "png"
    if data.startswith(JPEG_HEADER):
        return "jpeg"
    if data.startswith(b"PK\3\4"):
        return "docx"  # confirmed by opening it
    if HEADER in data[:HEADER_WINDOW] and not data.startswith((b"MZ", b"\x7fELF", b"#!")):
        return "pdf"
    return None


def _check_image(kind: str, data: bytes) -> None:
    """Whole images of a reasonable size; nothing appended to a PNG."""
    if kind == "png":
        width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        whole = data.endswith(PNG_END) and data[12:16] == b"IHDR"
    else:
        width, height = _jpeg_size(data)
        whole = JPEG_END in data[-1024:]
    if not whole or not width or not height:
        raise Invalide("Cette image est endommagée ou incomplète. Enregistrez-la à nouveau.")
    if width * height > MAX_PIXELS:
        raise Invalide(f"Cette image est trop grande ({width} × {height} points). Réduisez-la.")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from the frame header; (0, 0) when there is none."""
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[position + 7 : position + 9]), int.from_bytes(data[position + 5 : position + 7])
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return 0, 0
