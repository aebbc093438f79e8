"""Opens one workbook, alone in its process: bytes on standard input, the cells of its first sheet as JSON on output."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from documents.sandbox import limit_resources

CPU_SECONDS = 12
MEGABYTES = 700
MAX_UNFOLDED = 60_000_000
MAX_PARTS = 400
MAX_ROWS = 5_002
MAX_COLUMNS = 41
MAX_WITH_BLANKS = 20_000
MAX_CELL = 200
MAX_TEXT = 5_000_000
"""Characters of all the cells: what a CSV file may hold. One text said in a thousand cells is small in the workbook only."""
UNREADABLE = "Ce classeur ne peut pas être lu : il est abîmé, ou n’est pas au format XLSX."


class Refused(Exception):
    """The workbook is not one that is opened; the message is for the person."""


def read_sheet(data: bytes) -> list[list[str]]:
    """The cells of the first sheet, as text, up to the last row that holds something; reading stops one row and one column
    past the limits, which shows that there is more."""
    _check_archive(data)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        return _filled_rows(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, SyntaxError) as error:
        raise Refused(UNREADABLE) from error


def _filled_rows(rows: Iterable[Iterable[object]]) -> list[list[str]]:
    found: list[list[str]] = []
    filled, last, size = 0, 0, 0
    for row in rows:
        cells = [_text(value) for value in row]
        if any(len(cell) > MAX_CELL for cell in cells):
            raise Refused(f"La ligne {len(found) + 1} contient un texte trop long.")
        size += sum(map(len, cells))
        if size > MAX_TEXT:
            raise Refused("Ce classeur contient trop de texte : découpez-le.")
        if any(cells):
            filled, last = filled + 1, len(found) + 1
            found.append(cells)
        else:
            found.append([])
        if filled == MAX_ROWS:
            break
        if len(found) == MAX_WITH_BLANKS:
            raise Refused("Ce classeur a trop de lignes vides. Copiez ses lignes dans un classeur neuf.")
    return found[:last]


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise Refused(UNREADABLE) from error
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNFOLDED:
        raise Refused("Ce classeur est trop gros une fois ouvert. Copiez ses lignes dans un classeur neuf.")
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused(UNREADABLE)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, time):
        return f"{value.hour}:{value.minute:02d}"
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(round(value, 4))
    return str(value).strip()[: MAX_CELL + 1]


def _answer(data: bytes) -> dict[str, Iterable[object]]:
    try:
        return {"lignes": read_sheet(data)}
    except Refused as refusal:
        return {"refus": str(refusal)}


def main() -> None:
    """The whole of the process."""
    limit_resources(CPU_SECONDS, MEGABYTES)
    answer = json.dumps(_answer(sys.stdin.buffer.read()), ensure_ascii=False)
    # A lone surrogate is in no UTF-8 text: it becomes a question mark, which no list knows.
    sys.stdout.buffer.write(answer.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
