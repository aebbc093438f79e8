"""Beside a request that names somebody else: who is named today."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.forms.formset import Form
from services.adhesion.dossier_views import DossierView
from services.vie.presents import open_present
from ui import page, session
from ui.html import facts, show


def show_present(view: DossierView, form: Form) -> None:
    """What the convention says today on the points that this form asks anew, under the titles of its sections where it has
    several; nothing in an adhesion."""
    if view.adhesion:
        return
    told = page.load(open_present, session.portail(), session.acteur(), view.id, form.id)
    titles = list(dict.fromkeys(one.titre for one in told))
    if not told:
        return
    with st.container(border=True, width=760, key="p-aujourdhui"):
        st.subheader("Aujourd’hui dans la convention", anchor=False)
        for title in titles:
            heading = Markup("<h4>{}</h4>").format(title) if len(titles) > 1 else Markup("")
            show(heading, *(facts(one.lignes) for one in told if one.titre == title))
