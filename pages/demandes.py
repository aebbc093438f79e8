"""Requests for adhesion that came from the public page: accept or refuse."""

import streamlit as st

from services.adhesion import demandes
from ui import page, session
from ui.adhesion.demandes import show_request
from ui.html import show
from ui.tables import Listing, render_pages

LISTING = Listing("demandes", "q", tri="creee_le")
VIEWS = {"recue": ("recue",), "a_confirmer": ("a_confirmer",), "traitees": ("acceptee", "refusee")}
TITLES = {"recue": "À traiter", "a_confirmer": "En attente de confirmation", "traitees": "Traitées"}
EMPTY = {
    "recue": "Aucune demande à traiter. Les nouvelles demandes arrivent ici depuis la page publique « Demander une adhésion ».",
    "a_confirmer": "Aucune demande n’attend d’être confirmée par son auteur.",
    "traitees": "Aucune demande n’a encore été traitée.",
}

page.header("Demandes d’adhésion", "Les collectivités qui demandent à rejoindre le service.")
view = st.segmented_control(
    "Afficher",
    list(VIEWS),
    format_func=lambda code: TITLES[code],
    default="recue",
    required=True,
    key="q_vue",
    bind="query-params",
    label_visibility="collapsed",
)
found = page.load(
    demandes.list_demandes, session.portail(), session.acteur(), etats=VIEWS[view or "recue"], page=LISTING.number
)
for place, row in enumerate(found.rows):
    show_request(row, main=place == 0)
if found.total:
    show(render_pages(LISTING, found))
else:
    st.info(EMPTY[view or "recue"])
