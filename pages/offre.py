"""An offer through the web: its terms, its circuit, its documents, who may join, what is asked for; its versions."""

import streamlit as st

from services.offres.edition_formulaires import list_administered
from ui.editeur.lieu import Lieu
from ui.editeur.liste import show_faults
from ui.editeur.publication import show_publication
from ui.editeur.tete import open_editor, show_head
from ui.offre.circuit import show_circuits
from ui.offre.demandes import show_requests
from ui.offre.documents import show_documents
from ui.offre.lignes import show_list, show_panel
from ui.offre.rappels import show_reminders
from ui.offre.reglages import show_settings
from ui.offre.versions import show_versions
from ui.offre.vues import ECRAN, VUES, enter_vue


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


lieu = open_editor(
    "Offres",
    "Tout ce qui fait une offre, hors ses questions. Rien ne change avant la publication.",
    ECRAN,
    list_administered,
)
vue = enter_vue()
show_head(lieu, VUES, vue, "Parties de l’offre")
with st.container(width=820):
    if vue != "changements":
        show_faults(lieu.view.faults)
    show_view(lieu, vue)
