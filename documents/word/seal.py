"""The seal of an issued document: a hash of its bytes, and a manifest of what it was made from.

The manifest lets anyone establish later that a file is the one that was issued, and from which templates and data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from documents.word.opc import read_parts

MANIFEST_VERSION = 1


def sha256(data: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def data_sha256(context: Mapping[str, Any]) -> str:
    """The hash of the data a document was rendered from, whatever the order of its keys."""
    text = json.dumps(context, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    # Lone surrogates, which some forms let through, have no UTF-8 form of their own.
    return sha256(text.encode(errors="surrogatepass"))


def seal(docx: bytes, context: Mapping[str, Any], gabarits: Mapping[str, bytes], version: str) -> dict[str, Any]:
    """The manifest of an issued document, ready for JSON.

    `gabarits` are the templates it was composed of, by name; `version` names the published version of the offer. Keys:
    `sha256` and `taille` of the file, `parties` (hash of each part inside it), `gabarits`, `donnees`, `version`, `manifeste`.
    """
    return {
        "manifeste": MANIFEST_VERSION,
        "sha256": sha256(docx),
        "taille": len(docx),
        "version": version,
        "gabarits": {name: sha256(data) for name, data in sorted(gabarits.items())},
        "donnees": data_sha256(context),
        "parties": {name: sha256(data) for name, data in sorted(read_parts(docx).items())},
    }


def _plain(value: object) -> str:
    if isinstance(value, Decimal | date | datetime | time):
        return str(value)
    raise TypeError(f"documents are rendered from plain data, not from {type(value).__name__}")
