"""Checks a template before it may be published, in a process of its own with limits on time and memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from documents.lint import TemplateError
from documents.sandbox import TooHeavy, run_limited

TIMEOUT = 60  # seconds of wall time
TOO_HEAVY = "L’essai de ce gabarit demande trop de temps ou de mémoire : une boucle ou une répétition y est démesurée."
READERS: dict[str, Callable[[str], object]] = {
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}


def check_template(docx: bytes, schema: Mapping[str, Any], timeout: float = TIMEOUT) -> list[TemplateError]:
    """What must be corrected in a template; empty when it can be published.

    `schema` is a sample of the data templates see (nested dictionaries, lists and plain values): names are checked against
    it, None standing for "anything", and the template is rendered with it once.
    """
    request = json.dumps({"docx": base64.b64encode(docx).decode(), "schema": schema}, default=_encode)
    try:
        errors = run_limited("documents.check_worker", request.encode(), timeout)
    except TooHeavy:
        return [TemplateError(TOO_HEAVY, "")]
    return [TemplateError(message, paragraph) for message, paragraph in errors]


def read_request(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """What `check_template` wrote for its worker: the template and the sample."""
    request = json.loads(data, object_hook=_decode)
    return base64.b64decode(request["docx"]), request["schema"]


def _encode(value: object) -> dict[str, str]:
    if isinstance(value, Decimal | date | time):
        return {"$type": type(value).__name__, "value": str(value)}
    raise TypeError(f"templates see plain data, not {type(value).__name__}")


def _decode(item: dict[str, Any]) -> Any:
    reader = READERS.get(str(item.get("$type")))
    return item if reader is None else reader(item["value"])
