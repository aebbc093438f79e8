"""Tariffs voted by a centre: those in force, the form that records one, those replaced; the letters that announce them."""

import streamlit as st

from services.centre.tarif_views import list_tarif_centres, open_tarifs
from services.core import clock
from services.vie.courrier_views import open_letters
from ui import page, session
from ui.centre.courriers import ONGLET, show_letters
from ui.centre.tarifs import show_form, show_history, show_list
from ui.html import show, tabs

portail, acteur = session.portail(), session.acteur()
centres = dict(page.load(list_tarif_centres, portail, acteur))
page.header("Tarifs", "Un tarif vaut pour une année. Celui d’une convention est celui de l’année facturée.")
if not centres:
    st.info("Vous ne gérez les tarifs d’aucun centre.")
    st.stop()
asked = page.uuid_param("centre")
centre_id = asked if asked in centres else next(iter(centres))
if len(centres) > 1:
    ids = list(centres)
    centre_id = st.selectbox(
        "Centre", ids, ids.index(centre_id), format_func=lambda one: centres[one], key="tarifs:centre"
    )
here = ONGLET if page.param("onglet") == ONGLET else None
parts = ((None, "Tarifs votés"), (ONGLET, "Lettres aux collectivités"))
show(
    tabs(
        "Parties de la page",
        ((titre, page.url_of("tarifs", onglet=code, centre=centre_id), code == here) for code, titre in parts),
    )
)
if here == ONGLET:
    year = page.param("annee") or ""
    show_letters(page.load(open_letters, portail, acteur, centre_id, int(year) if year.isdecimal() else None))
    st.stop()

view = page.load(open_tarifs, portail, acteur, centre_id)
with st.container(width=820):
    show_list(view, clock.today(view.fuseau).year)
    if view.modifiable and view.codes:
        show_form(view, portail.settings.taille_max_mo)
    show_history(view)
