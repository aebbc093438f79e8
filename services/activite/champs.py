"""What is typed in the forms of the team and of recording, read with the types of fields that all forms share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from domain.errors import Conflit, Invalide, raise_faults
from domain.formatting import date_longue
from domain.forms.fields import Field, FieldError, is_blank, parse_value, typed_value
from services.activite.regles import EARLIEST

LATEST = date(2100, 12, 31)


def date_field(champ: str, label: str, *, required: bool = True) -> Field:
    """A day of a year that makes sense for a convention."""
    return Field(id=champ, type="date", label=label, required=required, min=EARLIEST, max=LATEST)


def share_field(label: str, *, required: bool = True) -> Field:
    """A share of a full-time post: more than 0, at most 100, two decimals."""
    return Field(id="quotite", type="percentage", label=label, required=required, min=Decimal("0.01"))


def read_values(fields: Mapping[str, Field], typed: Mapping[str, object]) -> dict[str, Any]:
    """What was typed for each field, as Decimal, date, int or text; None for what is blank and may be. Invalide with every
    field that is wrong or missing."""
    found: dict[str, Any] = {}
    faults: list[Invalide] = []
    for champ, field in fields.items():
        try:
            value = parse_value(field, typed.get(champ))
        except FieldError as error:
            faults.append(Invalide(f"{field.label} : {error.message[:1].lower()}{error.message[1:]}", champ=champ))
            continue
        if is_blank(value):
            if field.required:
                faults.append(Invalide(f"Indiquez : {field.label[:1].lower()}{field.label[1:]}.", champ=champ))
            found[champ] = None
        else:
            found[champ] = typed_value(field, value)
    raise_faults(faults)
    return found


def check_order(du: date, au: date | None) -> None:
    """Invalide when a period ends before it begins."""
    if au is not None and au < du:
        raise Invalide(f"La fin ne peut pas précéder le début ({date_longue(du)}).", champ="au")


def check_version(current: int, seen: int | None) -> None:
    """Conflit when somebody else changed the row since the page showed it."""
    if seen != current:
        raise Conflit(
            "Quelqu’un d’autre a modifié cette ligne entre-temps : rien n’est enregistré. Rechargez la page, puis reprenez."
        )


def period(du: date, au: date | None) -> str:
    """A period in words: "du 1er mars 2026 au 31 mai 2026", "à partir du 1er mars 2026"."""
    return f"à partir du {date_longue(du)}" if au is None else f"du {date_longue(du)} au {date_longue(au)}"
