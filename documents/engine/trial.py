"""Renders a template that is not published yet, in a process of its own with limits on time and memory.

What passes the check may still be costly on other data: a template that repeats a name ten thousand times is cheap for a
short name only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from documents.engine.check import TOO_HEAVY, decode_value, encode_value
from documents.sandbox import TooHeavy, run_limited
from documents.word.compose import Part

TIMEOUT = 90.0  # seconds of wall time


class Trial(NamedTuple):
    """What a template gave for one dossier: the Word file, or why there is none."""

    docx: bytes
    message: str = ""


def try_document(
    parts: Sequence[Part],
    contexts: Mapping[str, Mapping[str, Any]],
    *,
    logo: bytes | None = None,
    timeout: float = TIMEOUT,
) -> dict[str, Trial]:
    """The document made of `parts` for each of `contexts`, by the same key."""
    request = {
        "parts": [
            {"docx": base64.b64encode(part.docx).decode(), "static": part.static, "nom": part.nom} for part in parts
        ],
        "contexts": contexts,
        "logo": base64.b64encode(logo).decode() if logo else None,
    }
    try:
        made = run_limited("documents.engine.trial_worker", json.dumps(request, default=encode_value).encode(), timeout)
    except TooHeavy:
        return {key: Trial(b"", TOO_HEAVY) for key in contexts}
    return {key: Trial(base64.b64decode(docx), message) for key, (docx, message) in made.items()}


def read_request(data: bytes) -> tuple[list[Part], dict[str, dict[str, Any]], bytes | None]:
    """What `try_document` wrote for its worker."""
    request = json.loads(data, object_hook=decode_value)
    parts = [Part(base64.b64decode(one["docx"]), one["static"], one["nom"]) for one in request["parts"]]
    logo = request["logo"]
    return parts, request["contexts"], base64.b64decode(logo) if logo else None
