"""The PDF of an issued convention when it is not there yet: made on request where LibreOffice is installed."""

from __future__ import annotations

import streamlit as st

from services.convention import conventions
from services.convention.convention_views import ConventionView
from ui import page, session
from ui.html import note


def show_missing_pdf(view: ConventionView) -> None:
    """Nothing once the PDF is stored; else the button that makes it, or why there is none."""
    if not view.pdf_manquant:
        return
    if not view.pdf_possible:
        note("Le PDF du document émis n’est pas disponible sur cette installation : utilisez le fichier Word.")
        return
    note("Le PDF du document émis n’a pas encore été produit.")
    if st.button("Produire le PDF", icon=":material/picture_as_pdf:", key=f"convention:{view.id}:pdf"):
        with st.spinner("Production du PDF : quelques secondes…"):
            done, _ = page.ran(
                conventions.produce_pdf, session.portail(), session.acteur(), view.id, succes="PDF produit."
            )
        if done:
            st.rerun()
