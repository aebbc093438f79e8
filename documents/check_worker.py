"""The limited process that `documents.check` starts: template and sample on standard input, errors as JSON on standard output."""

from __future__ import annotations

import json
import sys

from documents.check import read_request
from documents.lint import lint_template
from documents.sandbox import limit_resources

CPU_SECONDS = 10  # a convention with its annexes takes less than one
MEGABYTES = 500  # of address space; the libraries alone take about fifty

if __name__ == "__main__":
    limit_resources(CPU_SECONDS, MEGABYTES)
    docx, schema = read_request(sys.stdin.buffer.read())
    json.dump([list(error) for error in lint_template(docx, schema)], sys.stdout)
