"""What may end a convention, on its page: notice, and the centre's formal notice."""

from __future__ import annotations

import streamlit as st

from domain.roles import Role
from services.convention.convention_views import ConventionView
from services.vie.demeure_views import DemeureView, open_demeures
from services.vie.denonciation_views import DenonciationView, open_denonciations
from ui import page, session
from ui.convention.demeure import show_demeures
from ui.convention.fin import show_denonciations

BEFORE_FORCE = ("a_signer", "signee_collectivite", "annulee")
End = tuple[DemeureView, DenonciationView]


def load_end(view: ConventionView) -> End | None:
    """What is known of the end; None for an avenant, before both parties have signed, and for an assistant, who has no part in
    it."""
    if view.etat in BEFORE_FORCE or view.avenant or view.roles == {Role.ASSISTANT}:
        return None
    portail, acteur = session.portail(), session.acteur()
    return page.load(open_demeures, portail, acteur, view.id), page.load(open_denonciations, portail, acteur, view.id)


def has_notice(end: End | None) -> bool:
    """Whether a notice of termination waits for the centre's answer."""
    return end is not None and end[1].vivante is not None and end[1].vivante.etat == "recue"


def is_under_way(end: End | None) -> bool:
    """Whether somebody has to decide something: the section then comes before the terms of the convention."""
    if end is None:
        return False
    return has_notice(end) or any(one.etat in ("preparee", "envoyee") for one in end[0].demeures)


def show_end(end: End | None) -> None:
    """The section about the end."""
    if end is None:
        return
    st.header("Fin de la convention", anchor=False)
    demeures, denonciations = end
    show_demeures(demeures)
    show_denonciations(denonciations)
