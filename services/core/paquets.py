"""ZIPs of many files, made in a temporary file: what a convention weighs is not what the server needs of memory.

The file has no name: it is gone once it is closed, or when the process ends. Small ones never reach the disk. Where: the usual
folder of temporary files (`TMPDIR`).
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

IN_MEMORY = 4_000_000
"""Bytes up to which a ZIP stays in memory."""
CHUNK = 256 * 1024
PACKED = ("pdf", "docx", "xlsx", "png", "jpg", "jpeg", "zip")
"""Kinds of files that are compressed already: to compress them again takes seconds and gains nothing."""


@contextmanager
def new_zip() -> Iterator[tuple[IO[bytes], zipfile.ZipFile]]:
    """The temporary file and the ZIP to fill; the file is rewound at the end, for who reads it to close. Closed on any error."""
    stream = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 – outlives this function
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            yield stream, archive
        stream.seek(0)
    except BaseException:
        stream.close()
        raise


def add_member(archive: zipfile.ZipFile, path: str, data: bytes | str) -> None:
    """Add a member, compressed unless its kind is."""
    packed = path.rpartition(".")[2].lower() in PACKED
    archive.writestr(path, data, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)


def read_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The whole of it from the start, piece by piece; closed in the end, or when whoever reads gives up."""
    with stream:
        stream.seek(0)
        while chunk := stream.read(CHUNK):
            yield chunk


def stream_hash(stream: IO[bytes]) -> str:
    """SHA-256 of the whole of it; rewound."""
    digest = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


def stream_size(stream: IO[bytes]) -> int:
    """Bytes in it; rewound."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    return size
