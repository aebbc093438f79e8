"""One's own account: identity, roles, password, open sessions."""

import streamlit as st

from domain.formatting import date_courte
from services.comptes import accounts
from services.comptes.accounts import Profile, RoleRow
from services.comptes.passwords import MIN_LENGTH
from ui import page, session
from ui.comptes import login
from ui.comptes.open_sessions import show_sessions
from ui.html import bullet_list, note, show


def show_profile(profile: Profile) -> None:
    """Name and telephone; the address is the login."""
    st.subheader("Identité", anchor=False)
    slots = page.Slots()
    with st.form("profil", border=False, width=720):
        st.text_input("Adresse électronique (identifiant)", value=profile.courriel, disabled=True)
        left, right = st.columns(2)
        prenom = left.text_input("Prénom", value=profile.prenom, max_chars=100, autocomplete="given-name")
        nom = right.text_input("Nom", value=profile.nom, max_chars=100, autocomplete="family-name")
        with left:
            slots.place("prenom")
        with right:
            slots.place("nom")
        telephone = st.text_input(
            "Téléphone", type="phone", value=profile.telephone or "", max_chars=40, placeholder="01 23 45 67 89"
        )
        slots.place("telephone")
        sent = st.form_submit_button("Enregistrer", type="primary")
    if (
        sent
        and slots.run(
            accounts.update_profile,
            session.portail(),
            session.acteur(),
            prenom=prenom,
            nom=nom,
            telephone=telephone,
        )[0]
    ):
        page.notify("Vos coordonnées sont enregistrées.")
        st.rerun()


def role_line(row: RoleRow) -> str:
    """« Gestionnaire (suppléant) – Choisy-le-Roi, jusqu’au 31/12/2026 »."""
    deputy = "" if row.titulaire else " (suppléant)"
    until = f", jusqu’au {date_courte(row.au)}" if row.au else ""
    since = "" if row.en_vigueur else f", à partir du {date_courte(row.du)}"
    return f"{row.role.label}{deputy} – {row.perimetre}{since}{until}"


def show_roles(profile: Profile) -> None:
    """What one may do here."""
    st.subheader("Vos rôles", anchor=False)
    current = [role_line(row) for row in profile.roles if row.en_vigueur or not row.au]
    if current:
        show(bullet_list(current))
    else:
        st.info("Aucun rôle ne vous est attribué pour le moment. Adressez-vous à votre centre de gestion.")


def show_password() -> None:
    """Changing the password ends the other sessions."""
    st.subheader("Mot de passe", anchor=False)
    slots = page.Slots()
    turn = page.operation_id("mot-de-passe")  # emptied by the next one: a second click would send it empty otherwise
    with st.form(f"mot-de-passe:{turn}", border=False, width=460):
        ancien = st.text_input(
            "Mot de passe actuel", type="password", autocomplete="current-password", key=f"ancien:{turn}"
        )
        nouveau = st.text_input(
            f"Nouveau mot de passe ({MIN_LENGTH} caractères au moins)",
            type="password",
            autocomplete="new-password",
            key=f"nouveau:{turn}",
        )
        slots.place("mot_de_passe")
        again = st.text_input(
            "Confirmez le nouveau mot de passe", type="password", autocomplete="new-password", key=f"encore:{turn}"
        )
        slots.place("confirmation")
        sent = st.form_submit_button("Changer le mot de passe")
    if sent:
        with st.spinner("Enregistrement…"):
            done, _ = slots.run(
                accounts.change_password,
                session.portail(),
                session.acteur(),
                ancien=ancien,
                nouveau=nouveau,
                confirmation=again,
                verify=login.verifier(),
            )
        if done:
            page.renew_operation("mot-de-passe")
            page.notify("Votre mot de passe est changé. Vos autres sessions sont fermées.")
            st.rerun()


def show_data() -> None:
    """What the portal keeps about the person, to take away."""
    st.subheader("Vos données", anchor=False)
    note(
        "Tout ce que le portail garde sur vous, dans un fichier ZIP lisible sans le portail. Pour faire supprimer votre"
        " compte, adressez-vous à votre centre de gestion : c’est possible quand vous n’avez plus de rôle."
    )
    page.download("Télécharger mes données (ZIP)", "/exports/mes-donnees.zip")


page.header("Mon compte")
profile = page.load(accounts.open_profile, session.portail(), session.acteur())
show_profile(profile)
show_roles(profile)
show_password()
show_sessions()
show_data()
