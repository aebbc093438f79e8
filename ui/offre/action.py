"""One action of a circuit: from where, to where, by whom, on which condition."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.courriels import catalogue
from domain.forms.editing import Contenu
from domain.roles import ROLE_LABELS
from domain.workflow.editing import (
    add_action,
    delete_action,
    find_action,
    find_table,
    role_names,
    rules_of,
    update_action,
)
from domain.workflow.mails import COTES, mails_of
from domain.workflow.rules import ROLES_CIRCUIT, Regles
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import href, link, note, show


class ActionPanel:
    """The widgets of an action. `line` is what it is now, empty for a new one; `etats` the states it may name."""

    def __init__(self, name: str, rules: Regles, etats: dict[str, str], line: Contenu, slots: page.Slots) -> None:
        self.name, self.rules, self.etats, self.line, self.slots = name, rules, etats, line, slots
        self.given: dict[str, Any] = {}

    def key(self, part: str) -> str:
        return f"{PREFIX}{self.name}:{part}"

    def _fixed(self, part: str) -> bool:
        return self.rules.fixed(str(self.line.get("action", "")), part)

    def show(self, *, de: bool = True, vers_label: str = "Conduit à", suite: str = "") -> None:
        """Draw every widget. Without `de`, the action leaves the state that is being added; where it leads is proposed anew
        when `suite` changes."""
        self.given["libelle"] = st.text_input(
            "Nom de l’action", self.line.get("libelle", ""), max_chars=80, key=self.key("libelle"),
            help="Ce qui est écrit sur le bouton, par exemple « Valider le dossier ».",
        )  # fmt: skip
        self.slots.place("action.libelle")
        if de:
            self.given["de"] = st.multiselect(
                "Possible depuis", list(self.etats), self.line.get("de", []), format_func=self._state,
                key=self.key("de"), disabled=self._fixed("de"), placeholder="Choisissez un ou plusieurs états",
            )  # fmt: skip
            self.slots.place("action.de")
        codes = list(self.etats)
        vers = self.line.get("vers")
        self.given["vers"] = st.selectbox(
            vers_label, codes, codes.index(vers) if vers in codes else None, format_func=self._state,
            key=self.key(f"vers{suite}"), disabled=self._fixed("vers"), placeholder="Choisissez un état",
        )  # fmt: skip
        self.slots.place("action.vers")
        self._show_who()

    def _state(self, code: str) -> str:
        return self.etats.get(code, code)

    def _show_who(self) -> None:
        allowed = self.rules.roles_of(str(self.line.get("action", "")))
        self.given["roles"] = st.multiselect(
            "Par qui", [role for role in ROLES_CIRCUIT if role in allowed], role_names(self.line.get("roles", [])),
            format_func=lambda role: ROLE_LABELS[role], key=self.key("roles"), placeholder="Choisissez un ou plusieurs rôles",
        )  # fmt: skip
        self.slots.place("action.roles")
        conditions = {"": "Aucune condition", **self.rules.conditions}
        codes = list(conditions)
        now = self.line.get("condition") or ""
        self.given["condition"] = st.selectbox(
            "À quelle condition", codes, codes.index(now) if now in codes else 0, format_func=conditions.__getitem__,
            key=self.key("condition"), disabled=self._fixed("condition"),
        )  # fmt: skip
        self.given["motif"] = st.checkbox("Demander un motif", bool(self.line.get("motif")), key=self.key("motif"))


def tell_mail(lieu: Lieu, cle: str, action: str, vers: str | None) -> None:
    """Which mail the action sends, with its text to read and to change. A convention's have pages of their own."""
    if cle == "convention" or not vers or action == "emettre":
        return
    found = mails_of(action, vers, demande=cle != "dossier")
    if not found:
        note("Cette action n’envoie pas de courriel.")
    for modele, cote in found:
        url = href("courriels", centre=lieu.offre.centre_id, offre=lieu.offre.code, modele=modele)
        read = link(f"«\u00a0{catalogue().label(modele)}\u00a0»", url, here=True)
        show(Markup('<p class="p-discret">Courriel envoyé\u00a0: {}, {}.</p>').format(read, COTES[cote]))


def show_new_action(lieu: Lieu, cle: str) -> None:
    """The panel that adds an action between two states."""
    name, slots = f"action-nouvelle:{cle}", page.Slots()
    lieu.held_version(name)
    st.subheader("Nouvelle action", anchor=False)
    table = find_table(lieu.contenu, cle)
    panel = ActionPanel(name, rules_of(lieu.contenu, cle), table["etats"], {}, slots)
    panel.show()
    tell_mail(lieu, cle, "", panel.given["vers"])
    if show_buttons(lieu, cle, name, "Ajouter l’action"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: add_action(contenu, cle, panel.given)[0],
            "Action ajoutée au brouillon.",
            vue="circuit",
            circuit=cle,
        )


def show_action(lieu: Lieu, cle: str, action: str) -> None:
    """The panel of an action that exists."""
    table, rules = find_table(lieu.contenu, cle), rules_of(lieu.contenu, cle)
    line = find_action(table, action)
    name, slots = f"action:{cle}:{action}", page.Slots()
    lieu.held_version(name)
    st.subheader(f"Action « {page.text(line['libelle'])} »", anchor=False)
    if action in rules.actions:
        note(f"Cette action ne se supprime pas : {rules.actions[action]}. Ce qui est grisé ne change pas.")
    panel = ActionPanel(name, rules, table["etats"], line, slots)
    panel.show()
    tell_mail(lieu, cle, action, panel.given["vers"])
    if show_buttons(lieu, cle, name, "Enregistrer l’action"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: update_action(contenu, cle, action, panel.given),
            "Action enregistrée dans le brouillon.",
            vue="circuit",
            circuit=cle,
        )
    if action not in rules.actions and st.button(
        "Supprimer l’action", key=f"{PREFIX}{name}:supprimer", icon=":material/delete:"
    ):
        confirm(
            lieu,
            name,
            "Supprimer l’action",
            f"« {line['libelle']} » ne sera plus proposée dans les nouveaux dossiers.",
            "Supprimer l’action",
            lambda contenu, _: delete_action(contenu, cle, action),
            "Action supprimée du brouillon.",
        )


def show_buttons(lieu: Lieu, cle: str, name: str, label: str) -> bool:
    with st.container(horizontal=True):
        saved = st.button(label, type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir au circuit", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go(vue="circuit", circuit=cle)
    return saved
