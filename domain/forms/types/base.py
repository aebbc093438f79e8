"""What a field is (data) and what a type of field does (behaviour): the contract that every type honours.

A value lives in three shapes. *Raw* is what somebody typed or a JSON file holds. *JSON* is what is stored: strings,
integers, booleans, lists and dicts, with decimals as strings and dates as ISO 8601. *Typed* is what conditions and
templates see: Decimal, date. `parse` goes from raw to JSON and accepts its own result; `typed` goes from JSON to typed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator

from domain.errors import Invalide
from domain.formatting import nombre
from domain.text import clean_text

Json = Any
"""A JSON value. `Any`, because the shape depends on the field's type, which checks it at run time."""

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class FieldError(Invalide):
    """A value that a field refuses. `partie` is the place inside the field (`code_postal`, `2.debut`), when there is one."""

    def __init__(self, message: str, champ: str | None = None, partie: str | None = None) -> None:
        super().__init__(message, champ)
        self.partie = partie


def _parse_bound(value: object) -> object:
    """A bound written in YAML or JSON: an ISO date when it looks like one, else a number (see `Field.min`)."""
    if isinstance(value, Decimal | date) or value is None:
        return value
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"la borne « {text[:40]} » n’est ni un nombre ni une date AAAA-MM-JJ")
    if text.count("-") < 2:
        return Decimal(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"la date « {text} » n’existe pas") from None


Bound = Annotated[Decimal | date, BeforeValidator(_parse_bound)]


class Definition(BaseModel):
    """Base of everything that is defined as data: frozen, and an unknown key is an error, not a silent no-op."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(Definition):
    """One answer of a choice. `values` is what the choice can fill elsewhere (see `Field.fills`)."""

    id: str
    label: str
    help: str = ""
    values: dict[str, Json] = {}


class Item(Definition):
    """One box of a checklist; `group` is the heading under which it is shown."""

    id: str
    label: str
    group: str = ""
    help: str = ""

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return check_id(value, dotted=False)


class Field(Definition):
    """One question of a form, as data.

    `id` is permanent and dotted (`locaux.adresse`): answers, documents and correction requests refer to it for ever.
    `required_for` is the workflow action that a missing answer blocks: `deposer` by default, `accepter` for what may
    follow later. `recommended` is asked for, never blocking. `fills` maps other fields' ids to an attribute of what is
    chosen here. `template` is the document shown beside an upload. `retired` hides a field and keeps its answers.
    """

    id: str
    type: str
    label: str
    help: str = ""
    example: str = ""
    required: bool = False
    required_if: str | None = None
    required_for: str = "deposer"
    recommended: bool = False
    visible_if: str | None = None
    options: tuple[Option, ...] = ()
    options_from: str | None = None
    items: tuple[Item, ...] = ()
    columns: tuple[Field, ...] = ()
    min: Bound | None = None
    max: Bound | None = None
    max_length: int | None = None
    decimals: int | None = None
    unit: str = ""
    default: Json = None
    template: str | None = None
    fills: dict[str, str] = {}
    accept: tuple[str, ...] = ("pdf",)
    max_megabytes: int = 10
    retired: bool = False

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return check_id(value, dotted=True)


# A segment of an id is a name in conditions and templates, where these words mean something else.
RESERVED_WORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "elif",
        "for",
        "true",
        "false",
        "none",
        "loop",
        "self",
        "caller",
        "super",
        "block",
        "set",
        "import",
        "from",
        "include",
    ]
)


def check_id(value: str, *, dotted: bool) -> str:
    """`value` when it can be an id; ValueError (French) otherwise."""
    if not ID_PATTERN.fullmatch(value) or ("." in value and not dotted):
        raise ValueError(
            f"identifiant « {value} » incorrect : des minuscules sans accent, des chiffres et « _ »"
            + (", par exemple « locaux.adresse »" if dotted else "")
        )
    reserved = RESERVED_WORDS.intersection(value.split("."))
    if reserved:
        raise ValueError(f"identifiant « {value} » : le mot « {min(reserved)} » est réservé")
    return value


class FieldType(ABC):
    """Behaviour of one type of field. One instance per type, without state, listed in `domain.forms.fields.FIELD_TYPES`."""

    code: str
    label: str
    """French name of the type, for the form editor."""
    ask = "Indiquez"
    """Verb of the sentence that asks for a missing answer."""

    def parse(self, field: Field, raw: object) -> Json:
        """JSON value of `raw`, None when blank; FieldError with a French message that says what to do."""
        try:
            return None if is_blank(raw) else self.parse_filled(field, raw)
        except FieldError as error:
            raise FieldError(error.message, error.champ or field.id, error.partie) from None

    @abstractmethod
    def parse_filled(self, field: Field, raw: object) -> Json:
        """As `parse`, `raw` not being blank. May still return None (a text of spaces only)."""

    def display(self, field: Field, value: Json) -> str:
        """`value` (JSON) as a person reads it in French; the empty string for None."""
        return "" if value is None else self.display_filled(field, value)

    def display_filled(self, field: Field, value: Json) -> str:
        """As `display`, `value` not being None."""
        return str(value)

    def typed(self, field: Field, value: Json) -> Any:
        """`value` (JSON, not None) as conditions and templates see it."""
        return value

    def blank(self, field: Field) -> Any:
        """Typed shape of an unanswered field: None, or a dict of None where templates read inside."""
        return None

    @abstractmethod
    def sample(self, field: Field) -> Json:
        """A valid JSON value, invented, to check conditions and templates with."""

    def check_definition(self, field: Field) -> str | None:
        """French reason why `field` cannot be of this type, or None."""
        return None


def is_blank(raw: object) -> bool:
    """True for what counts as no answer at all."""
    return raw is None or raw == "" or raw == [] or raw == {}


MAX_RAW = 200_000


def as_text(raw: object, *, multiline: bool = False) -> str:
    """`raw` as cleaned text; FieldError when it is not text, or far too long to be looked at."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise FieldError("Saisissez un texte.")
    if isinstance(raw, int):
        if abs(raw) >= 10**20:
            raise FieldError("Ce nombre est trop long.")
        return str(raw)
    if len(raw) > MAX_RAW:
        raise FieldError(f"Ce texte est beaucoup trop long ({nombre(len(raw))} caractères).")
    return clean_text(raw, multiline=multiline)
