"""Reading a table that somebody sends, CSV or XLSX, as plain text cells. Nothing of it is trusted.

A workbook is opened in a process of its own, limited in time and memory: a small file can unfold into gigabytes.
"""

from __future__ import annotations

import csv
import io

from documents.sandbox import TooHeavy, run_limited
from domain.errors import Invalide

MAX_OCTETS = 5_000_000
MAX_LIGNES = 5_000
MAX_COLONNES = 40
MAX_CELLULE = 200
ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
SECONDS = 20.0

Table = list[list[str]]


def read_table(data: bytes) -> Table:
    """The rows of a CSV file or of the first sheet of a workbook, heading first, cells as text: dates as ISO 8601, times and
    durations as « h:mm ». What the file is comes from its bytes, not from its name. Invalide when it cannot be used."""
    if not data:
        raise Invalide("Ce fichier est vide.", champ="fichier")
    if len(data) > MAX_OCTETS:
        raise Invalide(f"Ce fichier dépasse {MAX_OCTETS // 1_000_000} Mo : découpez-le.", champ="fichier")
    if data.startswith(OLD_EXCEL):
        raise Invalide(
            "Ce classeur est protégé ou d’un ancien format (XLS). Enregistrez-le en XLSX, sans mot de passe.",
            champ="fichier",
        )
    rows = _read_workbook(data) if data.startswith(ZIP) else _read_csv(data)
    rows = [_trim(row) for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    _check_size(rows)
    return rows


def _trim(row: list[str]) -> list[str]:
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _check_size(rows: Table) -> None:
    if sum(1 for row in rows if row) > MAX_LIGNES + 1:
        raise Invalide(f"Ce fichier a plus de {MAX_LIGNES} lignes : découpez-le.", champ="fichier")
    for rank, row in enumerate(rows, start=1):
        if len(row) > MAX_COLONNES:
            raise Invalide(f"La ligne {rank} a plus de {MAX_COLONNES} colonnes.", champ="fichier")
        if any(len(cell) > MAX_CELLULE for cell in row):
            raise Invalide(f"La ligne {rank} contient un texte trop long.", champ="fichier")


def _read_csv(data: bytes) -> Table:
    text = _decode(data)
    if "\x00" in text:
        raise Invalide("Ce fichier n’est ni un CSV ni un classeur XLSX.", champ="fichier")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    rows: Table = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error as error:
        raise Invalide(f"Ce fichier CSV est abîmé à la ligne {len(rows) + 1} (guillemets).", champ="fichier") from error
    return rows


def _decode(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it (« texte Unicode » of spreadsheets), else Windows-1252."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalide("L’encodage de ce fichier n’est pas reconnu. Enregistrez-le en CSV UTF-8.", champ="fichier")


def _read_workbook(data: bytes) -> Table:
    try:
        answer = run_limited("documents.xlsx_worker", data, SECONDS)
    except TooHeavy as error:
        raise Invalide(
            "Ce classeur est trop lourd à ouvrir. Copiez ses lignes dans un classeur neuf, ou enregistrez-le en CSV.",
            champ="fichier",
        ) from error
    if "refus" in answer:
        raise Invalide(str(answer["refus"]), champ="fichier")
    rows: Table = answer["lignes"]
    return rows
