"""Checks a template before it may be published, in a process of its own with limits on time and memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from documents.engine.lint import TemplateError
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
    return check_templates([(docx, "")], {"": schema}, timeout)[0]


def check_templates(
    templates: Sequence[tuple[bytes, str]], schemas: Mapping[str, Mapping[str, Any]], timeout: float = TIMEOUT
) -> list[list[TemplateError]]:
    """As `check_template` for several at once, in one process: each with the key of its sample in `schemas`."""
    if not templates:
        return []
    listed = [{"docx": base64.b64encode(docx).decode(), "schema": key} for docx, key in templates]
    request = json.dumps({"templates": listed, "schemas": schemas}, default=encode_value)
    try:
        found = run_limited("documents.engine.check_worker", request.encode(), timeout)
    except TooHeavy:
        if len(templates) == 1:
            return [[TemplateError(TOO_HEAVY, "")]]
        return [
            check_templates([one], schemas, timeout)[0] for one in templates
        ]  # one of them is out of measure: which
    return [[TemplateError(message, paragraph) for message, paragraph in errors] for errors in found]


def read_request(data: bytes) -> list[tuple[bytes, dict[str, Any]]]:
    """What `check_templates` wrote for its worker: each template with its sample."""
    request = json.loads(data, object_hook=decode_value)
    return [(base64.b64decode(one["docx"]), request["schemas"][one["schema"]]) for one in request["templates"]]


def encode_value(value: object) -> dict[str, str]:
    """A date, a time or a Decimal for JSON (`json.dumps(default=…)`); TypeError for anything else."""
    if isinstance(value, Decimal | date | time):
        return {"$type": type(value).__name__, "value": str(value)}
    raise TypeError(f"templates see plain data, not {type(value).__name__}")


def decode_value(item: dict[str, Any]) -> Any:
    """What `encode_value` wrote, back as it was (`json.loads(object_hook=…)`)."""
    reader = READERS.get(str(item.get("$type")))
    return item if reader is None else reader(item["value"])
