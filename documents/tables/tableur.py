"""Tables as files that a spreadsheet opens: CSV (semicolons, UTF-8 with its mark, French decimals) and XLSX.

A text that begins like a formula is written as text: what someone typed never becomes a command in someone's spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAX_WIDTH = 60


@dataclass(frozen=True)
class Feuille:
    """One sheet: its name, a heading line above the table, the columns and the rows. `formats` gives the number format of
    a column by its title (« euros », « heures » for minutes shown as hours, « pourcent »)."""

    nom: str
    colonnes: Sequence[str]
    lignes: Sequence[Sequence[Cell]]
    titre: str = ""
    notes: Sequence[str] = ()
    formats: Sequence[tuple[str, str]] = ()


def write_csv(colonnes: Sequence[str], lignes: Sequence[Sequence[Cell]]) -> bytes:
    """The table as CSV, for a French spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow([_csv_cell(name) for name in colonnes])
    writer.writerows([_csv_cell(cell) for cell in ligne] for ligne in lignes)
    return stream.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    text = str(cell)
    return "'" + text if isinstance(cell, str) and text.startswith(FORMULA) else text


NUMBER_FORMATS = {"euros": '# ##0.00" €"', "heures": "[h]:mm", "pourcent": '0.00" %"', "nombre": "# ##0"}


def write_xlsx(feuilles: Sequence[Feuille]) -> bytes:
    """A workbook: real numbers and dates, headings frozen, columns wide enough. Minutes of an « heures » column become
    durations that a spreadsheet adds up."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    styles = {name: book.add_format({"num_format": code}) for name, code in NUMBER_FORMATS.items()}
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    title, day = book.add_format({"bold": True, "font_size": 14}), book.add_format({"num_format": "dd/mm/yyyy"})
    for feuille in feuilles:
        sheet = book.add_worksheet(_sheet_name(feuille.nom))
        top = 0
        for line in (feuille.titre, *feuille.notes):
            if line:
                sheet.write_string(top, 0, line, title if line == feuille.titre else None)
                top += 1
        top += 1 if top else 0
        for column, name in enumerate(feuille.colonnes):
            sheet.write_string(top, column, name, heading)
        formats = dict(feuille.formats)
        for row, ligne in enumerate(feuille.lignes, start=top + 1):
            for column, cell in enumerate(ligne):
                kind = formats.get(feuille.colonnes[column])
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    value = float(cell) / (24 * 60) if kind == "heures" else float(cell)
                    sheet.write_number(row, column, value, styles[kind] if kind else None)
        sheet.freeze_panes(top + 1, 1)
        for column, name in enumerate(feuille.colonnes):
            cells = [len(str(ligne[column] or "")) for ligne in feuille.lignes]
            sheet.set_column(column, column, min(MAX_WIDTH, max([len(name), *cells]) + 2))
    book.close()
    return stream.getvalue()


def _sheet_name(name: str) -> str:
    return "".join(" " if sign in "[]:*?/\\'" else sign for sign in name)[:31] or "Feuille"
