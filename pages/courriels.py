"""Mails: their texts, offer by offer, and what became of those that were asked for."""

import streamlit as st

from services.courriels.envois import count_envois
from services.offres.edition_formulaires import list_editable
from ui import page, session
from ui.courriels.envois import show_envois
from ui.courriels.textes import show_textes
from ui.html import href, show, tabs

portail, acteur = session.portail(), session.acteur()
page.header("Courriels", "Ce que le portail écrit aux personnes, et ce que sont devenus ses envois.")
waiting = page.load(count_envois, portail, acteur)["a_traiter"]
VUES = {"textes": "Textes", "envois": f"Envois ({waiting} à traiter)" if waiting else "Envois"}
vue = "envois" if page.param("vue") == "envois" else "textes"
offre = {"centre": page.param("centre"), "offre": page.param("offre")}
show(
    tabs(
        "Parties de la page",
        ((titre, href("courriels", vue=code, **offre), code == vue) for code, titre in VUES.items()),
    )
)
if vue == "envois":
    show_envois()
else:
    with st.container():
        show_textes(page.load(list_editable, portail, acteur))
