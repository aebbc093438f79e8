"""A process of its own, with limits on time and memory, for work on files that anybody may have sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000


class TooHeavy(Exception):
    """The work needed more time or memory than it was given."""


def run_limited(module: str, request: bytes, timeout: float) -> Any:
    """Runs `python -m module` with `request` on standard input; returns the JSON it prints.

    The module calls `limit_resources` first. Raises `TooHeavy` when it reaches a limit, RuntimeError when it fails otherwise.
    """
    # Nothing of the server's own environment (database address, secrets) is given to the worker.
    # Our own folder only: the server's path also holds that of its main script, whose modules would hide standard ones.
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and modules, no shell
            [sys.executable, "-P", "-m", module],
            input=request,
            capture_output=True,
            timeout=timeout,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooHeavy from error
    if done.returncode == 0:
        return json.loads(done.stdout)
    if done.returncode < 0 or b"MemoryError" in done.stderr or b"bad_alloc" in done.stderr:
        raise TooHeavy  # killed for its use of time, or out of memory
    raise RuntimeError(f"{module} failed: {done.stderr.decode(errors='replace')[-2000:]}")


def limit_resources(cpu_seconds: int, megabytes: int) -> None:
    """Limits this process for the rest of its life."""
    try:
        import resource
    except ImportError:  # Windows has no such limits: the wall time of the caller alone applies
        return
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
