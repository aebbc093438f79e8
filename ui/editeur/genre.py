"""What a question's type asks to be told: the answers of a list, bounds, decimals, length, size of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from domain.forms.editing import Contenu, with_ids
from domain.forms.fields import Field, Option
from ui import page
from ui.editeur.colonnes import show_columns
from ui.editeur.condition import as_typed
from ui.editeur.ordre import Key, show_rank, sort_rows
from ui.html import note

_LISTS = {"choice": "options", "choices": "options", "checklist": "items"}
_NUMBERS = ("integer", "decimal", "money", "percentage")
_BOUNDED = (*_NUMBERS, "date", "duration", "rows")
_TEXTS = ("text", "long_text", "email", "telephone", "siren", "siret", "postal_code", "insee_code")
_TYPED_DEFAULT = (*_TEXTS, *_NUMBERS, "date", "duration")


def show_type(key: Key, kind: str, old: Contenu, slots: page.Slots, options: Sequence[Option] = ()) -> dict[str, Any]:
    """The widgets of this type, and what they hold by key of the field. `options`: those that the offer gives the field."""
    given: dict[str, Any] = {}
    if kind in _LISTS and not old.get("options_from"):
        given[_LISTS[kind]] = _show_list(key, _LISTS[kind], old, slots)
    elif kind in _LISTS:
        note("Les réponses de cette liste viennent des types de collectivité de l’offre.")
    if kind in _BOUNDED:
        given |= _show_bounds(key, kind, old, slots)
    if kind == "decimal":
        given["decimals"] = _show_count(key, "decimals", "Chiffres après la virgule, au plus", old, slots, 1)
    if kind == "rows":
        given["columns"] = show_columns(key, old, slots)
    if kind in ("integer", "decimal"):
        given["unit"] = st.text_input("Unité, après le nombre", old.get("unit", ""), max_chars=40, key=key("unit"))
    if kind in ("text", "long_text"):
        given["max_length"] = _show_count(key, "max_length", "Nombre de caractères au plus", old, slots, 5)
    if kind == "file":
        given["max_megabytes"] = int(
            st.number_input("Taille du fichier, en Mo au plus", 1, 50, old.get("max_megabytes", 10), key=key("mo"))
        )
    if kind in (*_TYPED_DEFAULT, "choice", "yes_no"):
        given["default"] = _show_default(key, kind, old, given, options)
        slots.place("default")
    return given


def _show_count(key: Key, name: str, label: str, old: Contenu, slots: page.Slots, digits: int) -> str | None:
    held = old.get(name)
    typed = st.text_input(label, "" if held is None else str(held), key=key(name), max_chars=digits)
    slots.place(name)
    return typed.strip() or None


def _show_default(key: Key, kind: str, old: Contenu, given: dict[str, Any], options: Sequence[Option]) -> object:
    """The answer that a new dossier starts with; the person may change it."""
    held = old.get("default") if old.get("type", "text") == kind else None
    label = "Réponse proposée d’avance"
    if kind in _TYPED_DEFAULT:
        shown = "" if held is None else as_typed(Field.model_validate(old), held)
        return st.text_input(label, shown, key=key(f"default:{kind}"), max_chars=1000).strip() or None
    labels: dict[object, str] = {None: "Aucune"}
    if kind == "yes_no":
        labels |= {True: "Oui", False: "Non"}
    else:
        labels |= {one["id"]: one["label"] for one in given.get("options", ())} or {o.id: o.label for o in options}
    codes = list(labels)
    at = codes.index(held) if held in codes else 0
    return st.selectbox(label, codes, at, format_func=labels.__getitem__, key=key(f"default:{kind}"))


def _show_bounds(key: Key, kind: str, old: Contenu, slots: page.Slots) -> dict[str, Any]:
    """The smallest and the largest value. A duration's are minutes, a date's are AAAA-MM-JJ, as in the offer's files."""
    unit = {"date": " (AAAA-MM-JJ)", "duration": " (en minutes)", "rows": " (nombre de lignes)"}.get(kind, "")
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
    ranks: list[tuple[int, int]] = []
    held = old.get(name, ())
    for number, row in enumerate(held, 1):
        words, order = st.columns([5, 1], vertical_alignment="bottom")
        with words:
            label = st.text_input(
                f"{word.capitalize()} {number}",
                row["label"],
                key=key(f"{name}:{row['id']}"),
                help=f"Identifiant : {row['id']}. Videz la ligne pour ne plus la proposer.",
            )
        with order:
            rank = show_rank(key, f"{name}:{row['id']}", f"Rang {number}", number, len(held))
        if label.strip():
            rows.append({**row, "label": label.strip()})
            ranks.append((number, rank))
    rows = sort_rows(rows, ranks)
    added = st.text_area(
        f"{'Nouvelles ' if rows else ''}{word}s, une par ligne".capitalize(), key=key(f"{name}:nouvelles"), height=100
    )
    slots.place(name)
    new = [{"label": line.strip()} for line in added.splitlines() if line.strip()]
    return with_ids([*rows, *new], [row["id"] for row in old.get(name, ())])
