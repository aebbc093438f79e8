"""Which centre a request for adhesion is for, and what that centre offers."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from services.centre import centres
from ui import page, session
from ui.html import note


def choose_centre(slots: page.Slots) -> UUID | None:
    """The centre asked; no question when there is only one. What it offers is said in its own words."""
    known = centres.list_centres(session.portail())
    chosen: centres.CentreRow | None = known[0] if len(known) == 1 else None
    if chosen is None:
        chosen = st.selectbox(
            "Centre de gestion",
            known,
            index=None,
            format_func=lambda one: one.nom,
            placeholder="Choisissez votre centre de gestion",
            width=720,
        )
        slots.place("centre")
    if chosen and chosen.offres:
        note(f"Ce centre propose : {' ; '.join(chosen.offres)}.")
    return chosen.id if chosen else None
