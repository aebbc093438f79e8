"""Where a question stands in the forms, and taking it away or back."""

from __future__ import annotations

import streamlit as st

from domain.forms.editing import Contenu, delete_field, find_field, move_field, restore_field, retire_field
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm

FIRST = ""


def show_place(lieu: Lieu, field: Contenu) -> None:
    """Move the question: a section of any step, and after which question."""
    form, section, _ = find_field(lieu.contenu, field["id"])
    places = {
        (one["id"], part["id"]): f"{one['short_title'] or one['title']} – {part['title']}"
        for one in lieu.contenu["forms"]
        for part in one["sections"]
    }
    name = f"place:{field['id']}"
    with st.expander("Déplacer la question"):
        keys = list(places)
        target = st.selectbox(
            "Partie", keys, keys.index((form["id"], section["id"])), format_func=places.__getitem__,
            key=f"{PREFIX}{name}:partie",
        )  # fmt: skip
        others = [
            one
            for other in lieu.contenu["forms"]
            for part in other["sections"]
            if (other["id"], part["id"]) == target
            for one in part["fields"]
        ]
        at = next((i for i, one in enumerate(others) if one["id"] == field["id"]), len(others))
        others = [one for one in others if one["id"] != field["id"]]
        labels = {FIRST: "Au début", **{one["id"]: f"Après « {one['label']} »" for one in others}}
        after = st.selectbox(
            "Place", list(labels), min(at, len(labels) - 1), format_func=labels.__getitem__,
            key=f"{PREFIX}{name}:apres:{target[1]}",
        )  # fmt: skip
        position = list(labels).index(after)
        if st.button("Déplacer", key=f"{PREFIX}{name}:deplacer"):
            apply(
                lieu,
                name,
                page.Slots(),
                lambda contenu, _: move_field(contenu, field["id"], *target, position),
                "Question déplacée dans le brouillon. Son identifiant ne change pas.",
                formulaire=target[0],
            )


def show_removal(lieu: Lieu, field: Contenu) -> None:
    """Retire a published question, ask it again, or take away one that nobody has answered yet."""
    name, ident = f"retrait:{field['id']}", field["id"]
    published = ident in lieu.view.permanents.champs
    if field["retired"]:
        if st.button("Poser de nouveau cette question", key=f"{PREFIX}{name}:reprendre"):
            apply(
                lieu,
                name,
                page.Slots(),
                lambda contenu, _: restore_field(contenu, ident),
                "Question reprise dans le brouillon, avec ses réponses.",
            )
        return
    label = "Retirer la question" if published else "Supprimer la question"
    if not st.button(label, key=f"{PREFIX}{name}:retirer", icon=":material/delete:"):
        return
    if published:
        confirm(
            lieu,
            name,
            "Retirer la question",
            "Elle ne sera plus posée dans les nouveaux dossiers. Les réponses déjà données sont conservées, et son"
            " identifiant ne servira à aucune autre question.",
            label,
            lambda contenu, _: retire_field(contenu, ident),
            "Question retirée dans le brouillon.",
        )
    else:
        confirm(
            lieu,
            name,
            "Supprimer la question",
            "Elle n’a jamais été publiée : personne n’y a répondu.",
            label,
            lambda contenu, permanents: delete_field(contenu, ident, published=permanents.champs),
            "Question supprimée du brouillon.",
        )
