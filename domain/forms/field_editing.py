"""One field as an administrator types it: cleaned, checked, and turned into what an offer holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from domain.errors import Invalide
from domain.forms.conditions import ConditionError, compile_condition
from domain.forms.fields import FIELD_TYPES, Field, FieldError, parse_value
from domain.text import clean_text

FIELD_KEYS = (
    "label", "help", "example", "required", "required_if", "required_for", "recommended", "visible_if", "options", "items",
    "min", "max", "max_length", "decimals", "unit", "max_megabytes", "type", "columns", "default", "fills",
)  # fmt: skip
"""What the editor changes in a field; everything else stays as it is."""


def clean_label(value: object, champ: str, what: str, limit: int = 200) -> str:
    text = clean_text(str(value or ""))
    if not text:
        raise Invalide(f"Indiquez {what}.", champ)
    if len(text) > limit:
        raise Invalide(f"{limit} caractères au plus.", champ)
    return text


def clean_field(valeurs: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed about a field, cleaned; only what the editor changes."""
    given = {key: value for key, value in valeurs.items() if key in FIELD_KEYS}
    if "label" in given:
        given["label"] = clean_label(given["label"], "label", "la question", 300)
    for key, limit in (("help", 1000), ("example", 200), ("unit", 40)):
        if key in given:
            given[key] = clean_text(str(given[key] or ""), multiline=key == "help")[:limit]
    for key in ("visible_if", "required_if"):
        if key in given:
            given[key] = check_expression(given[key], key)
    return given


def check_expression(source: object, champ: str) -> str | None:
    """A condition as typed, None for none; Invalide about `champ` when it cannot be read."""
    text = clean_text(str(source or ""))
    if not text:
        return None
    try:
        compile_condition(text)
    except ConditionError as error:
        raise Invalide(error.message, champ) from None
    return text


_KEYS = {"columns": "les colonnes", "min": "la plus petite valeur", "max": "la plus grande valeur", "max_length": "la longueur",
         "decimals": "les décimales", "options": "les réponses", "items": "les cases",
         "max_megabytes": "la taille"}  # fmt: skip


def build_field(data: Mapping[str, Any]) -> dict[str, Any]:
    """The field as it is stored; Invalide about the key that is wrong."""
    if data["type"] not in FIELD_TYPES:
        raise Invalide("Choisissez le genre de réponse.", "type")
    try:
        field = Field.model_validate(data)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        detail = error.errors()[0].get("ctx", {}).get("error")
        raise Invalide(f"Vérifiez {_KEYS.get(key, f'« {key} »')}{f' : {detail}' if detail else ''}.", key) from None
    reason = FIELD_TYPES[field.type].check_definition(field)
    if reason:
        words = {
            "colon": "columns",
            "column": "columns",
            "fills": "fills",
            "option": "options",
            "item": "items",
            "min": "min",
        }
        key = next((key for word, key in words.items() if word in reason), "type")
        raise Invalide(f"{reason[:1].upper()}{reason[1:]}.", key)
    return {**field.model_dump(mode="json"), "default": _default(field)}


def _default(field: Field) -> Any:
    """The answer proposed from the start, as it is stored; Invalide when the field would refuse it."""
    try:
        return parse_value(field, field.default)
    except FieldError as error:
        raise Invalide(error.message, "default") from None
