"""A process of its own, with limits on time and memory, for work on files that anybody may have sent."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from domain.errors import Invalide

MEGABYTE = 1_000_000
MAX_ANSWER = 20 * MEGABYTE
"""Bytes that a worker may answer: the server reads the answer whole."""


PLACES = 4
"""Works under way at once in this server: each may take a processor for seconds, and up to a gigabyte and a half."""
WAIT = 30.0
"""Seconds left to a work for its turn."""
BUSY = "Le serveur examine déjà d’autres fichiers. Réessayez dans un instant."
_places = threading.BoundedSemaphore(PLACES)


class Busy(Invalide):
    """Too many examinations are under way: nothing is known of this file."""

    def __init__(self) -> None:
        super().__init__(BUSY)


class TooHeavy(Exception):
    """The work needed more time or memory than it was given."""


def run_limited(module: str, request: bytes, timeout: float) -> Any:
    """Runs `python -m module` with `request` on standard input; returns the JSON it prints.

    The module calls `limit_resources` first. Raises `TooHeavy` when it reaches a limit, `Busy` when too many are under way,
    RuntimeError when it fails otherwise.
    """
    with _turn():
        return _run(module, request, timeout)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the places, waited for; whoever sends file after file does not take the memory of everybody."""
    if not _places.acquire(timeout=WAIT):
        raise Busy
    try:
        yield
    finally:
        _places.release()


def _run(module: str, request: bytes, timeout: float) -> Any:
    # Nothing of the server's own environment (database address, secrets) is given to the worker.
    # Our own folder only: the server's path also holds that of its main script, whose modules would hide standard ones.
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "LANG": "C.UTF-8"}
    # What it prints waits in files, which cost no memory, until its size is known.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and modules, no shell
                [sys.executable, "-P", "-m", module],
                input=request,
                stdout=output,
                stderr=errors,
                timeout=timeout,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TooHeavy from error
        if _size(output) >= MAX_ANSWER or _size(errors) >= MAX_ANSWER:
            raise TooHeavy
        if done.returncode == 0:
            output.seek(0)
            return json.loads(output.read())
        errors.seek(0)
        said = errors.read()
    if done.returncode < 0 or any(one in said for one in (b"MemoryError", b"bad_alloc", b"RecursionError")):
        raise TooHeavy  # killed for its use of time, out of memory, or nested without end
    raise RuntimeError(f"{module} failed: {said.decode(errors='replace')[-2000:]}")


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def limit_resources(cpu_seconds: int, megabytes: int) -> None:
    """Limits this process for the rest of its life."""
    try:
        import resource
    except ImportError:  # Windows has no such limits: the wall time of the caller alone applies
        return
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_ANSWER, MAX_ANSWER))
