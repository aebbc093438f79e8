"""What stands for the limited processes that look at people's files: the same work, in the process of the tests.

Starting Python and the Word library again takes ten times longer than most of this work. The processes themselves, their
limits and files made to harm are tested with real ones (tests/documents, and where `real_processes` is asked for).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest

from documents import sandbox
from documents.engine import check, differences, differences_worker, trial, trial_worker
from documents.engine.lint import lint_template

CALLERS = (check, trial, differences)


def work_here(module: str, request: bytes, timeout: float) -> Any:
    """Stands for `documents.sandbox.run_limited`; work already done is remembered."""
    return json.loads(_answer(module, request))


@lru_cache(maxsize=64)
def _answer(module: str, request: bytes) -> str:
    match module:
        case "documents.engine.check_worker":
            wanted = check.read_request(request)
            return json.dumps([[list(error) for error in lint_template(docx, schema)] for docx, schema in wanted])
        case "documents.engine.trial_worker":
            return json.dumps(trial_worker.make(request))
        case "documents.engine.differences_worker":
            return json.dumps(differences_worker.answer(request))
    raise AssertionError(module)


@pytest.fixture(autouse=True)
def _work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates are checked, tried and compared in this process."""
    for caller in CALLERS:
        monkeypatch.setattr(caller, "run_limited", work_here)


@pytest.fixture
def real_processes(_work_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For templates made to harm: in the limited process, as people's are."""
    for caller in CALLERS:
        monkeypatch.setattr(caller, "run_limited", sandbox.run_limited)
