"""The template bench: the Word templates of an offer, changed by people who know Word."""

import streamlit as st

from services.offres.gabarits import list_offres, open_banc
from ui import page, session
from ui.gabarits.apercu import show_apercu
from ui.gabarits.choix import choose_gabarit, choose_offre, choose_vue, remember
from ui.gabarits.historique import show_differences, show_history
from ui.gabarits.modifier import show_deposit, show_files, show_publication
from ui.gabarits.variables import show_variables

portail, acteur = session.portail(), session.acteur()
offres = page.load(list_offres, portail, acteur)
page.header("Gabarits Word", "Les documents que produit une offre. Ils se modifient dans Word, sans informaticien.")
if not offres:
    st.info("Aucune offre n’est publiée dans les centres que vous administrez.")
    st.stop()

with st.container(width=720):
    offre = choose_offre(offres)
    banc = page.load(open_banc, portail, acteur, offre.centre_id, offre.code)
    if not banc.gabarits:
        st.info("Cette offre ne produit encore aucun document Word.")
        st.stop()
    gabarit = choose_gabarit(banc)
remember(offre, gabarit)
vue = choose_vue()
with st.container(width=1000):
    if vue == "variables":
        show_variables(banc, gabarit)
    elif vue == "apercu":
        show_apercu(banc, gabarit)
    elif vue == "differences":
        show_differences(banc, gabarit)
    elif vue == "historique":
        show_history(banc, gabarit)
    else:
        show_files(banc, gabarit)
        show_publication(banc)
        show_deposit(banc, gabarit)
