"""What may end a convention, on its page: notice, and the centre's formal notice."""

from __future__ import annotations

import streamlit as st

from services.convention.convention_views import ConventionView
from services.vie.demeure_views import open_demeures
from services.vie.denonciation_views import open_denonciations
from ui import page, session
from ui.convention.demeure import show_demeures
from ui.convention.fin import show_denonciations

BEFORE_FORCE = ("a_signer", "signee_collectivite", "annulee")


def show_end(view: ConventionView) -> None:
    """The section about the end; nothing for an avenant, nor before both parties have signed."""
    if view.etat in BEFORE_FORCE or view.avenant:
        return
    st.header("Fin de la convention", anchor=False)
    portail, acteur = session.portail(), session.acteur()
    show_demeures(page.load(open_demeures, portail, acteur, view.id))
    show_denonciations(page.load(open_denonciations, portail, acteur, view.id))
