"""A dossier as its collectivité sees it: filling it in, correcting it, reading it once deposited."""

import streamlit as st

from services import dossiers
from ui import page, session
from ui.dossier_review import (
    show_answers,
    show_corrections,
    show_dossier_actions,
    show_messages,
    show_state,
)
from ui.dossier_wizard import show_wizard

view = page.load(dossiers.open_dossier, session.portail(), session.acteur(), page.required_id())
if view.cote_centre and not view.editable:
    page.go("instruction", id=view.id)

title = f"Dossier {view.reference}"
page.header(
    title, f"{view.collectivite.nom} – {view.offer.titre}, {view.centre.nom}", retour=("dossiers", "Tous les dossiers")
)

if view.editable and view.etat == "brouillon":
    show_wizard(view)
    with st.expander(f"Messages avec le centre ({view.non_lus} à lire)" if view.non_lus else "Messages avec le centre"):
        show_messages(view)
    show_dossier_actions(view, "retirer")
elif view.editable:
    show_state(view)
    show_corrections(view)
    show_dossier_actions(view, "redeposer", "retirer")
    show_messages(view)
    st.subheader("Vos réponses", anchor=False)
    show_answers(view)
else:
    show_state(view)
    show_dossier_actions(view, "deposer", "redeposer", "retirer")
    show_messages(view)
    st.subheader("Les réponses du dossier", anchor=False)
    show_answers(view)
