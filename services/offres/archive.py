"""Reading a ZIP that anybody may have made: names, sizes and kinds are looked at before anything is used."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib

from domain.definitions import DefinitionError, Fault

MAX_ARCHIVE = 30_000_000
MAX_ENTRIES = 200
MAX_FILE = 20_000_000
MAX_TOTAL = 60_000_000
CHUNK = 65_536
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_JUNK = re.compile(r"(^|/)(__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini)$")
"""What archivers of desktop systems add by themselves."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


def read_archive(data: bytes) -> dict[str, bytes]:
    """The files of a ZIP by path, in the order of the paths; DefinitionError naming the entry that is refused, and why: a path
    that leaves the archive, a link, a password, a repeated name, too many or too large files, a broken archive."""
    if len(data) > MAX_ARCHIVE:
        raise _refused("", f"cette archive dépasse {MAX_ARCHIVE // 1_000_000} Mo")
    # Before the list is read: a list of a million names takes far more memory than the archive itself.
    if data.count(b"PK\1\2") > 100 * MAX_ENTRIES:
        raise _refused("", "cette archive contient trop de fichiers")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_entries(archive)
    except DefinitionError:
        raise
    except _BROKEN:
        raise _refused("", "ce fichier n’est pas une archive ZIP lisible") from None


def _refused(name: str, reason: str) -> DefinitionError:
    shown = "".join(char if char.isprintable() else "?" for char in name[:120])
    return DefinitionError([Fault(f"archive, « {shown} »" if shown else "archive", reason)])


def _read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [one for one in archive.infolist() if not _JUNK.search(one.filename)]
    if len(entries) > MAX_ENTRIES:
        raise _refused("", f"cette archive contient plus de {MAX_ENTRIES} fichiers")
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    left = MAX_TOTAL
    for entry in entries:
        name = _checked_name(entry)
        if entry.is_dir():
            continue
        if name.lower() in seen:  # most desktop systems would keep one of the two only
            raise _refused(name, "ce nom y est deux fois, aux majuscules près")
        seen.add(name.lower())
        found[name] = _read_entry(archive, entry, min(left, MAX_FILE))
        left -= len(found[name])
    return dict(sorted(found.items()))


def _checked_name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry, when each of its parts is a plain name."""
    name = entry.orig_filename
    if entry.flag_bits & 1:
        raise _refused(name, "ce fichier est protégé par un mot de passe")
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(name, "ce n’est pas un fichier ordinaire")
    if not all(_NAME.fullmatch(part) for part in name.removesuffix("/").split("/")):
        raise _refused(
            name, "ce chemin n’est pas permis : des lettres sans accent, des chiffres, « - », « _ » et « . »"
        )
    return name


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of an entry; what the archive says of their number is not trusted."""
    output = bytearray()
    with archive.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            output += chunk
            if len(output) > most:
                raise _refused(entry.filename, "ce fichier est beaucoup trop gros une fois décompressé")
    return bytes(output)
