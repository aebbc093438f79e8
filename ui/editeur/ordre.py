"""The order of the rows of a list: each row says its rank, in a field that the keyboard reaches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

Key = Callable[[str], str]
Row = TypeVar("Row")


def show_rank(key: Key, name: str, label: str, number: int, count: int) -> int:
    """The rank that the row `number` (from 1) is to take among `count`."""
    return int(st.selectbox(label, range(1, count + 1), number - 1, key=key(f"{name}:rang")))


def sort_rows(rows: Sequence[Row], ranks: Sequence[tuple[int, int]]) -> list[Row]:
    """The rows by the rank asked for, each with its present one: a row that moves takes its place before those that it
    overtakes on the way up, after them on the way down."""

    def wanted(one: tuple[Row, tuple[int, int]]) -> tuple[int, int, int]:
        now, asked = one[1]
        return asked, (asked > now) - (asked < now), now

    return [row for row, _ in sorted(zip(rows, ranks, strict=True), key=wanted)]
