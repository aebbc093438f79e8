"""Where one is logged in, and closing a session from afar."""

from __future__ import annotations

import streamlit as st

from services.comptes import sessions
from ui import page, session
from ui.comptes.user_agent import describe_agent
from ui.html import day_and_time


def show_sessions() -> None:
    """Where one is logged in."""
    st.subheader("Sessions ouvertes", anchor=False)
    rows = sessions.list_sessions(session.portail(), session.acteur())
    for row in rows:
        where = "cette session" if row.courante else f"vue le {day_and_time(row.vue_le)}"
        with st.container(horizontal=True, vertical_alignment="center", width=720):
            st.text(f"{describe_agent(row.agent)}, ouverte le {day_and_time(row.creee_le)} ({where})")
            if not row.courante and st.button("Fermer", key=f"fermer-{row.id}", help="Fermer cette session"):
                page.run(sessions.revoke_session, session.portail(), session.acteur(), row.id, succes="Session fermée.")
                st.rerun()
    if len(rows) > 1 and st.button("Fermer toutes les autres sessions", icon=":material/logout:"):
        page.run(sessions.revoke_all, session.portail(), session.acteur(), succes="Vos autres sessions sont fermées.")
        st.rerun()
