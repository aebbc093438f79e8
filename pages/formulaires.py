"""The form editor: questions and steps of an offer, changed in a draft, previewed, then published."""

import streamlit as st

from services.offres.edition_formulaires import list_editable
from ui import page
from ui.editeur.apercu import show_preview
from ui.editeur.champ import show_field, show_new_field
from ui.editeur.controles import show_check
from ui.editeur.etapes import show_section, show_step, show_steps
from ui.editeur.lieu import VUES, Lieu, choose_form
from ui.editeur.liste import show_faults, show_questions
from ui.editeur.publication import show_publication
from ui.editeur.tete import choose_vue, open_editor, show_head

PANELS = {
    "champ": show_field,
    "ajouter": show_new_field,
    "partie": show_section,
    "etape": show_step,
    "controle": show_check,
}


def show_panel(lieu: Lieu) -> bool:
    """The panel that the address asks for, in place of the list; False when it asks for none."""
    for name, panel in PANELS.items():
        asked = page.param(name)
        if asked and page.ran(panel, lieu, asked)[0]:
            return True
    return False


lieu = open_editor(
    "Formulaires",
    "Ce que les collectivités remplissent. Rien ne change pour elles avant la publication.",
    "formulaires",
    list_editable,
)
vue = choose_vue(VUES)
lieu = choose_form(lieu, vue)
show_head(lieu, VUES, vue, "Parties de l’éditeur")
with st.container(width=820):
    if vue == "etapes":
        show_steps(lieu)
    elif vue == "apercu":
        show_preview(lieu)
    elif vue == "changements":
        show_publication(lieu)
    elif not show_panel(lieu):
        show_faults(lieu.view.faults)
        show_questions(lieu)
