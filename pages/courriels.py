"""Mails: their texts, offer by offer, and what became of those that were asked for."""

import streamlit as st

from services.courriels.envois import count_envois
from services.offres.edition_formulaires import list_editable, open_edition
from ui import page, session
from ui.courriels.envois import show_envois
from ui.courriels.textes import ECRAN, show_changes, show_textes
from ui.editeur.lieu import Lieu, choose_offre
from ui.html import href, show, tabs

portail, acteur = session.portail(), session.acteur()
page.header("Courriels", "Ce que le portail écrit aux personnes, et ce que sont devenus ses envois.")
waiting = page.load(count_envois, portail, acteur)["a_traiter"]
VUES = {
    "textes": "Textes",
    "changements": "Changements et publication",
    "envois": f"Envois ({waiting} à traiter)" if waiting else "Envois",
}
vue = page.param("vue") if page.param("vue") in VUES else "textes"
here = {"centre": page.param("centre"), "offre": page.param("offre")}
show(tabs("Parties de la page", ((titre, href(ECRAN, vue=code, **here), code == vue) for code, titre in VUES.items())))
if vue == "envois":
    show_envois()
    st.stop()

offres = page.load(list_editable, portail, acteur)
if not offres:
    st.info("Vous n’administrez aucune offre publiée : il n’y a pas de texte à récrire.")
    st.stop()
offre = choose_offre(offres, ECRAN)
lieu = Lieu(offre, page.load(open_edition, portail, acteur, offre.centre_id, offre.code), ecran=ECRAN)
if vue == "changements":
    show_changes(lieu)
else:
    show_textes(lieu)
