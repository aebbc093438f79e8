"""The form editor: questions and steps of an offer, changed in a draft, previewed, then published."""

import streamlit as st

from services.offres.edition_formulaires import list_editable, open_edition
from ui import page, session
from ui.editeur.apercu import show_preview
from ui.editeur.champ import show_field, show_new_field
from ui.editeur.controles import show_check
from ui.editeur.etapes import show_section, show_step, show_steps
from ui.editeur.lieu import VUES, Lieu, choose_form, choose_offre
from ui.editeur.liste import show_faults, show_questions
from ui.editeur.publication import show_publication, show_status
from ui.html import show, tabs

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


portail, acteur = session.portail(), session.acteur()
offres = page.load(list_editable, portail, acteur)
page.header("Formulaires", "Ce que les collectivités remplissent. Rien ne change pour elles avant la publication.")
if not offres:
    st.info("Vous n’administrez aucune offre publiée.")
    st.stop()

offre = choose_offre(offres)
view = page.load(open_edition, portail, acteur, offre.centre_id, offre.code)
vue = page.param("vue") if page.param("vue") in VUES else "questions"
lieu = Lieu(offre, view, page.param("formulaire") or "")
lieu = choose_form(lieu, vue)
show(tabs("Parties de l’éditeur", ((titre, lieu.url(vue=code), code == vue) for code, titre in VUES.items())))
show_status(lieu)
with st.container(width=820):
    if vue == "etapes":
        show_steps(lieu)
    elif vue == "apercu":
        show_preview(lieu)
    elif vue == "changements":
        show_publication(lieu)
    elif not show_panel(lieu):
        show_faults(view.faults)
        show_questions(lieu)
