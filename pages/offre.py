"""An offer through the web: its terms, its circuit, its documents, who may join, what is asked for; its versions."""

import streamlit as st

from services.offres.edition_formulaires import list_administered, open_edition
from ui import page, session
from ui.editeur.lieu import Lieu, choose_offre
from ui.editeur.liste import show_faults
from ui.editeur.publication import show_publication, show_status
from ui.offre.circuit import show_circuits
from ui.offre.demandes import show_requests
from ui.offre.documents import show_documents
from ui.offre.lignes import show_list, show_panel
from ui.offre.rappels import show_reminders
from ui.offre.reglages import show_settings
from ui.offre.versions import show_versions
from ui.offre.vues import ECRAN, choose_vue


def show_view(lieu: Lieu, vue: str) -> None:
    """The part of the offer that the address asks for."""
    if vue == "circuit":
        show_circuits(lieu)
    elif vue == "changements":
        show_publication(lieu)
    elif vue == "versions":
        show_versions(lieu)
    elif vue == "reglages":
        show_settings(lieu)
    elif vue == "rappels":
        show_reminders(lieu)
    elif show_panel(lieu, vue):
        return
    elif vue == "documents":
        show_documents(lieu)
    elif vue == "demandes":
        show_requests(lieu)
    else:
        show_list(lieu, vue, vue)


portail, acteur = session.portail(), session.acteur()
offres = page.load(list_administered, portail, acteur)
page.header("Offres", "Tout ce qui fait une offre, hors ses questions. Rien ne change avant la publication.")
if not offres:
    st.info("Vous n’administrez aucune offre.")
    st.stop()

offre = choose_offre(offres, ECRAN)
view = page.load(open_edition, portail, acteur, offre.centre_id, offre.code)
lieu = Lieu(offre, view, ecran=ECRAN)
vue = choose_vue(lieu)
show_status(lieu)
with st.container(width=820):
    if vue != "changements":
        show_faults(view.faults)
    show_view(lieu, vue)
