"""One state of a circuit: its names, and the two actions that a new one comes with."""

from __future__ import annotations

import streamlit as st

from domain.workflow.editing import (
    add_state,
    delete_state,
    find_action,
    find_table,
    movable_actions,
    rules_of,
    update_state,
)
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import note
from ui.offre.action import ActionPanel, show_buttons, tell_mail


def show_new_state(lieu: Lieu, cle: str) -> None:
    """The panel that adds a state: its names, the action that now leads to it, the new one that leaves it."""
    name, slots = f"etat-nouveau:{cle}", page.Slots()
    lieu.held_version(name)
    table, rules = find_table(lieu.contenu, cle), rules_of(lieu.contenu, cle)
    st.subheader("Nouvel état", anchor=False)
    libelle, theirs = _names(name, slots, "", "")
    before = {line["action"]: line["libelle"] for line in movable_actions(lieu.contenu, cle)}
    st.markdown("**Comment on y arrive**")
    codes = list(before)
    apres = st.selectbox(
        "Action qui y conduira", codes, None, format_func=before.__getitem__, key=f"{PREFIX}{name}:apres",
        placeholder="Choisissez une action",
        help="Cette action ne conduira plus où elle conduisait, mais au nouvel état.",
    )  # fmt: skip
    slots.place("apres")
    st.markdown("**Comment on en sort**")
    line = {"vers": find_action(table, apres)["vers"]} if apres else {}
    panel = ActionPanel(f"{name}:sortie", rules, table["etats"], line, slots)
    panel.show(de=False, vers_label="Cette nouvelle action conduit à", suite=f":{apres or ''}")
    tell_mail(lieu, cle, "", panel.given["vers"])
    note("L’arrivée dans ce nouvel état prévient par courriel ceux qui ont une action à y faire.")
    note("D’autres actions peuvent s’ajouter ensuite, par exemple pour renvoyer le dossier en arrière.")
    if show_buttons(lieu, cle, name, "Ajouter l’état"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: add_state(contenu, cle, libelle, theirs, apres or "", panel.given)[0],
            "État ajouté au brouillon.",
            vue="circuit",
            circuit=cle,
        )


def _names(name: str, slots: page.Slots, libelle: str, theirs: str) -> tuple[str, str]:
    given = st.text_input(
        "Nom de l’état", libelle, max_chars=80, key=f"{PREFIX}{name}:libelle", help="Par exemple « À valider »."
    )
    slots.place("libelle")
    read = st.text_input(
        "Ce que lit la collectivité", theirs, max_chars=80, key=f"{PREFIX}{name}:collectivite",
        help="Vide : elle lit le même nom que le centre.",
    )  # fmt: skip
    return given, read


def show_state(lieu: Lieu, cle: str, etat: str) -> None:
    """The panel of a state that exists."""
    table, rules = find_table(lieu.contenu, cle), rules_of(lieu.contenu, cle)
    if etat not in table["etats"]:
        lieu.go(vue="circuit", circuit=cle)
    label = table["etats"][etat]
    name, slots = f"etat:{cle}:{etat}", page.Slots()
    lieu.held_version(name)
    st.subheader(f"État « {page.text(label)} »", anchor=False)
    if etat in rules.etats:
        note(f"Cet état ne se supprime pas : {rules.etats[etat]}. Son nom peut changer.")
    libelle, theirs = _names(name, slots, label, table["etats_collectivite"].get(etat, ""))
    if show_buttons(lieu, cle, name, "Enregistrer l’état"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: update_state(contenu, cle, etat, libelle, theirs),
            "État enregistré dans le brouillon.",
            vue="circuit",
            circuit=cle,
        )
    if etat not in rules.etats and not rules.ajouts:
        _show_removal(lieu, cle, etat, name)


def _show_removal(lieu: Lieu, cle: str, etat: str, name: str) -> None:
    table = find_table(lieu.contenu, cle)
    label = table["etats"][etat]
    others = {code: text for code, text in table["etats"].items() if code != etat}
    # Where most of what leaves the state leads: what led to it would rather go there.
    after = [line["vers"] for line in table["transitions"] if line["de"] == [etat] and line["vers"] in others]
    codes = list(others)
    with st.expander("Supprimer cet état", icon=":material/delete:"):
        note("Les actions qui n’existent que dans cet état disparaissent avec lui.")
        remplacant = st.selectbox(
            "Les actions qui y menaient conduiront à", codes, codes.index(after[0]) if after else None,
            format_func=others.__getitem__, key=f"{PREFIX}{name}:remplacant", placeholder="Choisissez un état",
        )  # fmt: skip
        if st.button("Supprimer l’état", key=f"{PREFIX}{name}:supprimer"):
            confirm(
                lieu,
                name,
                "Supprimer l’état",
                f"« {label} » disparaît du circuit des nouveaux dossiers. Les dossiers commencés gardent le leur.",
                "Supprimer l’état",
                lambda contenu, _: delete_state(contenu, cle, etat, remplacant or ""),
                "État supprimé du brouillon.",
            )
