"""The messages of a dossier: the thread, and the form that writes one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from services.adhesion import messages
from services.adhesion.dossier_views import MessageRow
from ui import page, session
from ui.html import day_and_time, lines, show


def show_thread(rows: Sequence[MessageRow], fuseau: str, *, empty: str) -> None:
    """The messages, oldest first; `empty` says what they are for when there is none."""
    if not rows:
        st.info(empty)
        return
    show(Markup('<div class="p-fil">{}</div>').format(Markup("").join(render_message(row, fuseau) for row in rows)))


def mark_shown(dossier_id: UUID, rows: Sequence[MessageRow]) -> None:
    """Remember that the person has read the messages shown, and no other: one may have arrived meanwhile."""
    if any(row.nouveau for row in rows):
        until = max(row.le for row in rows)
        page.ran(messages.mark_messages_read, session.portail(), session.acteur(), dossier_id, jusqu_a=until)


def render_message(row: MessageRow, fuseau: str) -> Markup:
    """One message with who wrote it and when."""
    side = "centre" if row.du_centre else "collectivité"
    new = Markup(" <strong>Nouveau</strong>") if row.nouveau else ""
    return Markup("<article{}><header><strong>{}</strong> ({}), {}{}</header>{}</article>").format(
        Markup(' class="p-mien"') if row.mien else "",
        "Vous" if row.mien else row.auteur,
        side,
        day_and_time(row.le, fuseau),
        new,
        lines(row.texte),
    )


def show_message_form(dossier_id: UUID) -> None:
    """Write a message; the text stays when it is refused, and a double click sends it once."""
    name = f"message:{dossier_id}"
    operation = page.operation_id(name)
    with st.form(f"{name}:{operation}", border=False):
        texte = st.text_area("Votre message", max_chars=messages.MAX_LENGTH, key=f"{name}:texte:{operation}")
        sent = st.form_submit_button("Envoyer le message")
    if not sent:
        return
    portail, acteur = session.portail(), session.acteur()
    done, _ = page.ran(messages.post_message, portail, acteur, dossier_id, texte or "", operation_id=operation)
    if done:
        page.renew_operation(name)
        page.notify("Message envoyé.")
        st.rerun()
