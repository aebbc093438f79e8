"""A request that took effect when it was sent, at the centre: nothing to decide, to be marked as read once."""

from __future__ import annotations

import streamlit as st

from services.adhesion.dossier_views import DossierView
from services.vie import connaissance
from ui import page, session
from ui.html import day, note


def show_reading(view: DossierView) -> None:
    """The button that says it was read, or who did; nothing for any other dossier."""
    if not view.immediate or view.etat != "enregistre":
        return
    portail, acteur = session.portail(), session.acteur()
    known = page.load(connaissance.open_reading, portail, acteur, view.id)
    if known is None:
        return
    if known.le is not None:
        note(f"Lue par {known.par} le {day(known.le, view.centre.fuseau)}.")
    elif known.a_lire:
        note("Cette demande a pris effet à l’envoi : le centre n’a rien à décider, seulement à la lire.")
        if st.button("Marquer comme lue", type="primary", icon=":material/done:", key=f"lue:{view.id}"):
            done, _ = page.ran(connaissance.mark_read, portail, acteur, view.id, succes="Demande marquée comme lue.")
            if done:
                st.rerun()
