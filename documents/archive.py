"""A ZIP writer whose output depends on nothing but its input: fixed dates, fixed order, no comment, no extra field.

`zipfile` would do, were it not for two needs: the compressed streams of the parts that never change are kept and written
again as they are, and the bytes must not depend on the day or on the machine's umask, since they are sealed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

VERSION = 20
DEFLATED = 8
UTF8_NAMES = 0x800
DOS_DATE = 0x21  # 1 January 1980, the first day of the format


class Entry(NamedTuple):
    """One compressed member of the archive."""

    name: bytes
    crc: int
    size: int
    stream: bytes


def deflate(name: str, data: bytes, level: int = 6) -> Entry:
    """Compresses one member."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    return Entry(name.encode(), zlib.crc32(data), len(data), compressor.compress(data) + compressor.flush())


def write_archive(entries: Iterable[Entry]) -> bytes:
    """The archive, members in the order given."""
    output: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, crc, size, stream in entries:
        flags = 0 if name.isascii() else UTF8_NAMES
        fields = (VERSION, flags, DEFLATED, 0, DOS_DATE, crc, len(stream), size, len(name), 0)
        header = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", *fields) + name
        record = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", VERSION, *fields, 0, 0, 0, 0, offset)
        directory.append(record + name)
        output += (header, stream)
        offset += len(header) + len(stream)
    index = b"".join(directory)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(directory), len(directory), len(index), offset, 0)
    return b"".join([*output, index, end])
