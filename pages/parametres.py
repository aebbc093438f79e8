"""Settings of a centre: what its documents say about it, its logo, the annexes it supplies."""

import streamlit as st

from services.centre.parametres import list_configurable, open_parametres
from services.core import clock
from ui import page, session
from ui.centre.settings import SettingsDraft, show_centre_files, show_save
from ui.forms import render_form
from ui.html import show, tabs

portail, acteur = session.portail(), session.acteur()
centres = dict(page.load(list_configurable, portail, acteur))
page.header("Paramètres du centre", "Ces informations sont imprimées dans les documents émis à partir de maintenant.")
if not centres:
    st.info("Vous ne gérez les paramètres d’aucun centre.")
    st.stop()
centre_id = next(iter(centres))
if len(centres) > 1:
    centre_id = st.selectbox("Centre", list(centres), format_func=lambda one: centres[one], key="parametres:centre")

view = page.load(open_parametres, portail, acteur, centre_id)
form = view.forms.forms[0]
titles = {
    **{section.id: section.title for section in form.sections},
    "annexes": "Logo et annexes",
}
asked = page.param("onglet") or ""
shown = asked if asked in titles else form.sections[0].id
urls = {code: page.url_of("parametres", onglet=code) for code in titles}
show(tabs("Parties des paramètres", ((title, urls[code], code == shown) for code, title in titles.items())))
if not view.modifiable:
    st.info("Seul un administrateur du centre modifie ces paramètres.")

with st.container(width=820):
    if shown == "annexes":
        show_centre_files(view, portail.settings.taille_max_mo)
    else:
        draft = SettingsDraft(view)
        part = form.model_copy(update={"sections": tuple(s for s in form.sections if s.id == shown)})
        render_form(draft.model(clock.today(view.centre.fuseau)), part)
        if view.modifiable:
            show_save(draft, titles)
