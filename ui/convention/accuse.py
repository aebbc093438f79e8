"""Attaching the prefecture's receipt to a convention: optional, whatever the state."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from services.convention import signatures
from ui import page, session


def show_accuse_form(convention_id: UUID, *, limit: int) -> None:
    """The upload, closed until wanted."""
    name = f"accuse:{convention_id}"
    operation = page.operation_id(name)
    with st.expander("Joindre un accusé de réception de la préfecture (facultatif)"), st.form(name, border=False):
        uploaded = st.file_uploader(
            f"Accusé de réception (PDF, {limit} Mo au plus)",
            type=["pdf"],
            key=f"{name}:{operation}",
            max_upload_size=limit,
        )
        sent = st.form_submit_button("Joindre l’accusé de réception")
    if not sent:
        return
    if uploaded is None:
        st.error("Choisissez le PDF de l’accusé de réception.", icon=":material/error:")
        return
    done, _ = page.ran(
        signatures.attach_accuse,
        session.portail(),
        session.acteur(),
        convention_id,
        nom=uploaded.name,
        data=uploaded.getvalue(),
        operation_id=operation,
        succes="Accusé de réception joint.",
    )
    if done:
        page.renew_operation(name)
        st.rerun()
