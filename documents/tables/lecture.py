"""Reading a table that somebody sends, CSV or XLSX, as plain text cells. Nothing of it is trusted.

A workbook is opened in a process of its own, limited in time and memory: a small file can unfold into gigabytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from documents.sandbox import Busy, TooHeavy, run_limited
from domain.errors import Invalide

MAX_OCTETS = 5_000_000
MAX_LIGNES = 5_000
MAX_COLONNES = 40
MAX_CELLULE = 200
MAX_RANGEES = 20_000
"""Rows, blank ones included: a file of line breaks is small, its rows are not."""
MAX_RANGEE = 2 * MAX_COLONNES * MAX_CELLULE
"""Characters of one row, its separators and quotes included."""
ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
SECONDS = 20.0

REFUS_RETENUS = 64

Table = list[list[str]]

_refused: OrderedDict[bytes, str] = OrderedDict()
_refused_lock = Lock()


def read_table(data: bytes) -> Table:
    """The rows of a CSV file or of the first sheet of a workbook, heading first, cells as text: dates as ISO 8601, times and
    durations as « h:mm ». What the file is comes from its bytes, not from its name. Invalide when it cannot be used; the
    last files refused are known by their digest, and are not opened again."""
    if not data:
        raise Invalide("Ce fichier est vide.", champ="fichier")
    if len(data) > MAX_OCTETS:
        raise Invalide(f"Ce fichier dépasse {MAX_OCTETS // 1_000_000} Mo : découpez-le.", champ="fichier")
    digest = hashlib.sha256(data).digest()
    with _refused_lock:
        known = _refused.get(digest)
    if known is not None:
        raise Invalide(known, champ="fichier")
    try:
        return _read(data)
    except Busy:
        raise  # says nothing of the file
    except Invalide as refusal:
        with _refused_lock:
            _refused[digest] = refusal.message
            while len(_refused) > REFUS_RETENUS:
                _refused.popitem(last=False)
        raise


def _read(data: bytes) -> Table:
    if data.startswith(OLD_EXCEL):
        raise Invalide(
            "Ce classeur est protégé ou d’un ancien format (XLS). Enregistrez-le en XLSX, sans mot de passe.",
            champ="fichier",
        )
    rows = _read_workbook(data) if data.startswith(ZIP) else _read_csv(data)
    while rows and not rows[-1]:
        rows.pop()
    return rows


class _Rows:
    """Rows kept as they come; refused at the first that goes past the limits, before the next is read."""

    def __init__(self) -> None:
        self.rows: Table = []
        self._filled = 0

    def take(self, row: list[str]) -> None:
        rank = len(self.rows) + 1
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLONNES:
            raise Invalide(f"La ligne {rank} a plus de {MAX_COLONNES} colonnes.", champ="fichier")
        if any(len(cell) > MAX_CELLULE for cell in cells):
            raise Invalide(f"La ligne {rank} contient un texte trop long.", champ="fichier")
        self._filled += bool(cells)
        if self._filled > MAX_LIGNES + 1:
            raise Invalide(f"Ce fichier a plus de {MAX_LIGNES} lignes : découpez-le.", champ="fichier")
        if rank > MAX_RANGEES:
            raise Invalide("Ce fichier a trop de lignes vides : retirez-les.", champ="fichier")
        self.rows.append(cells)


def _read_csv(data: bytes) -> Table:
    text = _decode(data)
    if "\x00" in text:
        raise Invalide("Ce fichier n’est ni un CSV ni un classeur XLSX.", champ="fichier")
    first = text[:MAX_RANGEE].split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    found = _Rows()
    try:
        for row in csv.reader(_lines(text, found), delimiter=delimiter, strict=True):
            found.take(row)
    except csv.Error as error:
        rank = len(found.rows) + 1
        raise Invalide(f"Ce fichier CSV est abîmé à la ligne {rank} (guillemets).", champ="fichier") from error
    return found.rows


def _lines(text: str, found: _Rows) -> Iterator[str]:
    """The lines of a CSV text. A row of several lines (between quotes) is bounded as a row of one is: the reader would
    make all its cells before they are looked at."""
    rank = size = 0
    source = io.StringIO(text, newline="")
    while line := source.readline(MAX_RANGEE + 1):
        if len(found.rows) != rank:
            rank, size = len(found.rows), 0
        size += len(line)
        if size > MAX_RANGEE:
            raise Invalide(f"La ligne {rank + 1} contient un texte trop long.", champ="fichier")
        yield line


def _decode(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it (« texte Unicode » of spreadsheets), else Windows-1252."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalide(
        "Ce fichier ne peut pas être lu : ce n’est ni un classeur XLSX en bon état, ni un CSV à l’encodage reconnu. "
        "Enregistrez-le de nouveau, en XLSX ou en CSV UTF-8.",
        champ="fichier",
    )


def _read_workbook(data: bytes) -> Table:
    try:
        answer = run_limited("documents.tables.xlsx_worker", data, SECONDS)
    except TooHeavy as error:
        raise Invalide(
            "Ce classeur est trop lourd à ouvrir. Copiez ses lignes dans un classeur neuf, ou enregistrez-le en CSV.",
            champ="fichier",
        ) from error
    if "refus" in answer:
        raise Invalide(str(answer["refus"]), champ="fichier")
    found = _Rows()
    for row in answer["lignes"]:
        found.take(row)
    return found.rows
