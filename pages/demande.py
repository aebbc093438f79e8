"""Public page: a collectivité asks to join the service; and the confirmation of such a request by its link."""

import streamlit as st

from domain.errors import PortailError
from services.adhesion import demandes
from services.adhesion.demande_saisie import Saisie
from ui import page, session
from ui.adhesion.choix_centre import choose_centre
from ui.collectivite_search import pick_collectivite

DONE = "demande-envoyee"
TO_CONFIRM = (
    "Votre demande est enregistrée. **Il reste à la confirmer** : un message vient de vous être envoyé, suivez le lien qu’il"
    " contient (valable 3 jours). Le centre de gestion la recevra ensuite."
)
SENT = (
    "Votre demande est transmise au centre de gestion. Il vous répondra par courriel ou par téléphone, et vous invitera à"
    " ouvrir votre compte."
)


def confirm(token: str) -> None:
    """The request is confirmed by a click, not by opening the link: mail scanners open links."""
    page.header("Confirmer la demande d’adhésion")
    try:
        name = demandes.read_confirmation(session.portail(), token)
    except PortailError as error:
        page.show_error(error)
        page.link("connexion", "Aller à la page de connexion")
        return
    st.write(f"Demande d’adhésion de : **{page.text(name)}**.")
    if st.button("Confirmer ma demande", type="primary"):
        st.session_state[DONE] = page.run(demandes.confirm_demande, session.portail(), token) and SENT
        if st.session_state[DONE]:
            st.query_params.clear()
            st.rerun()


def form() -> None:
    """The request itself."""
    page.header(
        "Demander une adhésion",
        "Votre collectivité souhaite adhérer à un service de son centre de gestion, qui vous recontacte.",
    )
    slots = page.Slots()
    centre_id = choose_centre(slots)
    st.subheader("Votre collectivité", anchor=False)
    found = pick_collectivite(slots)
    st.subheader("Vos coordonnées", anchor=False)
    with st.form("demande", border=False, width=720, enter_to_submit=False):
        first, second = st.columns(2), st.columns(2)  # by rows: on a telephone, and by Tab, fields keep their order
        with first[0]:
            prenom = st.text_input("Prénom", autocomplete="given-name", max_chars=100)
            slots.place("prenom")
        with first[1]:
            nom = st.text_input("Nom", autocomplete="family-name", max_chars=100)
            slots.place("nom")
        with second[0]:
            courriel = st.text_input(
                "Adresse électronique professionnelle",
                type="email",
                autocomplete="email",
                max_chars=254,
                placeholder="prenom.nom@ville.fr",
            )
            slots.place("courriel")
        with second[1]:
            telephone = st.text_input(
                "Téléphone", type="phone", autocomplete="tel", max_chars=40, placeholder="01 23 45 67 89"
            )
            slots.place("telephone")
        fonction = st.text_input("Fonction (facultatif)", autocomplete="organization-title", max_chars=150)
        message = st.text_area("Message au centre (facultatif)", max_chars=2000)
        slots.place("message")
        sent = st.form_submit_button("Envoyer la demande", type="primary")
    if sent:
        saisie = Saisie(
            centre_id, found.siren, found.nom, found.type, prenom, nom, courriel, telephone, fonction, message
        )
        done, by_mail = slots.run(
            demandes.submit_demande,
            session.portail(),
            saisie,
            session.adresse(),
            operation_id=page.operation_id("demande"),
        )
        if done:
            page.renew_operation("demande")
            st.session_state[DONE] = TO_CONFIRM if by_mail else SENT
            st.rerun()
    page.link("connexion", "Vous avez déjà un compte ? Se connecter")


token = page.param("jeton")
if st.session_state.get(DONE):
    page.header("Demande d’adhésion enregistrée")
    st.success(st.session_state[DONE], icon=":material/check_circle:")
    page.link("connexion", "Aller à la page de connexion")
elif token:
    confirm(token)
else:
    form()
