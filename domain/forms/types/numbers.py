"""Types whose value is a number. Integers are stored as integers, everything else as a string of a Decimal."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from domain.formatting import MINUS, nombre
from domain.forms.types.base import Field, FieldError, FieldType, Json, as_text

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:[.,]([0-9]+))?")
_DIGITS = 18


def read_number(text: str) -> Decimal | None:
    """The number a French or English hand wrote: `47,70`, `47.70`, `67 980,00 €`, `1.234,56`; None when it is none.

    A lone point or comma is the decimal mark. Exponents, infinities and more than 18 digits are no answer to a form.
    """
    bare = re.sub(r"[\s'’]|€|%|EUR$|euros?$", "", text.strip(), flags=re.IGNORECASE)
    bare = bare.replace(MINUS, "-")  # as amounts are shown, hence copied
    if "," in bare and "." in bare:
        thousands = "." if bare.rfind(",") > bare.rfind(".") else ","
        if not re.fullmatch(rf"[+-]?[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+[.,][0-9]+", bare):
            return None
        bare = bare.replace(thousands, "")
    found = _NUMBER.fullmatch(bare)
    if not found or len(bare) > _DIGITS:
        return None
    sign, whole, decimals = found.groups()
    return Decimal(f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}")


class Decimals(FieldType):
    """A decimal number, with as many decimals as typed unless the field fixes them."""

    code, label = "decimal", "Nombre décimal"
    default_decimals: int | None = None
    default_min: Decimal | None = None
    default_max: Decimal | None = None
    suffix = ""
    not_a_number = "Saisissez un nombre, par exemple 47,70."

    def parse_filled(self, field: Field, raw: object) -> Json:
        number = self.read(raw)
        if number is None:
            return None
        self.check_bounds(field, number)
        places = self.places(field)
        if places is None:
            return str(number)
        fixed = number.quantize(Decimal(1).scaleb(-places))
        if fixed != number:
            raise FieldError(
                f"{places} décimale{'s' if places > 1 else ''} au plus." if places else "Saisissez un nombre entier."
            )
        return str(fixed)

    def read(self, raw: object) -> Decimal | None:
        """`raw` as a Decimal, None when it is blank after all; FieldError when it is no number."""
        if isinstance(raw, float):  # a number of a JSON file: its shortest decimal form is what its author wrote
            raw = repr(raw)
        elif isinstance(raw, Decimal):
            raw = f"{raw:f}" if raw.is_finite() else str(raw)
        text = as_text(raw)
        if not text:
            return None
        number = read_number(text)
        if number is None:
            raise FieldError(self.not_a_number)
        return number + 0 if number else abs(number)

    def places(self, field: Field) -> int | None:
        """Number of decimals kept, None for as typed."""
        return self.default_decimals if field.decimals is None else field.decimals

    def check_bounds(self, field: Field, number: Decimal) -> None:
        """FieldError when `number` is outside the field's bounds, or the type's."""
        low = field.min if isinstance(field.min, Decimal) else self.default_min
        high = field.max if isinstance(field.max, Decimal) else self.default_max
        suffix = self.suffix or (f"\u00a0{field.unit}" if field.unit else "")
        if low is not None and number < low:
            raise FieldError(f"La valeur doit être d’au moins {nombre(low)}{suffix}.")
        if high is not None and number > high:
            raise FieldError(f"La valeur ne peut pas dépasser {nombre(high)}{suffix}.")

    def display_filled(self, field: Field, value: Json) -> str:
        return nombre(Decimal(str(value))) + (self.suffix or (f"\u00a0{field.unit}" if field.unit else ""))

    def typed(self, field: Field, value: Json) -> Decimal | int:
        return Decimal(value)

    def sample(self, field: Field) -> Json:
        low = field.min if isinstance(field.min, Decimal) else Decimal(1)
        high = field.max if isinstance(field.max, Decimal) else max(low, Decimal(40))
        return self.parse_filled(field, str(min(max(low, Decimal(12)), high)))

    def check_definition(self, field: Field) -> str | None:
        if isinstance(field.min, date) or isinstance(field.max, date):
            return "les bornes d’un nombre sont des nombres"
        if isinstance(field.min, Decimal) and isinstance(field.max, Decimal) and field.min > field.max:
            return "« min » dépasse « max »"
        if field.decimals is not None and not 0 <= field.decimals <= 6:
            return "« decimals » va de 0 à 6"
        return None


class Integer(Decimals):
    """A whole number."""

    code, label = "integer", "Nombre entier"
    default_decimals = 0
    not_a_number = "Saisissez un nombre entier, par exemple 1\u202f450."

    def places(self, field: Field) -> int:
        return 0

    def parse_filled(self, field: Field, raw: object) -> Json:
        number = self.read(raw)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise FieldError("Saisissez un nombre entier, sans décimale.")
        self.check_bounds(field, number)
        return int(number)

    def typed(self, field: Field, value: Json) -> int:
        return int(value)


class Money(Decimals):
    """An amount in euros, to the cent."""

    code, label = "money", "Montant en euros"
    default_decimals = 2
    default_min = Decimal(0)
    suffix = "\u00a0€"


class Percentage(Decimals):
    """A percentage, from 0 to 100, two decimals kept: 47,70 is not 47,7."""

    code, label = "percentage", "Pourcentage"
    default_decimals = 2
    default_min = Decimal(0)
    default_max = Decimal(100)
    suffix = "\u00a0%"
