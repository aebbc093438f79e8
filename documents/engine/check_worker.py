"""The limited process that `documents.engine.check` starts: templates and samples on standard input, errors as JSON on standard output."""

from __future__ import annotations

import json
import sys

from documents.engine.check import read_request
from documents.engine.lint import lint_template
from documents.sandbox import limit_resources

CPU_SECONDS = 10  # a convention with its annexes takes less than one
MEGABYTES = 500  # of address space; the libraries alone take about fifty

if __name__ == "__main__":
    request = read_request(sys.stdin.buffer.read())
    limit_resources(CPU_SECONDS + len(request) - 1, MEGABYTES)
    json.dump([[list(error) for error in lint_template(docx, schema)] for docx, schema in request], sys.stdout)
