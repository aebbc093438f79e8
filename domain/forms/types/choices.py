"""Closed answers: yes or no, one or several of a list, boxes to tick."""

from __future__ import annotations

from collections.abc import Mapping

from domain.forms.types.base import Field, FieldError, FieldType, Json, as_text
from domain.text import fold

_YES = {"oui", "true", "vrai", "1", "o", "yes"}
_NO = {"non", "false", "faux", "0", "n", "no"}


def read_yes_no(raw: object) -> bool:
    """True or False for a boolean, `oui`, `non`…; FieldError otherwise."""
    if isinstance(raw, bool):
        return raw
    word = fold(as_text(raw)) if isinstance(raw, str | int) else ""
    if word in _YES or word in _NO:
        return word in _YES
    raise FieldError("Répondez par oui ou par non.")


class YesNo(FieldType):
    """Yes or no; no is an answer."""

    code, label = "yes_no", "Oui ou non"
    ask = "Répondez à"

    def parse_filled(self, field: Field, raw: object) -> bool:
        return read_yes_no(raw)

    def display_filled(self, field: Field, value: Json) -> str:
        return "Oui" if value else "Non"

    def sample(self, field: Field) -> bool:
        return True


def _duplicate(ids: list[str]) -> str | None:
    return next((i for i in ids if ids.count(i) > 1), None)


class Choice(FieldType):
    """One option of a list, by its id (its label is understood too)."""

    code, label = "choice", "Choix dans une liste"
    ask = "Choisissez"

    def parse_filled(self, field: Field, raw: object) -> Json:
        text = as_text(raw) if isinstance(raw, str | int) else ""
        if not text and isinstance(raw, str):
            return None
        for option in field.options:
            if text == option.id:
                return option.id
        wanted = fold(text[:500])
        for option in field.options:
            if wanted and wanted == fold(option.label):
                return option.id
        raise FieldError("Choisissez une réponse de la liste.")

    def display_filled(self, field: Field, value: Json) -> str:
        return next((o.label for o in field.options if o.id == value), str(value))

    def sample(self, field: Field) -> Json:
        return field.options[0].id if field.options else None

    def check_definition(self, field: Field) -> str | None:
        if not field.options and not field.options_from:
            return "un choix a besoin d’« options »"
        double = _duplicate([option.id for option in field.options])
        return f"l’option « {double} » est définie deux fois" if double else None


class Choices(Choice):
    """Several options of a list, kept in the list's order."""

    code, label = "choices", "Plusieurs choix dans une liste"

    def parse_filled(self, field: Field, raw: object) -> Json:
        if isinstance(raw, str):
            raw = [raw]
        if not isinstance(raw, list | tuple | set | frozenset):
            raise FieldError("Choisissez une ou plusieurs réponses de la liste.")
        chosen = {super(Choices, self).parse_filled(field, one) for one in raw if one not in (None, "")}
        return [option.id for option in field.options if option.id in chosen] or None

    def display_filled(self, field: Field, value: Json) -> str:
        return ", ".join(super(Choices, self).display_filled(field, one) for one in value)

    def sample(self, field: Field) -> Json:
        return [option.id for option in field.options[:2]] or None


class Checklist(FieldType):
    """Boxes to tick, stored as a dict of booleans by item id. No box ticked counts as unanswered."""

    code, label = "checklist", "Cases à cocher"
    ask = "Cochez ce qui convient pour"

    def parse_filled(self, field: Field, raw: object) -> dict[str, bool] | None:
        if isinstance(raw, list | tuple | set | frozenset):
            raw = {str(one): True for one in raw}
        if not isinstance(raw, Mapping):
            raise FieldError("Cochez les cases qui conviennent.")
        known = {item.id for item in field.items}
        unknown = [str(key)[:60] for key in raw if key not in known]
        if unknown:
            raise FieldError(f"La case « {unknown[0]} » n’existe pas dans cette liste.")
        ticked = {item.id: raw.get(item.id) not in (None, "") and read_yes_no(raw[item.id]) for item in field.items}
        return ticked if any(ticked.values()) else None

    def display_filled(self, field: Field, value: Json) -> str:
        return "\n".join(f"{'☒' if value.get(item.id) else '☐'} {item.label}" for item in field.items)

    def blank(self, field: Field) -> dict[str, None]:
        return {item.id: None for item in field.items}

    def typed(self, field: Field, value: Json) -> dict[str, bool]:
        return {item.id: value.get(item.id, False) for item in field.items}

    def sample(self, field: Field) -> dict[str, bool]:
        return {item.id: True for item in field.items}

    def check_definition(self, field: Field) -> str | None:
        if not field.items:
            return "une liste de cases a besoin d’« items »"
        double = _duplicate([item.id for item in field.items])
        return f"la case « {double} » est définie deux fois" if double else None
