"""The limited process that `documents.engine.trial` starts: parts and data on standard input, Word files as JSON on standard output."""

from __future__ import annotations

import base64
import json
import sys

from documents.engine.compiled import CompiledTemplate
from documents.engine.trial import read_request
from documents.sandbox import limit_resources
from documents.word.compose import compose
from documents.word.logo import place_logo
from domain.errors import Invalide

CPU_SECONDS = 8  # three conventions with their annexes take about one
MEGABYTES = 500


def make(request: bytes) -> dict[str, tuple[str, str]]:
    """The file (base64) and the message for each set of data."""
    parts, contexts, logo = read_request(request)
    try:
        composed = compose(parts)
        master = CompiledTemplate(place_logo(composed, logo) if logo else composed)
    except Invalide as error:
        return dict.fromkeys(contexts, ("", error.message))
    made: dict[str, tuple[str, str]] = {}
    for key, context in contexts.items():
        try:
            made[key] = base64.b64encode(master.render(context)).decode(), ""
        except Invalide as error:
            made[key] = "", error.message
    return made


if __name__ == "__main__":
    limit_resources(CPU_SECONDS, MEGABYTES)
    json.dump(make(sys.stdin.buffer.read()), sys.stdout)
