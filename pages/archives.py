"""Archives of a centre: what is due for elimination, eliminations, personal data, purges."""

import streamlit as st

from services.archives.conservation import list_archive_centres
from ui import page, session
from ui.archives import a_eliminer, donnees, eliminations, purge
from ui.archives.cadre import Cadre
from ui.html import show, tabs

PARTS = {
    a_eliminer.ONGLET: ("À éliminer", a_eliminer.show_due),
    eliminations.ONGLET: ("Éliminations", eliminations.show_eliminations),
    donnees.ONGLET: ("Données personnelles", donnees.show_data),
    purge.ONGLET: ("Purge", purge.show_purge),
}

portail, acteur = session.portail(), session.acteur()
page.header("Archives", "Ce que le centre conserve, jusqu’à quand, et ce qu’il élimine.")
centres = dict(page.load(list_archive_centres, portail, acteur))
if not centres:
    st.info("Vous ne suivez les archives d’aucun centre.")
    st.stop()
asked = page.uuid_param("centre")
centre_id = asked if asked in centres else next(iter(centres))
cadre = Cadre(centre_id, acteur.roles_for(centre_id=centre_id), len(centres) > 1)
onglet = page.param("onglet") or a_eliminer.ONGLET
onglet = onglet if onglet in PARTS else a_eliminer.ONGLET
if cadre.plusieurs:
    urls = [(nom, page.url_of("archives", onglet=onglet, centre=one), one == centre_id) for one, nom in centres.items()]
    show(tabs("Centres", urls))
show(tabs("Parties de la page", ((titre, cadre.url(code), code == onglet) for code, (titre, _) in PARTS.items())))
PARTS[onglet][1](cadre)
