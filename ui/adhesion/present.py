"""Beside a request that names somebody else: who is named today."""

from __future__ import annotations

import streamlit as st

from domain.forms.formset import Form
from services.adhesion.dossier_views import DossierView
from services.vie.presents import open_present
from ui import page, session
from ui.html import facts, show


def show_present(view: DossierView, form: Form) -> None:
    """What the convention says today on the points that this form asks anew; nothing in an adhesion."""
    if view.adhesion:
        return
    told = page.load(open_present, session.portail(), session.acteur(), view.id, form.id)
    if told:
        with st.container(border=True, width=760, key="p-aujourdhui"):
            st.subheader("Aujourd’hui dans la convention", anchor=False)
            show(facts(told))
