"""The limited process that `documents.check` starts: template and sample on standard input, errors as JSON on standard output."""

from __future__ import annotations

import json
import sys

from documents.check import read_request
from documents.lint import lint_template

MAX_CPU = 10  # seconds; a convention with its annexes takes less than one
MAX_MEMORY = 1_000_000_000  # bytes of address space; the libraries alone take about a quarter


def limit_resources() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits: the wall time of the caller alone applies
        return
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU, MAX_CPU))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    limit_resources()
    docx, schema = read_request(sys.stdin.buffer.read())
    json.dump([list(error) for error in lint_template(docx, schema)], sys.stdout)
