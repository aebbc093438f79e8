"""One statement: lines, calculation, state, what is done now, files and history."""

import streamlit as st

from services.facturation import consultation
from ui import page, session
from ui.actions import follow_state
from ui.decomptes import detail
from ui.history import show_history
from ui.html import show

portail, acteur = session.portail(), session.acteur()
view = page.load(consultation.open_decompte, portail, acteur, page.required_id())
kind = "Contre-décompte" if view.row.contre else "Décompte"
title = f"{kind} n° {view.row.numero}" if view.row.numero else f"{kind}, {view.row.etat_libelle.lower()}"
page.header(title, f"{view.row.collectivite}, {view.row.periode}", retour=("decomptes", "Décomptes"))
follow_state(f"decompte:{view.row.id}:etat", view.row.etat)
detail.show_warning(view)
references, now = st.columns([3, 2], gap="large")
with references:
    show(detail.render_facts(view))
with now:
    detail.show_now(view)
    st.header("Fichiers", anchor=False)
    detail.show_files(view)
st.header("Lignes", anchor=False)
show(detail.render_lines(view))
detail.show_steps(view)
if view.cote_centre:
    st.header("Historique", anchor=False)
    show_history(view.historique, view.fuseau)
