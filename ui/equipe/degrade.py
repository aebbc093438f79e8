"""Requests for the service dégradé made to the centre, with what may be answered."""

from __future__ import annotations

import streamlit as st

from services.activite import degrade_views
from services.activite.degrade_views import ETATS, DemandeFilter
from ui import page, session
from ui.activite.degrade import columns, show_actions
from ui.equipe.cadre import Cadre, search_bar
from ui.html import note
from ui.tables import Listing, show_table

ONGLET = "degrade"
LISTING = Listing("equipe", "d", tri="demandee_le")


def show_demandes(cadre: Cadre) -> None:
    """The list with its filters, then the answers that are possible."""
    note(
        "Des heures de service dégradé ne s’enregistrent que sur les jours d’une demande acceptée. Elles ne se cumulent pas avec "
        "la part annuelle : quand personne n’est affecté du fait du centre, enregistrez aussi la période dans « Sans assistant »."
    )
    given = search_bar(LISTING, "Collectivité ou convention", etat=("État", ETATS, "Tous les états"))
    found = page.load(
        degrade_views.list_demandes,
        session.portail(),
        session.acteur(),
        cadre.centre_id,
        DemandeFilter(given["texte"] or "", given["etat"], LISTING.number),
    )
    if found.total:
        for row in found.rows:
            show_actions(row)
        show_table(LISTING, found, columns(collectivite=True), legende="Demandes de service dégradé")
    elif LISTING.filtered:
        st.info("Aucune demande ne correspond à ces critères.")
    else:
        st.info("Aucune demande pour le moment. Les collectivités la font depuis la page de suivi de leur convention.")
