"""The columns of a question whose answer is a table: those that exist, in their order, and one more."""

from __future__ import annotations

from typing import Any

import streamlit as st

from domain.forms.editing import Contenu, with_ids
from domain.forms.fields import FIELD_TYPES
from ui import page
from ui.editeur.ordre import Key, show_rank, sort_rows
from ui.html import note

KINDS = ("text", "integer", "decimal", "money", "percentage", "date", "yes_no", "telephone", "email", "duration")
"""What a new column may hold: nothing that asks to be told more."""


def show_columns(key: Key, old: Contenu, slots: page.Slots) -> list[Contenu]:
    """The columns as they stand: a column keeps its id whatever it becomes; emptied, it goes."""
    rows: list[Contenu] = []
    ranks: list[tuple[int, int]] = []
    held = old.get("columns", ())
    note("Une ligne du tableau est une réponse répétée : un lieu, un horaire, une personne.")
    for number, column in enumerate(held, 1):
        name, kind = f"columns:{column['id']}", FIELD_TYPES[column["type"]].label.lower()
        words, order, need = st.columns([4, 1, 2], vertical_alignment="bottom")
        with words:
            label = st.text_input(
                f"Colonne {number}",
                column["label"],
                key=key(name),
                help=f"Identifiant : {column['id']}, {kind}. Videz-la pour la retirer.",
            )
        with order:
            rank = show_rank(key, name, f"Rang de la colonne {number}", number, len(held))
        with need:
            required = st.checkbox(f"Colonne {number} obligatoire", column["required"], key=key(f"{name}:obligatoire"))
        if label.strip():
            rows.append({**column, "label": label.strip(), "required": required})
            ranks.append((number, rank))
    added = _show_new(key)
    slots.place("columns")
    return with_ids([*sort_rows(rows, ranks), *added], [column["id"] for column in held])


def _show_new(key: Key) -> list[dict[str, Any]]:
    words, kind = st.columns([3, 2], vertical_alignment="bottom")
    with words:
        label = st.text_input("Nouvelle colonne", key=key("columns:nouvelle"), max_chars=100)
    with kind:
        code = st.selectbox(
            "Ce qu’elle contient", KINDS, format_func=lambda one: FIELD_TYPES[one].label, key=key("columns:genre")
        )
    return [{"label": label.strip(), "type": code}] if label.strip() else []
