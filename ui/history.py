"""What happened to a dossier or a convention, as a list."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from services.convention.convention_views import EventRow
from ui.html import day_and_time, show


def show_history(events: Sequence[EventRow], fuseau: str) -> None:
    """One line per event, in the order given."""
    if not events:
        st.info("Rien n’a encore été enregistré.")
        return
    body = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Date">{}</th><td data-titre="Action">{}</td><td data-titre="Par">{}</td></tr>'
        ).format(day_and_time(event.le, fuseau), event.libelle, event.qui)
        for event in events
    )
    show(
        Markup(
            '<div class="p-tableau"><table><caption class="p-masque">Historique</caption><thead><tr><th scope="col">Date</th>'
            '<th scope="col">Action</th><th scope="col">Par</th></tr></thead><tbody>{}</tbody></table></div>'
        ).format(body)
    )
