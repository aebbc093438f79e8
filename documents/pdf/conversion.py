"""Word to PDF through LibreOffice, when it is installed.

One conversion at a time in this process, and few waiting for it (the threads that wait are those that answer everybody), with a profile of its own (two processes on one profile lose files), no network and
no macros. LibreOffice's PDFs differ from one run to the next: whoever needs the same file twice keeps the bytes.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from documents.word.opc import WordPackage
from documents.word.safety import refuse_unsafe
from domain.errors import PdfIndisponible

COMMANDS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
TIMEOUT = 120.0  # seconds; a convention takes one or two, the very first start of a profile a few more
WAIT = 8.0  # seconds left to a conversion for its turn
PLACES = 3  # conversions under way or waiting for their turn; the next one is refused at once
CLOSED_PROXY = "http://127.0.0.1:9"  # the discard port: nothing listens there
EXPORT = 'pdf:writer_pdf_Export:{"UseTaggedPDF":{"type":"boolean","value":"true"}}'
SETTINGS = {
    ("Inet/Settings", "ooInetProxyType"): "1",
    ("Inet/Settings", "ooInetHTTPProxyName"): "127.0.0.1",
    ("Inet/Settings", "ooInetHTTPProxyPort"): "9",
    ("Inet/Settings", "ooInetHTTPSProxyName"): "127.0.0.1",
    ("Inet/Settings", "ooInetHTTPSProxyPort"): "9",
    ("Inet/Settings", "ooInetNoProxy"): "",
    ("Office.Common/Security/Scripting", "DisableMacrosExecution"): "true",
    ("Office.Common/Security/Scripting", "MacroSecurityLevel"): "3",
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks"): "true",
    ("Office.Common/Security/Scripting", "DisableActiveContent"): "true",
    ("Office.Writer/Content/Update", "Link"): "0",
}
BUSY = "La conversion en PDF est occupée. Réessayez dans un instant, ou téléchargez le document Word."
_lock = threading.Lock()
_places = threading.BoundedSemaphore(PLACES)


def pdf_available() -> bool:
    """Whether LibreOffice is there; screens leave the PDF out when it is not."""
    return _command() is not None


def docx_to_pdf(docx: bytes, timeout: float = TIMEOUT) -> bytes:
    """The PDF of a Word file.

    Raises `PdfIndisponible` when LibreOffice is absent, busy or fails, `Invalide` when the file is no Word file or points at
    files outside, which LibreOffice would fetch.
    """
    command = _command()
    if command is None:
        raise PdfIndisponible("La conversion en PDF n’est pas installée sur ce serveur. Téléchargez le document Word.")
    refuse_unsafe(WordPackage(docx))
    with _turn(), tempfile.TemporaryDirectory(prefix="portail-pdf-") as folder:
        return _convert(command, docx, Path(folder), timeout)


@contextmanager
def _turn() -> Iterator[None]:
    """The right to convert; PdfIndisponible when too many wait already, or when the turn does not come soon."""
    if not _places.acquire(blocking=False):
        raise PdfIndisponible(BUSY)
    try:
        if not _lock.acquire(timeout=WAIT):
            raise PdfIndisponible(BUSY)
        try:
            yield
        finally:
            _lock.release()
    finally:
        _places.release()


@lru_cache(maxsize=1)
def _command() -> str | None:
    return next((found for found in map(shutil.which, COMMANDS) if found), None)


def _convert(command: str, docx: bytes, folder: Path, timeout: float) -> bytes:
    source, target, profile = folder / "document.docx", folder / "document.pdf", _profile()
    source.write_bytes(docx)
    process = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
        [
            *(command, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck"),
            *("--convert-to", EXPORT, "--outdir", str(folder), str(source)),
        ],
        env=_environment(profile),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        # soffice is a script that starts the real process: the whole group has to go.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        _profile.cache_clear()  # a killed LibreOffice may leave its profile locked
        raise PdfIndisponible("La conversion en PDF a pris trop de temps. Téléchargez le document Word.") from error
    # LibreOffice also ends with 0 when it has written nothing.
    if not target.is_file() or not target.stat().st_size:
        raise PdfIndisponible("La conversion en PDF a échoué. Téléchargez le document Word.")
    return target.read_bytes()


@lru_cache(maxsize=1)
def _profile() -> Path:
    """The LibreOffice profile of this process, removed when it ends."""
    profile = Path(tempfile.mkdtemp(prefix="portail-libreoffice-"))
    atexit.register(shutil.rmtree, profile, ignore_errors=True)
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for (path, name), value in SETTINGS.items()
    )
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>',
        encoding="utf-8",
    )
    return profile


def _environment(profile: Path) -> dict[str, str]:
    """Little more than the path: neither secrets of the server nor its way to the network."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), CLOSED_PROXY)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(profile),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        **proxies,
    }
