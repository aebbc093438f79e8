"""Types whose value has parts: address, time slots, repeated rows, uploaded file, collectivité of the national list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Any

from domain.formatting import heure
from domain.forms.types.base import Definition, Field, FieldError, FieldType, Json, as_text, is_blank
from domain.forms.types.dates import read_time
from domain.forms.types.text import PostalCode, Siren, check_length
from domain.text import fold

MAX_ROWS = 200


class _Part(Definition):
    """One part of an address: its key, French label, whether an address needs it, and its longest text."""

    key: str
    label: str
    needed: bool
    length: int


ADDRESS_PARTS = (
    _Part(key="voie", label="Numéro et voie", needed=True, length=200),
    _Part(key="complement", label="Complément", needed=False, length=200),
    _Part(key="code_postal", label="Code postal", needed=True, length=5),
    _Part(key="ville", label="Ville", needed=True, length=100),
)


class Address(FieldType):
    """A French postal address: `voie`, `complement` (may be None), `code_postal`, `ville`."""

    code, label = "address", "Adresse"

    def parse_filled(self, field: Field, raw: object) -> Json:
        if not isinstance(raw, Mapping):
            raise FieldError("Saisissez l’adresse : numéro et voie, code postal, ville.")
        unknown = [str(key)[:60] for key in raw if key not in {part.key for part in ADDRESS_PARTS}]
        if unknown:
            raise FieldError(f"Une adresse n’a pas de partie « {unknown[0]} ».")
        found: dict[str, str | None] = {}
        for part in ADDRESS_PARTS:
            try:
                found[part.key] = self._read_part(part, raw.get(part.key))
            except FieldError as error:
                raise FieldError(f"{part.label} : {error.message}", partie=part.key) from None
        if not any(found.values()):
            return None
        for part in ADDRESS_PARTS:
            if part.needed and not found[part.key]:
                raise FieldError(f"L’adresse est incomplète : indiquez « {part.label} ».", partie=part.key)
        return found

    @staticmethod
    def _read_part(part: _Part, raw: object) -> str | None:
        if is_blank(raw):
            return None
        if part.key == "code_postal":
            return _POSTAL_CODE.parse_filled(_ANY, raw)
        return check_length(as_text(raw), part.length) or None

    def display_filled(self, field: Field, value: Json) -> str:
        lines = [
            value.get("voie"),
            value.get("complement"),
            f"{value.get('code_postal') or ''} {value.get('ville') or ''}",
        ]
        return "\n".join(line.strip() for line in lines if line and line.strip())

    def blank(self, field: Field) -> dict[str, None]:
        return {part.key: None for part in ADDRESS_PARTS}

    def typed(self, field: Field, value: Json) -> dict[str, str | None]:
        return {part.key: value.get(part.key) for part in ADDRESS_PARTS}

    def sample(self, field: Field) -> dict[str, str | None]:
        return {"voie": "1 rue de l’Exemple", "complement": None, "code_postal": "94600", "ville": "Choisy-le-Roi"}


_POSTAL_CODE = PostalCode()
_ANY = Field(id="partie", type="text", label="partie")


class Collectivite(Siren):
    """The SIREN of a collectivité, chosen from the national list; `fills` copies its record into other fields.

    One that is not in the list (a CCAS, a syndicat) is typed in the other fields instead.
    """

    code, label = "collectivite", "Collectivité (liste nationale)"

    def sample(self, field: Field) -> str:
        return "219400223"

    def check_definition(self, field: Field) -> str | None:
        return None if field.fills else "« fills » doit dire quels champs la collectivité choisie remplit"


WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


class TimeSlots(FieldType):
    """Hours by weekday: a list of `{jour, debut, fin}` in the order of the week, without overlaps."""

    code, label = "time_slots", "Plages horaires par jour"

    def parse_filled(self, field: Field, raw: object) -> Json:
        slots: list[dict[str, str]] = []
        for number, row in _rows(raw, ("jour", "debut", "fin")):
            slots.append(self._read_slot(number, row))
        slots.sort(key=lambda slot: (WEEKDAYS.index(slot["jour"]), slot["debut"]))
        for before, after in pairwise(slots):
            if before["jour"] == after["jour"] and after["debut"] < before["fin"]:
                raise FieldError(
                    f"Deux plages du {before['jour']} se chevauchent : réunissez-les ou corrigez les heures."
                )
        return slots or None

    @staticmethod
    def _read_slot(number: int, row: Mapping[str, object]) -> dict[str, str]:
        day = fold(str(row.get("jour") or "")[:40])
        if day not in WEEKDAYS:
            raise FieldError(f"Plage {number} : choisissez un jour de la semaine.", partie=f"{number}.jour")
        times: dict[str, str] = {}
        for key, name in (("debut", "l’heure de début"), ("fin", "l’heure de fin")):
            if is_blank(row.get(key)):
                raise FieldError(f"Plage {number} ({day}) : indiquez {name}.", partie=f"{number}.{key}")
            try:
                times[key] = read_time(row[key])
            except FieldError as error:
                raise FieldError(f"Plage {number} ({day}) : {error.message}", partie=f"{number}.{key}") from None
        if times["fin"] <= times["debut"]:
            raise FieldError(
                f"Plage {number} ({day}) : l’heure de fin doit suivre l’heure de début.", partie=f"{number}.fin"
            )
        return {"jour": day, **times}

    def display_filled(self, field: Field, value: Json) -> str:
        return "\n".join(
            f"{slot['jour'].capitalize()} : de {heure(time.fromisoformat(slot['debut']))} à {heure(time.fromisoformat(slot['fin']))}"
            for slot in value
        )

    def blank(self, field: Field) -> list[Any]:
        return []

    def typed(self, field: Field, value: Json) -> Json:
        return value

    def sample(self, field: Field) -> list[dict[str, str]]:
        return [
            {"jour": "lundi", "debut": "09:00", "fin": "12:30"},
            {"jour": "jeudi", "debut": "13:30", "fin": "17:00"},
        ]


def _rows(raw: object, keys: tuple[str, ...]) -> list[tuple[int, Mapping[str, object]]]:
    """The numbered rows of `raw` that hold something; FieldError when it is not a list of rows with these keys."""
    if not isinstance(raw, list | tuple):
        raise FieldError("Saisissez une liste de lignes.")
    if len(raw) > MAX_ROWS:
        raise FieldError(f"{MAX_ROWS} lignes au plus.")
    found: list[tuple[int, Mapping[str, object]]] = []
    for number, row in enumerate(raw, start=1):
        if row is None:
            continue
        if not isinstance(row, Mapping):
            raise FieldError(f"Ligne {number} : format inattendu.")
        unknown = [str(key)[:60] for key in row if key not in keys]
        if unknown:
            raise FieldError(f"Ligne {number} : la colonne « {unknown[0]} » n’existe pas.")
        if not all(is_blank(value) for value in row.values()):
            found.append((number, row))
    return found


class Rows(FieldType):
    """Repeated rows: a list of dicts by column id. `min` and `max` bound the number of rows."""

    code, label = "rows", "Lignes répétées"

    def parse_filled(self, field: Field, raw: object) -> Json:
        rows = []
        for number, row in _rows(raw, tuple(column.id for column in field.columns)):
            parsed = {column.id: self._read_cell(number, column, row.get(column.id)) for column in field.columns}
            if any(value is not None for value in parsed.values()):
                for column in field.columns:
                    if column.required and parsed[column.id] is None:
                        raise FieldError(
                            f"Ligne {number} : indiquez « {column.label} ».", partie=f"{number}.{column.id}"
                        )
                rows.append(parsed)
        if rows and isinstance(field.min, Decimal) and len(rows) < field.min:
            raise FieldError(f"Saisissez au moins {field.min} lignes.")
        if isinstance(field.max, Decimal) and len(rows) > field.max:
            raise FieldError(f"{field.max} lignes au plus.")
        return rows or None

    @staticmethod
    def _read_cell(number: int, column: Field, raw: object) -> Json:
        try:
            return COLUMN_TYPES[column.type].parse(column, raw)
        except FieldError as error:
            place = f"{number}.{column.id}"
            raise FieldError(f"Ligne {number}, {column.label} : {error.message}", partie=place) from None

    def display_filled(self, field: Field, value: Json) -> str:
        lines = []
        for row in value:
            cells = (COLUMN_TYPES[column.type].display(column, row.get(column.id)) for column in field.columns)
            lines.append(", ".join(cell for cell in cells if cell))
        return "\n".join(lines)

    def blank(self, field: Field) -> list[Any]:
        return []

    def typed(self, field: Field, value: Json) -> list[dict[str, Any]]:
        columns = field.columns
        return [{c.id: COLUMN_TYPES[c.type].typed(c, row.get(c.id)) for c in columns} for row in value]

    def sample(self, field: Field) -> list[dict[str, Json]]:
        return [{c.id: COLUMN_TYPES[c.type].sample(c) for c in field.columns}] * max(1, int(str(field.min or 1)))

    def check_definition(self, field: Field) -> str | None:
        if not field.columns:
            return "des lignes répétées ont besoin de « columns »"
        ids = [column.id for column in field.columns]
        if len(set(ids)) != len(ids):
            return "deux colonnes portent le même identifiant"
        for column in field.columns:
            if column.type not in COLUMN_TYPES:
                return f"une colonne ne peut pas être de type « {column.type} »"
            if "." in column.id:
                return f"l’identifiant de colonne « {column.id} » ne peut pas contenir de point"
            if column.visible_if or column.required_if:
                return f"la colonne « {column.id} » ne peut pas avoir de condition"
            reason = COLUMN_TYPES[column.type].check_definition(column)
            if reason:
                return f"colonne « {column.id} » : {reason}"
        return None


COLUMN_TYPES: dict[str, FieldType] = {}
"""Types that a column of `Rows` may have; filled by `domain.forms.fields`, which knows them all."""


_BAD_FILE = "Déposez de nouveau ce fichier : sa référence est incorrecte."
_FILE_PARTS = {
    "nom": r".+",
    "piece": r"[0-9a-zA-Z-]{1,64}",
    "sha256": r"[0-9a-f]{64}",
    "taille": r"[1-9][0-9]{0,11}",
    "type": r"[\w.+-]{1,60}/[\w.+-]{1,60}",
}


class File(FieldType):
    """A file already stored: `{piece, nom, sha256, taille, type}`, of which `nom` and one of `piece` (id of the stored row)
    and `sha256` are needed.

    The service that receives the bytes checks them (`accept`, `max_megabytes`); here only the reference is checked.
    """

    code, label = "file", "Fichier à déposer"
    ask = "Déposez"

    def parse_filled(self, field: Field, raw: object) -> Json:
        name = raw.get("nom") if isinstance(raw, Mapping) else None
        if not isinstance(raw, Mapping) or not isinstance(name, str) or not set(raw) <= set(_FILE_PARTS):
            raise FieldError(_BAD_FILE)
        found: dict[str, Json] = {"nom": as_text(name)[:200] or "fichier"}
        for key, pattern in _FILE_PARTS.items():
            value = raw.get(key)
            if value is None or key == "nom":
                continue
            if isinstance(value, bool) or not re.fullmatch(pattern, str(value)):
                raise FieldError(_BAD_FILE)
            found[key] = value
        if not {"piece", "sha256"} & set(found):
            raise FieldError(_BAD_FILE)
        return found

    def display_filled(self, field: Field, value: Json) -> str:
        return str(value["nom"])

    def sample(self, field: Field) -> dict[str, Json]:
        return {"nom": "exemple.pdf", "sha256": "0" * 64, "taille": 1024}

    def check_definition(self, field: Field) -> str | None:
        if not field.accept:
            return "« accept » doit citer au moins une extension"
        return None if 1 <= field.max_megabytes <= 50 else "« max_megabytes » va de 1 à 50"
