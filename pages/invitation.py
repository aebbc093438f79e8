"""Activating an account: the person invited chooses a password."""

import streamlit as st

from services.comptes import invitations
from ui import page
from ui.comptes.password_form import choose_password

token = page.param("jeton")
if token:
    choose_password("invitation", token, "Activer votre compte", invitations.accept_invitation)
else:
    page.header("Activer votre compte")
    st.info("Ouvrez le lien que vous avez reçu : il contient votre invitation.")
    page.link("connexion", "Aller à la page de connexion")
