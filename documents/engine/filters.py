"""The Jinja filters that templates may use: French formats, agreements and check boxes.

Data comes from JSON as often as from Python, so every filter takes a number, date or time either as such or as its text
("47.70", "2026-01-01", "09:00"). None stays None: the environment prints it as a dotted blank to be filled in by hand. A
value that cannot be read raises `Invalide`, which the renderer reports with the paragraph it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from markupsafe import Markup, escape

from domain import formatting
from domain.errors import Invalide

# What stands between these two private-use characters is raised. `documents.engine.compiled` turns the pair into a run of its own
# that keeps the formatting of the text around it, which a filter, that only sees its value, could not do.
RAISED, LOWERED = "\ue0b0", "\ue0b1"
RAISED_FIRST = Markup("1\ue0b0er\ue0b1")
NON_BREAKING_HYPHEN = "\u2011"
FEMININE_CIVILITES = frozenset({"mme", "madame", "mlle", "mademoiselle"})

P = ParamSpec("P")
R = TypeVar("R")
Filter = Callable[..., object]


def optional(function: Callable[Concatenate[object, P], R]) -> Callable[Concatenate[object, P], R | None]:
    """None (not answered) goes through the filter unchanged; an undefined name still raises."""

    @wraps(function)
    def wrapper(value: object, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        return None if value is None else function(value, *args, **kwargs)

    return wrapper


def as_decimal(value: object) -> Decimal:
    """A Decimal from a number or its text, with a French comma or an English point."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        raise Invalide(f"« {'oui' if value else 'non'} » n’est pas un nombre.")
    try:
        number = Decimal(str(value).replace(",", ".").replace("\u202f", "").replace("\u00a0", "").strip())
    except InvalidOperation as error:
        raise Invalide(f"« {value} » n’est pas un nombre.") from error
    if not number.is_finite():
        raise Invalide(f"« {value} » n’est pas un nombre.")
    return number


def as_date(value: object) -> date:
    """A date from a date, a datetime or an ISO 8601 text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise Invalide(f"« {value} » n’est pas une date (attendu : AAAA-MM-JJ).") from error


def as_time(value: object) -> time:
    """A time of day from a time or its text, "09:00"."""
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError as error:
        raise Invalide(f"« {value} » n’est pas une heure (attendu : HH:MM).") from error


@optional
def euros(value: object) -> str:
    return formatting.euros(as_decimal(value))


@optional
def nombre(value: object, decimales: int | None = None) -> str:
    return formatting.nombre(as_decimal(value), decimales)


@optional
def pourcentage(value: object, decimales: int = 2) -> str:
    return formatting.pourcentage(as_decimal(value), decimales)


@optional
def date_longue(value: object) -> Markup:
    """ "1er janvier 2026", with a raised "er"; no line breaks between day and month."""
    text = formatting.insecables(formatting.date_longue(as_date(value)))
    return RAISED_FIRST + text[3:] if text.startswith("1er") else escape(text)


@optional
def date_courte(value: object) -> str:
    return formatting.date_courte(as_date(value))


@optional
def heure(value: object) -> str:
    return formatting.heure(as_time(value))


@optional
def duree(value: object) -> str:
    return formatting.duree(int(as_decimal(value)))


@optional
def telephone(value: object) -> str:
    return formatting.telephone(str(value))


@optional
def siren(value: object) -> str:
    return formatting.siren(str(value))


def coche(value: object) -> str:
    """A ticked or empty box; what was not answered is an empty box."""
    return "☒" if value and value != "non" else "☐"


def accord(text: object, civilite: object) -> str:
    """A past participle or adjective agreed with a person: "autorisé" and "Mme" (or True) give "autorisée".

    Regular agreement only; write {{ "la directrice" if representant.feminin else "le directeur" }} for the others.
    """
    feminine = civilite is True or str(civilite).strip().rstrip(".").lower() in FEMININE_CIVILITES
    return f"{text}e" if feminine and text else str(text)


@optional
def capitale(value: object) -> str:
    """First letter in upper case, the rest as it is."""
    text = str(value)
    return text[:1].upper() + text[1:]


@optional
def tirets(value: object) -> str:
    """Hyphens that a line cannot break at: "2026-0007"."""
    return str(value).replace("-", NON_BREAKING_HYPHEN)


@optional
def exposant(value: object) -> Markup:
    """A raised text: {{ "bis"|exposant }}."""
    return Markup("\ue0b0{}\ue0b1").format(str(value))


FILTERS: Mapping[str, Filter] = {
    function.__name__: function
    for function in (
        euros,
        nombre,
        pourcentage,
        date_longue,
        date_courte,
        heure,
        duree,
        telephone,
        siren,
        coche,
        accord,
        capitale,
        tirets,
        exposant,
    )
}
