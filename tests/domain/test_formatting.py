"""French formats."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_decimal

from domain import formatting


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Decimal("67980"), "67\u202f980,00\u00a0€"),
        (Decimal("0.005"), "0,01\u00a0€"),
        (Decimal("0.004"), "0,00\u00a0€"),
        (Decimal("-1234.5"), "\u22121\u202f234,50\u00a0€"),
        (Decimal("-0.004"), "0,00\u00a0€"),
        (Decimal("-0.005"), "\u22120,01\u00a0€"),
        (12, "12,00\u00a0€"),
    ],
)
def test_euros(given: Decimal | int, expected: str) -> None:
    assert formatting.euros(given) == expected


def test_numbers_keep_their_digits() -> None:
    assert formatting.nombre(Decimal("1234567.50")) == "1\u202f234\u202f567,50"
    assert formatting.nombre(Decimal("1E+3")) == "1\u202f000"
    assert formatting.nombre(Decimal("2.345"), 2) == "2,35"
    assert formatting.pourcentage(Decimal("47.7")) == "47,70\u00a0%"
    assert formatting.nombre(Decimal("-0.25")) == "\u22120,25"
    assert formatting.pourcentage(Decimal("-1"), 1) == "\u22121,0\u00a0%"


def test_same_as_babel() -> None:
    for value in ("0", "999.99", "1000", "123456789.12", "-5.5"):
        # Babel writes the hyphen of keyboards.
        as_babel = format_decimal(Decimal(value), "#,##0.00", locale="fr").replace("-", "\u2212")
        assert formatting.nombre(Decimal(value), 2) == as_babel
    for month in range(1, 13):
        assert formatting.date_longue(date(2026, month, 14)) == format_date(
            date(2026, month, 14), "d MMMM y", locale="fr"
        )


def test_dates_and_times() -> None:
    assert formatting.date_longue(date(2026, 1, 1)) == "1er janvier 2026"
    assert formatting.date_courte(date(2026, 2, 3)) == "03/02/2026"
    assert formatting.heure(time(9, 0)) == "9\u00a0h\u00a000"
    assert formatting.duree(45992) == "766\u00a0h\u00a032"
    assert formatting.duree(120) == "2\u00a0h"
    assert formatting.duree(-90) == "\u22121\u00a0h\u00a030"
    assert formatting.duree(96420) == "1\u202f607\u00a0h"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0123456789", "01 23 45 67 89"),
        ("+33 1 23 45 67 89", "01 23 45 67 89"),
        ("0596 12 34 56", "05 96 12 34 56"),
        ("+596 596 12 34 56", "05 96 12 34 56"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("poste 12", "poste 12"),
    ],
)
def test_telephone(given: str, expected: str) -> None:
    assert formatting.telephone(given) == expected.replace(" ", "\u00a0") if given != "poste 12" else expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("du 1er janvier 2026 au 31 décembre 2027", "du 1er~janvier 2026 au 31~décembre 2027"),
        ("l’article L. 121-6 et l’article R. 421-1", "l’article L.~121-6 et l’article R.~421-1"),
        ("le décret n° 2001-654 du 19 juillet 2001 (art. 3)", "le décret n°~2001-654 du 19~juillet 2001 (art.~3)"),
        ("45 janvier, KL. 3, 12 mois", "45 janvier, KL. 3, 12 mois"),
    ],
)
def test_lines_do_not_break_inside_dates_and_references(given: str, expected: str) -> None:
    assert formatting.insecables(given) == expected.replace("~", "\u00a0")
    assert formatting.insecables(formatting.insecables(given)) == formatting.insecables(given)


def test_siren_and_siret() -> None:
    assert formatting.siren("219400223") == "219\u00a0400\u00a0223"
    assert formatting.siren("21940022300017") == "219\u00a0400\u00a0223\u00a000017"
    assert formatting.siren("12") == "12"
