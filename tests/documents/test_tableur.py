"""What a table holds never becomes a command in somebody's spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from documents.tables.tableur import write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=cmd|" /C calc"!A0'])
def test_a_text_that_begins_like_a_formula_is_a_text_in_a_cell_and_in_a_heading(text: str) -> None:
    rows = list(csv.reader(io.StringIO(write_csv([text], [[text]]).decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows == [["'" + text], ["'" + text]]
