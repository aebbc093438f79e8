"""Settings of a centre: what its documents say about it, its logo, the annexes it supplies."""

import streamlit as st

from services import centre_files, clock
from services.parametres import list_configurable, open_parametres
from ui import page, session
from ui.forms import render_form
from ui.html import show, tabs
from ui.settings import CentreUpload, SettingsDraft, show_save, show_upload

FILES = "fichiers"

portail, acteur = session.portail(), session.acteur()
centres = page.load(list_configurable, portail, acteur)
page.header("Paramètres du centre", "Ces informations sont imprimées dans les documents émis à partir de maintenant.")
if not centres:
    st.info("Vous ne gérez les paramètres d’aucun centre.")
    st.stop()
names = dict(centres)
centre_id = centres[0][0]
if len(centres) > 1:
    centre_id = st.selectbox("Centre", list(names), format_func=lambda one: names[one], key="parametres:centre")
view = page.load(open_parametres, portail, acteur, centre_id)
form = view.forms.forms[0]
titles = {**{section.id: section.title for section in form.sections}, FILES: "Logo et annexes"}
asked = page.param("partie") or ""
shown = asked if asked in titles else form.sections[0].id
urls = {code: page.url_of("parametres", partie=code) for code in titles}
show(tabs("Parties des paramètres", ((title, urls[code], code == shown) for code, title in titles.items())))
if not view.modifiable:
    st.info("Seul un administrateur du centre modifie ces paramètres.")

if shown == FILES:
    with st.container(width=720):
        limit = portail.settings.taille_max_mo
        logo = CentreUpload(
            "logo",
            "Logo",
            "PNG ou JPEG, 1 Mo au plus. Il figure en tête du portail et des documents.",
            ["png", "jpg", "jpeg"],
            1,
        )
        show_upload(view, logo, view.logo, centre_files.attach_logo)
        for annexe in view.annexes:
            aide = (
                "Un document Word est inséré dans la convention ; un PDF est remis à côté et nommé dans la convention avec"
                " son empreinte. Sans fichier, une page d’attente le dit."
            )
            upload = CentreUpload(annexe.id, annexe.titre, aide, ["docx", "pdf"], limit)
            show_upload(view, upload, annexe.piece, centre_files.attach_annexe, annexe.id)
else:
    draft = SettingsDraft(view)
    part = form.model_copy(update={"sections": tuple(s for s in form.sections if s.id == shown)})
    with st.container(width=820):
        render_form(draft.model(clock.today(view.centre.fuseau)), part)
        if view.modifiable:
            show_save(draft, titles)
