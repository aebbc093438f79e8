"""The login form, shown in place of any page that needs a person: the address stays, so deep links survive the login."""

from __future__ import annotations

import html
from functools import cache

import streamlit as st

from domain.errors import PortailError
from services.comptes import sessions
from services.comptes.passwords import Verifier
from ui import page, session


@cache
def verifier() -> Verifier:
    """streamlit-authenticator's password check (docs/decisions/0001). Imported at the first login: it is slow to load."""
    from streamlit_authenticator.utilities.hasher import Hasher

    check: Verifier = Hasher.check_pw
    return check


def login_form() -> None:
    """E-mail, password, and the two ways in for those who have none."""
    page.header("Connexion")
    with st.container(width=460):
        _form()
    page.link("mot_de_passe", "Mot de passe oublié")
    page.link("demande", "Votre collectivité n’a pas de compte ? Demander une adhésion")


def _form() -> None:
    with st.form("connexion", border=False):
        courriel = st.text_input(
            "Adresse électronique",
            type="email",
            autocomplete="username",
            max_chars=254,
            placeholder="prenom.nom@ville.fr",
        )
        mot_de_passe = st.text_input("Mot de passe", type="password", autocomplete="current-password")
        sent = st.form_submit_button("Se connecter", type="primary", width="stretch")
    if sent:
        _log_in(courriel or "", mot_de_passe or "")


def _log_in(courriel: str, mot_de_passe: str) -> None:
    try:
        with st.spinner("Vérification…"):
            ticket = sessions.authenticate(
                session.portail(), courriel, mot_de_passe, session.adresse(), verify=verifier()
            )
    except PortailError as error:
        page.show_error(error)
        return
    enter(ticket)


def enter(ticket: str) -> None:
    """Give the browser the one-time ticket: the page's script exchanges it for the cookie, then reloads the page."""
    st.html(f'<div data-portail-ticket="{html.escape(ticket)}" role="status">Connexion en cours…</div>')
    st.stop()


def leave() -> None:
    """Have the browser drop its cookie and come back to the login page; the session itself is already revoked."""
    st.html('<div data-portail-sortie="1" role="status">Déconnexion…</div>')
    st.stop()
