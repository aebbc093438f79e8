"""Forgotten password: ask for a link, then choose a new password through it."""

import streamlit as st

from services.comptes import invitations
from ui import page, session
from ui.comptes.password_form import choose_password

SENT = (
    "Si un compte actif correspond à cette adresse, un message vient de lui être envoyé. Il contient un lien valable une"
    " heure. Pensez à regarder dans les courriers indésirables."
)
NO_MAIL = (
    "Ce portail n’envoie pas de courriel. Adressez-vous à l’administrateur du portail dans votre centre de gestion : il vous"
    " remettra un lien pour choisir un nouveau mot de passe."
)


def ask_for_link() -> None:
    """The same answer whether the account exists or not."""
    page.header("Mot de passe oublié")
    if not session.portail().settings.smtp_url:
        st.info(NO_MAIL)
        page.link("connexion", "Retour à la connexion", icon=":material/arrow_back:")
        return
    st.write("Indiquez l’adresse de votre compte : vous recevrez un lien pour choisir un nouveau mot de passe.")
    slots = page.Slots()
    with st.form("oubli", border=False, width=460):
        courriel = st.text_input(
            "Adresse électronique",
            type="email",
            autocomplete="username",
            max_chars=254,
            placeholder="prenom.nom@ville.fr",
        )
        slots.place("courriel")
        sent = st.form_submit_button("Recevoir un lien", type="primary", width="stretch")
    if sent and slots.run(invitations.request_reset, session.portail(), courriel or "", session.adresse())[0]:
        st.success(SENT, icon=":material/mail:")
    page.link("connexion", "Retour à la connexion", icon=":material/arrow_back:")


token = page.param("jeton")
if token:
    choose_password("mot_de_passe", token, "Choisir un nouveau mot de passe", invitations.reset_password)
else:
    ask_for_link()
