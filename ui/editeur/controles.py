"""Checks between answers: what is said, and when, beside which questions."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.forms.check_editing import OPTIONS, SENS, SEVERITES, delete_check, find_check, save_check
from ui import page
from ui.editeur.condition import ConditionEditor, describe_condition
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import link, note, show

NEW = "nouveau"


def show_checks(lieu: Lieu) -> None:
    """Every check of the form, each with its link, and the one that adds a check."""
    fields = lieu.fields
    add = link("Ajouter un contrôle", lieu.url(controle=NEW), here=True)
    rows = []
    for number, check in enumerate(lieu.form.get("checks", ())):
        source = check.get("if_") or check.get("unless")
        when = "quand" if check.get("if_") else "sauf quand"
        edit = link("Modifier", lieu.url(controle=number), hidden=f"le contrôle « {check['message'][:60]} »", here=True)
        rows.append(
            Markup("<div><dt>{}</dt><dd>{} · affiché {} {}<br>{}</dd></div>").format(
                check["message"], SEVERITES[check["severity"]], when, describe_condition(source, fields), edit
            )
        )
    listed = Markup('<dl class="p-faits">{}</dl>').format(Markup("").join(rows)) if rows else Markup("")
    show(Markup("<h3>Contrôles entre les réponses</h3><p>{}</p>").format(add), listed)


def show_check(lieu: Lieu, asked: str) -> None:
    """The panel of one check: its words, its condition, its place beside the questions."""
    number = None if asked == NEW else int(asked) if asked.isdecimal() else -1
    old: dict[str, Any] = {} if number is None else find_check(lieu.contenu, lieu.form_id, number)
    name, slots = f"controle:{lieu.form_id}:{asked}", page.Slots()
    lieu.held_version(name)
    st.subheader("Nouveau contrôle" if number is None else "Contrôle", anchor=False)
    note("Un contrôle n’est essayé que lorsque toutes les questions choisies ont une réponse.")
    given = _show_words(lieu, name, old, slots)
    source = old.get("if_") or old.get("unless")
    condition = ConditionEditor(f"{PREFIX}{name}:condition", "condition", source, lieu.fields)
    condition.show("La condition", None, "Comparer des réponses", slots)
    with st.container(horizontal=True):
        saved = st.button("Enregistrer le contrôle", type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir à la liste", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go()
    if saved:
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: save_check(contenu, lieu.form_id, number, {**given, "condition": condition.read()}),
            "Contrôle enregistré dans le brouillon.",
        )
    if number is not None:
        _show_removal(lieu, name, number)


def _show_removal(lieu: Lieu, name: str, number: int) -> None:
    label = "Supprimer le contrôle"
    if st.button(label, key=f"{PREFIX}{name}:supprimer", icon=":material/delete:"):
        confirm(
            lieu,
            name,
            label,
            "Ce message ne sera plus affiché dans les nouveaux dossiers.",
            label,
            lambda contenu, _: delete_check(contenu, lieu.form_id, number),
            "Contrôle supprimé du brouillon.",
        )


def _show_words(lieu: Lieu, name: str, old: dict[str, Any], slots: page.Slots) -> dict[str, Any]:
    """The message, what it does, beside which questions, and when it shows."""
    given: dict[str, Any] = {}
    given["message"] = st.text_area("Message", old.get("message", ""), max_chars=400, key=f"{PREFIX}{name}:message")
    slots.place("message")
    codes = list(SEVERITES)
    at = codes.index(old.get("severity", "erreur"))
    given["severity"] = st.radio(
        "Ce que fait ce contrôle", codes, at, format_func=SEVERITES.__getitem__, key=f"{PREFIX}{name}:severite"
    )
    slots.place("severity")
    labels = {key: f"{one.label} ({key})" for key, one in lieu.fields.items() if not key.startswith(OPTIONS)}
    given["fields"] = st.multiselect(
        "Questions à côté desquelles il s’affiche",
        list(labels),
        [one for one in old.get("fields", ()) if one in labels],
        format_func=labels.__getitem__,
        placeholder="Choisissez",
        key=f"{PREFIX}{name}:champs",
    )
    slots.place("fields")
    senses = list(SENS)
    at = senses.index("unless" if old.get("unless") else "if_")
    given["sens"] = st.radio(
        "Le message s’affiche quand", senses, at, format_func=SENS.__getitem__, key=f"{PREFIX}{name}:sens"
    )
    slots.place("sens")
    return given
