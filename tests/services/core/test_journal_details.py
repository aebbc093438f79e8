"""Details of a journal line on the screen: words instead of codes; what is not a code stays as it is."""

from __future__ import annotations

import pytest

from services.core.journal_details import key_label, value_label


@pytest.mark.parametrize(("key", "label"), [("annee", "année"), ("du_centre", "du centre"), ("total", "total")])
def test_a_detail_has_a_french_name(key: str, label: str) -> None:
    assert key_label(key) == label


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("en_vigueur", "en vigueur"),
        ("2026-12-31", "31/12/2026"),
        ("2026-99-31", "2026-99-31"),
        ("2026-118", "2026-118"),
    ],
)
def test_codes_and_dates_are_read_as_words(value: str, label: str) -> None:
    assert value_label(value) == label
