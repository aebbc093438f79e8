"""The limited process that `documents.pdf.signed` starts: a PDF on standard input, what it is worth as JSON on standard output."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
import zlib
from collections.abc import Iterator
from typing import Any

from documents.sandbox import limit_resources

CPU_SECONDS = 30
MEGABYTES = 1_500
REFUSED_ACTIONS = {
    "/JavaScript": "un script",
    "/Launch": "le lancement d’un programme",
    "/SubmitForm": "l’envoi d’un formulaire",
    "/ImportData": "l’import de données",
    "/GoToR": "l’ouverture d’un autre fichier",
    "/GoToE": "l’ouverture d’un fichier joint",
    "/Rendition": "un contenu multimédia",
    "/Sound": "un contenu multimédia",
    "/Movie": "un contenu multimédia",
    "/RichMediaExecute": "un contenu multimédia",
}
REFUSED_KEYS = {
    "/JS": "un script",
    "/JavaScript": "un script",
    "/EmbeddedFiles": "un fichier joint",
    "/EmbeddedFile": "un fichier joint",
    "/EF": "un fichier joint",
    "/XFA": "un formulaire dynamique (XFA)",
    "/RichMedia": "un contenu multimédia",
    "/RichMediaContent": "un contenu multimédia",
}
REFUSED_SUBTYPES = {
    "/FileAttachment": "un fichier joint",
    "/RichMedia": "un contenu multimédia",
    "/Screen": "un contenu multimédia",
    "/Movie": "un contenu multimédia",
    "/Sound": "un contenu multimédia",
    "/3D": "un contenu multimédia",
}
MAX_PAGES = 2_000
MAX_NESTING = 60
MAX_STREAM = 120_000_000  # decoded bytes of one stream: a full page scanned in colour at 600 dpi
MAX_DECODED = 600_000_000
CHUNK = 1_000_000

ENCRYPTED = "Ce PDF est protégé par un mot de passe ou chiffré. Enregistrez-le sans protection."
DAMAGED = "Ce PDF est endommagé ou incomplet. Enregistrez-le ou numérisez-le à nouveau, puis renvoyez-le."
UNKNOWN = "indéterminée"
BOMB = "Ce PDF se décompresse en un volume démesuré : il a été refusé."


class Refused(Exception):
    """The file is refused, for the French reason given."""


def examine(data: bytes, roots: list[bytes]) -> dict[str, Any]:
    """Pages, signatures and warnings of a PDF; raises `Refused`."""
    pages, readable = check_contents(data)
    signatures, warnings = read_signatures(data, roots)
    if not readable:
        if not signatures:
            raise Refused(DAMAGED)
        warnings.insert(0, "Une partie du contenu de ce PDF est illisible.")  # the signatures say that it was changed
    return {"pages": pages, "signatures": signatures, "avertissements": warnings}


def check_contents(data: bytes) -> tuple[int, bool]:
    """The number of pages of a plain document and whether all of it can be read; raises `Refused` for anything else."""
    import pikepdf

    try:
        # Without recovery: what a reader would silently repair is not what the signatories saw.
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refused(ENCRYPTED)
            pages = len(pdf.pages)
            if not pages:
                raise Refused("Ce PDF n’a aucune page.")
            if pages > MAX_PAGES:
                raise Refused(f"Ce PDF a trop de pages ({MAX_PAGES} au plus).")
            decoded, readable = 0, True
            for item in pdf.objects:
                check_active(item)
                if isinstance(item, pikepdf.Stream):
                    size = decoded_size(item)
                    readable = readable and size is not None
                    decoded += size or 0
                    if decoded > MAX_DECODED:
                        raise Refused(BOMB)
            return pages, readable
    except pikepdf.PasswordError as error:
        raise Refused(ENCRYPTED) from error
    except pikepdf.PdfError as error:
        raise Refused(DAMAGED) from error


def check_active(item: Any) -> None:
    """Refuses an object that does something when the file is opened or clicked, however deep it is nested."""
    import pikepdf

    pending: list[tuple[Any, int]] = [(item, 0)]
    while pending:
        current, depth = pending.pop()
        if depth > MAX_NESTING:
            raise Refused(DAMAGED)
        if isinstance(current, pikepdf.Array):
            # Indirect objects are visited on their own.
            pending += [(child, depth + 1) for child in current if not _is_indirect(child)]
        elif isinstance(current, pikepdf.Dictionary | pikepdf.Stream):
            for key in current.keys():  # noqa: SIM118 - iterating a stream gives its bytes
                if key in REFUSED_KEYS:
                    raise Refused(_active(REFUSED_KEYS[key]))
                child = current.get(key)
                if key == "/S" and str(child) in REFUSED_ACTIONS:
                    raise Refused(_active(REFUSED_ACTIONS[str(child)]))
                if key in ("/Subtype", "/Type") and str(child) in {**REFUSED_SUBTYPES, "/EmbeddedFile": ""}:
                    raise Refused(_active(REFUSED_SUBTYPES.get(str(child), "un fichier joint")))
                if not _is_indirect(child):
                    pending.append((child, depth + 1))


def decoded_size(stream: Any) -> int | None:
    """The size of a stream once decompressed, without ever holding it, or None when it cannot be.

    Refuses what is too large, and compression upon compression.
    """
    import pikepdf

    filters = stream.get("/Filter")
    names = [str(n) for n in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if sum(name in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW") for name in names) > 1:
        raise Refused(BOMB)
    if names[:1] not in (["/FlateDecode"], ["/Fl"]):
        return 0
    total, pending = 0, bytes(stream.read_raw_bytes())
    decoder = zlib.decompressobj()
    while pending:
        try:
            total += len(decoder.decompress(pending, CHUNK))
        except zlib.error:
            return None
        pending = decoder.unconsumed_tail
        if total > MAX_STREAM:
            raise Refused(BOMB)
    return total


def read_signatures(data: bytes, roots: list[bytes]) -> tuple[list[dict[str, Any]], list[str]]:
    """The signatures, each validated offline, and warnings about them."""
    if b"/ByteRange" not in data:  # every signature stands in clear text; saves loading the libraries
        return [], []
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        embedded = list(reader.embedded_regular_signatures)
    except (PdfError, ValueError, TypeError, KeyError) as error:
        logging.info("unreadable signatures: %s", error)
        return [], ["Les signatures électroniques de ce PDF n’ont pas pu être lues."]
    results = list(_validated(embedded, roots))
    return [info for info, _ in results], [warning for _, warnings in results for warning in warnings]


def _validated(embedded: list[Any], roots: list[bytes]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    from pyhanko.keys import load_certs_from_pemder_data
    from pyhanko_certvalidator import ValidationContext

    trusted = [certificate for root in roots for certificate in load_certs_from_pemder_data(root)]
    for signature in embedded:
        yield _validate(signature, ValidationContext(trust_roots=trusted, allow_fetching=False))


def _validate(signature: Any, context: Any) -> tuple[dict[str, Any], list[str]]:
    """One signature as a dictionary of `SignatureInfo`, and warnings that name its signer."""
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError

    signer = _signer_name(signature)
    info = {"signataire": signer, "date": None, "intact": False, "de_confiance": False, "couverture": UNKNOWN}
    try:
        status = validate_pdf_signature(signature, signer_validation_context=context)
    except (SignatureValidationError, ValueError, TypeError, KeyError, IndexError) as error:
        logging.info("invalid signature: %s", error)
        return info, [f"La signature de {signer} n’a pas pu être vérifiée."]
    when = status.timestamp_validity.timestamp if status.timestamp_validity else status.signer_reported_dt
    changed_later = not status.docmdp_ok
    info["date"] = when.isoformat() if when else None
    info["intact"] = bool(status.intact and status.valid and not changed_later)
    info["de_confiance"] = bool(status.trusted)
    info["couverture"] = _coverage(status.coverage.name if status.coverage else "")
    problems = []
    if not (status.intact and status.valid):
        problems.append(f"Le document a été modifié après la signature de {signer}, ou cette signature est fausse.")
    elif changed_later:
        problems.append(f"Des modifications ont été ajoutées au document après la signature de {signer}.")
    if not status.trusted:
        problems.append(f"Le certificat de {signer} ne provient pas d’une autorité reconnue par ce portail.")
    return info, problems


def _signer_name(signature: Any) -> str:
    certificate = getattr(signature, "signer_cert", None)
    if certificate is None:
        return "signataire inconnu"
    subject = certificate.subject.native
    name = subject.get("common_name") or certificate.subject.human_friendly
    return str(name if isinstance(name, str) else " ".join(name))[:200]


def _coverage(level: str) -> str:
    return {
        "ENTIRE_FILE": "tout le fichier",
        "ENTIRE_REVISION": "le document tel qu’il était à la signature",
        "CONTIGUOUS_BLOCK_FROM_START": "le début du fichier",
    }.get(level, UNKNOWN)


def _is_indirect(item: Any) -> bool:
    return bool(getattr(item, "is_indirect", False))


def _active(what: str) -> str:
    return f"Ce PDF contient {what}, ce qui n’est pas accepté. Imprimez-le en PDF, puis renvoyez-le."


def _main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    limit_resources(CPU_SECONDS, MEGABYTES)
    try:
        answer = examine(base64.b64decode(request["pdf"]), [base64.b64decode(root) for root in request["roots"]])
    except Refused as refusal:
        answer = {"refus": str(refusal)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
