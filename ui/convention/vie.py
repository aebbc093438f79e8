"""What may end a convention, on its page: notice, and the centre's formal notice."""

from __future__ import annotations

import streamlit as st

from services.convention.convention_views import ConventionView
from ui.convention.fin import load_denonciations, show_denonciations

BEFORE_FORCE = ("a_signer", "signee_collectivite", "annulee")


def show_end(view: ConventionView) -> None:
    """The section about the end; nothing before both parties have signed."""
    if view.etat in BEFORE_FORCE:
        return
    st.header("Fin de la convention", anchor=False)
    show_denonciations(load_denonciations(view.id))
