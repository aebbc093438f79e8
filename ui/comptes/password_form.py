"""Choosing a password through a single-use link: the same form for an invitation and for a forgotten password."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from domain.errors import PortailError
from services.comptes import invitations
from services.comptes.links import Usage
from services.comptes.passwords import MIN_LENGTH
from ui import page, session
from ui.comptes import login

Choice = Callable[..., str]


def choose_password(usage: Usage, token: str, titre: str, action: Choice) -> None:
    """The form when the link works, else what to do instead. The link is used when the form is sent, not when it is
    opened: mail scanners open links."""
    page.header(titre)
    try:
        holder = invitations.read_link(session.portail(), usage, token)
    except PortailError as error:
        page.show_error(error)
        page.link("connexion", "Aller à la page de connexion")
        if usage == "mot_de_passe":
            page.link("mot_de_passe", "Demander un nouveau lien")
        return
    st.write(f"Bonjour {page.text(holder.nom)}. Choisissez le mot de passe du compte {page.text(holder.courriel)}.")
    slots = page.Slots()
    with st.form("mot-de-passe", border=False, width=460):
        # Password managers keep the new password under the address they find beside it.
        st.text_input("Adresse électronique", value=holder.courriel, disabled=True, autocomplete="username")
        chosen = st.text_input(
            "Nouveau mot de passe",
            type="password",
            autocomplete="new-password",
            help=f"Au moins {MIN_LENGTH} caractères. Une phrase de plusieurs mots convient très bien.",
        )
        slots.place("mot_de_passe")
        again = st.text_input("Confirmez le mot de passe", type="password", autocomplete="new-password")
        slots.place("confirmation")
        sent = st.form_submit_button("Enregistrer et se connecter", type="primary", width="stretch")
    if sent:
        with st.spinner("Enregistrement…"):
            done, ticket = slots.run(action, session.portail(), token, chosen or "", again or "")
        if done and ticket:
            login.enter(ticket)
