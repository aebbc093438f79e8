"""Takes in PDF files that people upload: refuses what is no plain document, and says what its signatures are worth.

The file is examined in a limited process (`documents.pdf.worker`): it may come from anybody, and PDF libraries have to
decompress and parse it. Nothing is fetched from the network, so revocation is not checked; `de_confiance` only says that
the certificate leads to one of the trusted roots that the installation was given.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from documents.sandbox import TooHeavy, run_limited
from domain.errors import Invalide

MAX_SIZE = 20_000_000  # bytes
TIMEOUT = 60.0  # seconds
HEADER = b"%PDF-"
HEADER_WINDOW = 1024  # readers accept a little before the header


@dataclass(frozen=True)
class SignatureInfo:
    """One electronic signature found in a PDF.

    `date` is the one the signer's machine declared (or the time stamp's). `intact`: what was signed has not been changed,
    by bytes or by a later revision. `de_confiance`: the certificate leads to a trusted root. `couverture` says in French how
    much of the file the signature covers.
    """

    signataire: str
    date: datetime | None
    intact: bool
    de_confiance: bool
    couverture: str


@dataclass(frozen=True)
class PdfReport:
    """What an accepted PDF is. `avertissements` are French sentences for the person who decides."""

    pages: int
    sha256: str
    signatures: list[SignatureInfo] = field(default_factory=list)
    avertissements: list[str] = field(default_factory=list)


def inspect_pdf(data: bytes, max_size: int = MAX_SIZE, roots: Sequence[bytes] = ()) -> PdfReport:
    """Accepts a plain PDF and reports on it; raises `Invalide`, in French, for anything else.

    Refused: empty, too large, not a PDF, encrypted, damaged or truncated, with active content (scripts, programs to launch,
    forms to send, attached files, XFA, media), or made to exhaust memory. `roots` are trusted certificates (PEM or DER).
    """
    check_size(data, max_size)
    if HEADER not in data[:HEADER_WINDOW]:
        raise Invalide(_not_a_pdf(data))
    request = {"pdf": base64.b64encode(data).decode(), "roots": [base64.b64encode(root).decode() for root in roots]}
    try:
        answer = run_limited("documents.pdf.worker", json.dumps(request).encode(), TIMEOUT)
    except TooHeavy as error:
        raise Invalide("Ce PDF se décompresse en un volume démesuré : il a été refusé.") from error
    except RuntimeError as error:  # a file that breaks the libraries is damaged or hostile; the log says how
        logging.getLogger(__name__).warning("PDF refused: %s", error)
        raise Invalide("Ce PDF n’a pas pu être examiné. Imprimez-le en PDF, puis renvoyez-le.") from error
    if "refus" in answer:
        raise Invalide(answer["refus"])
    signatures = [
        SignatureInfo(**{**item, "date": datetime.fromisoformat(item["date"]) if item["date"] else None})
        for item in answer["signatures"]
    ]
    return PdfReport(answer["pages"], hashlib.sha256(data).hexdigest(), signatures, answer["avertissements"])


def check_size(data: bytes, max_size: int) -> None:
    """Refuses empty and oversized files."""
    if not data:
        raise Invalide("Ce fichier est vide.")
    if len(data) > max_size:
        raise Invalide(f"Ce fichier est trop volumineux : {max_size // 1_000_000} Mo au plus.")


def _not_a_pdf(data: bytes) -> str:
    if data.startswith((b"MZ", b"\x7fELF")):
        return "Ce fichier est un programme et non un PDF : il a été refusé."
    if data.startswith(b"PK\3\4"):
        return "Ce fichier n’est pas un PDF mais un document bureautique ou une archive. Exportez-le en PDF."
    return "Ce fichier n’est pas un PDF, quel que soit son nom. Exportez ou numérisez le document en PDF."
