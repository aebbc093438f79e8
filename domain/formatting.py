"""How amounts, numbers, dates and identifiers are written in French, for screens and documents alike.

Plain strings only: what is specific to Word (the raised "er" of 1er) is added by `documents.engine.filters`. Typography: groups of
three digits are separated by U+202F, and U+00A0 stands before a unit, so that a line never breaks inside a value.
"""

from __future__ import annotations

import re
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import phonenumbers
from babel.dates import get_month_names
from babel.numbers import get_decimal_symbol, get_group_symbol

NBSP = "\u00a0"
MINUS = "\u2212"
"""The minus sign, as wide as a plus and never taken for the hyphen of a compound word or cut from its number."""
# Babel's French data; its format functions cost twenty times what these symbols do, for each amount of each document.
SEPARATORS = str.maketrans({",": get_group_symbol("fr"), ".": get_decimal_symbol("fr")})
MONTHS = get_month_names("wide", locale="fr")
# Country codes whose numbers are dialled with a leading 0 in France: mainland, overseas departments and collectivités.
FRENCH_CALLING_CODES = frozenset({33, 262, 508, 590, 594, 596, 687, 689})


_BINDING = re.compile(
    rf"\b((?:1er|[12]?\d|3[01])) (?=(?:{'|'.join(MONTHS.values())})\b)|\b([LRD]\.|[Aa]rt\.|[Nn]°) (?=\S)", re.UNICODE
)


def _round(value: Decimal | int, decimales: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimales), rounding=ROUND_HALF_UP)


def nombre(value: Decimal | int, decimales: int | None = None) -> str:
    """A number: 1234.5 gives "1 234,5", -2 gives "−2". `decimales` rounds half up and pads; without it the digits given are
    kept. What rounds to nothing has no sign."""
    number = Decimal(value) if decimales is None else _round(value, decimales)
    digits = decimales if decimales is not None else max(0, -int(number.as_tuple().exponent))
    sign = MINUS if number < 0 else ""
    return f"{sign}{number.copy_abs():,.{digits}f}".translate(SEPARATORS)


def euros(montant: Decimal | int) -> str:
    """An amount in euros, rounded half up to the cent: "67 980,00 €"."""
    return f"{nombre(montant, 2)}{NBSP}€"


def pourcentage(taux: Decimal | int, decimales: int = 2) -> str:
    """A percentage already expressed out of 100: 47.7 gives "47,70 %"."""
    return f"{nombre(taux, decimales)}{NBSP}%"


def date_longue(jour: date) -> str:
    """A date in full: "1er janvier 2026", "14 décembre 2022"."""
    return f"{'1er' if jour.day == 1 else jour.day} {MONTHS[jour.month]} {jour.year}"


def insecables(texte: str) -> str:
    """`texte` with U+00A0 where a line must not break: between day and month, after « L. », « R. », « D. », « art. », « n° »."""
    return _BINDING.sub(lambda found: f"{found[1] or found[2]}{NBSP}", texte)


def date_courte(jour: date) -> str:
    """A date in figures: "01/01/2026"."""
    return f"{jour.day:02d}/{jour.month:02d}/{jour.year:04d}"


def heure(moment: time) -> str:
    """A time of day: "9 h 00"."""
    return f"{moment.hour}{NBSP}h{NBSP}{moment.minute:02d}"


def duree(minutes: int) -> str:
    """A duration in minutes, as hours and minutes: 45992 gives "766 h 32", 120 gives "2 h"."""
    hours, rest = divmod(abs(minutes), 60)
    sign = MINUS if minutes < 0 else ""
    return f"{sign}{nombre(hours)}{NBSP}h" + (f"{NBSP}{rest:02d}" if rest else "")


@lru_cache(maxsize=1024)
def telephone(numero: str) -> str:
    """A telephone number in pairs, "01 23 45 67 89"; foreign ones in international form; what is no number, unchanged."""
    try:
        parsed = phonenumbers.parse(numero, "FR")
    except phonenumbers.NumberParseException:
        return numero
    if parsed.country_code in FRENCH_CALLING_CODES:
        digits = "0" + phonenumbers.national_significant_number(parsed)
        return NBSP.join(re.findall("..?", digits))
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return str(formatted).replace(" ", NBSP)


def siren(numero: str) -> str:
    """A SIREN in groups of three, "219 400 223"; a SIRET as SIREN then five digits; anything else unchanged."""
    digits = re.sub(r"\s", "", numero)
    if not digits.isdigit() or len(digits) not in (9, 14):
        return numero
    groups = [digits[0:3], digits[3:6], digits[6:9], digits[9:]]
    return NBSP.join(group for group in groups if group)
