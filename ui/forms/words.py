"""What the renderer says around a field: its label with what is expected, times, values in a sentence."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from domain.formatting import NBSP
from domain.forms.fields import Field, FieldError, Json, display_value, parse_value
from services.core.clock import DEFAULT_ZONE, local_time
from ui.forms.model import FieldView
from ui.html import show

LEGEND = "Les champs sont obligatoires, sauf mention «\u00a0facultatif\u00a0» ou «\u00a0recommandé\u00a0»."
LATER = {"accepter": "peut suivre le dépôt", "emettre": "peut suivre le dépôt"}


def label_of(view: FieldView, unit: str = "") -> str:
    """Label of a field: what it is, its unit, and in words whether it can be left out."""
    field = view.field
    label = f"{field.label}, {unit}" if unit and unit not in field.label else field.label
    return f"{label} ({mention})" if (mention := _mention(view)) else label


def _mention(view: FieldView) -> str:
    if view.state.required:
        return "" if view.model.deposited else LATER.get(view.field.required_for, "")
    return "recommandé" if view.state.recommended else "facultatif"


def show_help(text: str) -> None:
    """A line of help, close to what it is about."""
    show(Markup('<p class="p-aide">{}</p>').format(text))


def time_of(moment: datetime, fuseau: str = DEFAULT_ZONE) -> str:
    """« 14 h 32 », in the centre's time zone."""
    local = local_time(moment, fuseau)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}"


def in_words(field: Field, value: Json) -> str:
    """A value (accepted or not) in a sentence: one line, cut when it is very long."""
    if value is None or value == "":
        return "(vide)"
    try:
        text = display_value(field, parse_value(field, value))
    except FieldError:
        text = value if isinstance(value, str) else ", ".join(_leaves(value))
    text = " ; ".join(line for line in text.splitlines() if line.strip()) or "(vide)"
    return text if len(text) <= 300 else text[:300] + "…"


def _leaves(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [] if value in (None, "") else [str(value)]
