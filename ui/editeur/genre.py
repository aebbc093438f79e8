"""What a question's type asks to be told: the answers of a list, bounds, decimals, length, size of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from domain.form_editing import Contenu, with_ids
from ui import page
from ui.html import note

Key = Callable[[str], str]

DEFINED_ELSEWHERE = frozenset({"collectivite", "rows"})
"""Types that a new question cannot have here: they name other fields, or have columns. The offer's files define them."""

_LISTS = {"choice": "options", "choices": "options", "checklist": "items"}
_NUMBERS = ("integer", "decimal", "money", "percentage")
_BOUNDED = (*_NUMBERS, "date", "duration")


def show_type(key: Key, kind: str, old: Contenu, slots: page.Slots) -> dict[str, Any]:
    """The widgets of this type, and what they hold by key of the field."""
    given: dict[str, Any] = {}
    if kind in _LISTS and not old.get("options_from"):
        given[_LISTS[kind]] = _show_list(key, _LISTS[kind], old, slots)
    elif kind in _LISTS:
        note("Les réponses de cette liste viennent des types de collectivité de l’offre.")
    if kind in _BOUNDED:
        given |= _show_bounds(key, kind, old, slots)
    if kind in ("integer", "decimal"):
        given["unit"] = st.text_input("Unité, après le nombre", old.get("unit", ""), max_chars=40, key=key("unit"))
    if kind in ("text", "long_text"):
        held = old.get("max_length")
        typed = st.text_input(
            "Nombre de caractères au plus", "" if held is None else str(held), key=key("max_length"), max_chars=5
        )
        slots.place("max_length")
        given["max_length"] = typed.strip() or None
    if kind == "file":
        given["max_megabytes"] = int(
            st.number_input("Taille du fichier, en Mo au plus", 1, 50, old.get("max_megabytes", 10), key=key("mo"))
        )
    return given


def _show_bounds(key: Key, kind: str, old: Contenu, slots: page.Slots) -> dict[str, Any]:
    """The smallest and the largest value. A duration's are minutes, a date's are AAAA-MM-JJ, as in the offer's files."""
    unit = {"date": " (AAAA-MM-JJ)", "duration": " (en minutes)"}.get(kind, "")
    given: dict[str, Any] = {}
    for column, (name, label) in zip(
        st.columns(2), (("min", "La plus petite valeur"), ("max", "La plus grande valeur")), strict=True
    ):
        with column:
            held = old.get(name)
            typed = st.text_input(f"{label}{unit}", "" if held is None else str(held), key=key(f"{name}:{kind}"))
            given[name] = typed.strip().replace(",", ".") or None
            slots.place(name)
    return given


def _show_list(key: Key, name: str, old: Contenu, slots: page.Slots) -> list[Contenu]:
    """The answers proposed: those that exist keep their id whatever they become; new ones are typed one by line."""
    word = "réponse" if name == "options" else "case"
    rows: list[Contenu] = []
    for number, row in enumerate(old.get(name, ()), 1):
        label = st.text_input(
            f"{word.capitalize()} {number}",
            row["label"],
            key=key(f"{name}:{row['id']}"),
            help=f"Identifiant : {row['id']}. Videz la ligne pour ne plus la proposer.",
        )
        if label.strip():
            rows.append({**row, "label": label.strip()})
    added = st.text_area(
        f"{'Nouvelles ' if rows else ''}{word}s, une par ligne".capitalize(), key=key(f"{name}:nouvelles"), height=100
    )
    slots.place(name)
    new = [{"label": line.strip()} for line in added.splitlines() if line.strip()]
    return with_ids([*rows, *new], [row["id"] for row in old.get(name, ())])
