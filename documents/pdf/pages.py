"""Pages of a PDF as pictures, with poppler's `pdftoppm` when it is installed (package poppler-utils).

Used on PDFs that we made ourselves, to show them on a screen. Without it, screens offer the PDF only, and say so.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from domain.errors import PdfIndisponible

COMMAND = "pdftoppm"
RESOLUTION = 80  # dots per inch: a page is 660 pixels wide, text can be read
MAX_PAGES = 40
TIMEOUT = 60.0
FAILED = "Les pages n’ont pas pu être montrées en images. Téléchargez le PDF ou le document Word."


def pages_available() -> bool:
    """Whether pages can be shown as pictures."""
    return _command() is not None


@lru_cache(maxsize=1)
def _command() -> str | None:
    return shutil.which(COMMAND)


def pdf_to_pictures(pdf: bytes, *, pages: int = MAX_PAGES, timeout: float = TIMEOUT) -> list[bytes]:
    """The first pages as PNG. PdfIndisponible when the tool is absent or fails."""
    command = _command()
    if command is None:
        raise PdfIndisponible(FAILED)
    with tempfile.TemporaryDirectory(prefix="portail-pages-") as name:
        folder = Path(name)
        source = folder / "document.pdf"
        source.write_bytes(pdf)
        options = ["-png", "-r", str(RESOLUTION), "-l", str(pages)]
        try:
            subprocess.run(  # noqa: S603 - fixed arguments, no shell
                [command, *options, str(source), str(folder / "page")],
                capture_output=True,
                timeout=timeout,
                check=True,
                env={"LANG": "C.UTF-8", "HOME": name},
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise PdfIndisponible(FAILED) from error
        found = sorted(folder.glob("page-*.png"), key=lambda path: int(path.stem.rsplit("-", 1)[1]))
        return [path.read_bytes() for path in found]
