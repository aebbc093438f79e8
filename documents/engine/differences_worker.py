"""The limited process that `documents.engine.differences` starts: two Word files on standard input, changes as JSON on standard output."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from documents.engine.differences import MAX_CHANGES, find_changes
from documents.sandbox import limit_resources
from domain.errors import Invalide

CPU_SECONDS = 15
MEGABYTES = 500


def answer(request: bytes) -> dict[str, Any]:
    """The changes, or the message that says why there are none."""
    before, after = (base64.b64decode(one) for one in json.loads(request))
    try:
        changes = find_changes(before, after)
    except Invalide as error:
        return {"message": error.message}
    return {"ecarts": changes[:MAX_CHANGES], "incomplete": len(changes) > MAX_CHANGES}


if __name__ == "__main__":
    limit_resources(CPU_SECONDS, MEGABYTES)
    json.dump(answer(sys.stdin.buffer.read()), sys.stdout)
