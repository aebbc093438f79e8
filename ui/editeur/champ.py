"""One question of a form: what is asked, how, whether an answer is needed, and when it shows."""

from __future__ import annotations

from typing import Any

import streamlit as st

from domain.forms.editing import Contenu, add_field, find_field, find_section, propose_id, update_field
from domain.forms.fields import FIELD_TYPES
from ui import page
from ui.editeur.condition import ConditionEditor
from ui.editeur.genre import show_type
from ui.editeur.lieu import PREFIX, Lieu, apply
from ui.editeur.place import show_place, show_removal
from ui.editeur.remplit import show_fills
from ui.html import note

NEEDS = {
    "facultative": "Facultative",
    "recommandee": "Recommandée : demandée, jamais bloquante",
    "obligatoire": "Obligatoire",
    "condition": "Obligatoire selon une condition",
}
STAGES = {
    "deposer": "Avant le dépôt du dossier",
    "accepter": "Avant l’acceptation par le centre",
    "emettre": "Avant l’émission de la convention",
}


def show_new_field(lieu: Lieu, section_id: str) -> None:
    """The panel that adds a question to a section."""
    section = find_section(lieu.contenu, lieu.form_id, section_id)
    name = f"nouveau:{lieu.form_id}:{section_id}"
    st.subheader(f"Nouvelle question dans « {section['title']} »", anchor=False)
    panel = FieldPanel(lieu, name, None)
    panel.show()
    given = st.session_state.get(f"{PREFIX}{name}:label") or ""
    proposed = propose_id(lieu.contenu, lieu.form_id, section_id, given, lieu.view.permanents.champs)
    ident = st.text_input(
        "Identifiant",
        placeholder=proposed,
        key=f"{PREFIX}{name}:id",
        help="Les documents et les conditions nomment la question ainsi, pour toujours. Laissez vide pour garder celui qui"
        " est proposé.",
    )
    panel.slots.place("id")
    with st.container(horizontal=True):
        saved = st.button("Ajouter la question", type="primary", key=f"{PREFIX}{name}:enregistrer")
        _cancel(lieu, name)
    if saved:
        apply(
            lieu,
            name,
            panel.slots,
            lambda contenu, permanents: add_field(
                contenu, lieu.form_id, section_id, {**panel.read(), "id": ident}, taken=permanents.champs
            ),
            "Question ajoutée au brouillon. Elle sera posée dans les nouveaux dossiers après la publication.",
        )


def show_field(lieu: Lieu, field_id: str) -> None:
    """The panel of a question that exists: its words, then its place, then taking it away."""
    _, section, field = find_field(lieu.contenu, field_id)
    name = f"champ:{field_id}"
    st.subheader(f"Question « {page.text(field['label'])} »", anchor=False)
    note(f"Partie « {section['title']} ». Identifiant permanent\u00a0: {field_id}")
    if field["retired"]:
        st.info("Cette question est retirée : elle n’est plus posée, ses réponses sont conservées.")
    panel = FieldPanel(lieu, name, field)
    panel.show()
    with st.container(horizontal=True):
        saved = st.button("Enregistrer la question", type="primary", key=f"{PREFIX}{name}:enregistrer")
        _cancel(lieu, name)
    if saved:
        apply(
            lieu,
            name,
            panel.slots,
            lambda contenu, permanents: update_field(contenu, field_id, panel.read(), published=permanents.champs),
            "Question enregistrée dans le brouillon.",
        )
    show_place(lieu, field)
    show_removal(lieu, field)


def _cancel(lieu: Lieu, name: str) -> None:
    if st.button("Revenir à la liste", type="tertiary", key=f"{PREFIX}{name}:revenir"):
        lieu.go()


class FieldPanel:
    """The widgets of a question. `field` is what it is now, None for a new one."""

    def __init__(self, lieu: Lieu, name: str, field: Contenu | None) -> None:
        self.lieu, self.name = lieu, name
        self.slots = page.Slots()
        self.old: Contenu = field or {}
        self.given: dict[str, Any] = {}
        lieu.held_version(name)
        fields = {key: one for key, one in lieu.fields.items() if key != self.old.get("id")}
        self.visible = ConditionEditor(self.key("visible_if"), "visible_if", self.old.get("visible_if"), fields)
        self.required = ConditionEditor(self.key("required_if"), "required_if", self.old.get("required_if"), fields)

    def key(self, part: str) -> str:
        """Key of one widget."""
        return f"{PREFIX}{self.name}:{part}"

    def show(self) -> None:
        """Draw every widget and remember what it holds."""
        self.given["label"] = st.text_input("Question", self.old.get("label", ""), max_chars=300, key=self.key("label"))
        self.slots.place("label")
        self._show_kind()
        self.given["help"] = st.text_area(
            "Aide, sous la question", self.old.get("help", ""), max_chars=1000, height=80, key=self.key("help")
        )
        self.given["example"] = st.text_input(
            "Exemple de réponse", self.old.get("example", ""), max_chars=200, key=self.key("example")
        )
        self._show_need()
        self.visible.show("Cette question est posée", "Toujours", "Selon les autres réponses", self.slots)

    def _show_kind(self) -> None:
        held = self.old.get("type", "text")
        fixed = self.old.get("id") in self.lieu.view.permanents.champs
        kinds = list(FIELD_TYPES)
        kind = st.selectbox(
            "Genre de réponse",
            kinds,
            kinds.index(held),
            format_func=lambda code: FIELD_TYPES[code].label,
            disabled=fixed,
            key=self.key("type"),
            help="Le genre d’une question publiée ne change pas : ses réponses ont cette forme." if fixed else None,
        )
        self.slots.place("type")
        self.given["type"] = kind
        mine = self.lieu.fields.get(str(self.old.get("id")))
        self.given.update(show_type(self.key, kind, self.old, self.slots, mine.options if mine else ()))
        show_fills(self.key, kind, self.old, self.given, self.lieu.fields, self.slots)

    def _show_need(self) -> None:
        old = self.old
        held = (
            "obligatoire" if old.get("required") else "condition" if old.get("required_if")
            else "recommandee" if old.get("recommended") else "facultative"
        )  # fmt: skip
        codes = list(NEEDS)
        self.need = st.radio("Réponse", codes, codes.index(held), format_func=NEEDS.__getitem__, key=self.key("besoin"))
        if self.need in ("obligatoire", "condition"):
            stages = list(STAGES)
            self.given["required_for"] = st.selectbox(
                "Quand faut-il une réponse ?",
                stages,
                stages.index(old.get("required_for", "deposer")),
                format_func=STAGES.__getitem__,
                key=self.key("etape"),
            )
        if self.need == "condition":
            self.required.show("La réponse est obligatoire", "Toujours", "Selon les autres réponses", self.slots)

    def read(self) -> dict[str, Any]:
        """What the widgets hold, as `domain.forms.editing` takes it; Invalide about a condition that is not complete."""
        required_if = self.required.read() if self.need == "condition" else None
        return {
            **self.given,
            "required": self.need == "obligatoire" or (self.need == "condition" and required_if is None),
            "recommended": self.need == "recommandee",
            "required_if": required_if,
            "visible_if": self.visible.read(),
        }
