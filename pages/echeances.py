"""Deadlines of the conventions: a list by month, a month as a calendar, and the address that calendar programs follow."""

import streamlit as st

from domain.roles import ROLES_CENTRE, Role
from services.vie.echeances import open_cadre
from ui import page, session
from ui.echeances import agenda, liste, mois
from ui.html import show, tabs

VUES = {"liste": "Liste", "mois": "Mois", "agenda": "Dans mon agenda"}

portail, acteur = session.portail(), session.acteur()
cadre = page.load(open_cadre, portail, acteur)
vue = page.param("vue") or "liste"
vue = vue if vue in VUES else "liste"
page.header(
    "Échéances",
    "Ce qui arrive aux conventions du centre, et quand."
    if acteur.du_centre
    else "Ce qui arrive aux conventions de votre collectivité, et quand.",
)
genre = page.param("e_genre")
show(
    tabs(
        "Vues",
        [
            (label, page.url_of("echeances", vue=None if code == "liste" else code, e_genre=genre), code == vue)
            for code, label in VUES.items()
        ],
    )
)
if vue == "agenda":
    agenda.show_feed()
elif cadre.conventions and vue == "mois":
    mois.show_month(cadre)
elif cadre.conventions:
    liste.show_list(cadre, cote_centre=acteur.du_centre)
elif acteur.has(*(ROLES_CENTRE - {Role.ASSISTANT})):
    st.info(
        "Aucune convention signée pour le moment : les échéances apparaissent quand une convention entre en vigueur."
    )
elif acteur.du_centre:
    st.info("Vous n’êtes affecté à aucune convention. Le responsable du service vous affecte depuis « Équipe ».")
else:
    st.info("Aucune convention signée pour le moment. Ses échéances apparaîtront ici dès la signature du centre.")
