"""People: the list, one person, an invitation."""

import streamlit as st
from markupsafe import Markup

from services.comptes import accounts
from services.comptes.accounts import UserRow
from ui import page, session
from ui.comptes import couverture, people
from ui.html import bullet_list, day
from ui.tables import Column, Listing, show_table

LISTING = Listing("utilisateurs", "u", tri="nom")


def roles(row: UserRow) -> Markup:
    """The roles in force, in this person's view."""
    current = [
        f"{one.role.label}{'' if one.titulaire else ' (suppléant)'} – {one.perimetre}"
        for one in row.roles
        if one.en_vigueur
    ]
    return bullet_list(current) if current else Markup("Aucun rôle en cours")


COLUMNS = (
    Column[UserRow]("Nom", lambda row: row.nom, vers=lambda row: page.url_of("utilisateurs", id=row.id)),
    Column[UserRow]("Adresse électronique", lambda row: row.courriel),
    Column[UserRow]("Rôles", roles),
    Column[UserRow]("Compte", lambda row: people.ETATS[row.etat]),
    Column[UserRow]("Dernière connexion", lambda row: day(row.derniere_connexion) or "Jamais"),
)


def show_list() -> None:
    """Everyone whose roles this person gives."""
    portail, acteur = session.portail(), session.acteur()
    page.header("Utilisateurs", "Les personnes qui ont accès au portail dans votre périmètre.")
    couverture.show_views(acteur, "liste")
    search, invite = st.columns([3, 1], vertical_alignment="bottom")
    with search:
        texte = LISTING.search("Rechercher", "Nom ou adresse électronique")
    with invite:
        if st.button("Inviter une personne", type="primary", icon=":material/person_add:", width="stretch"):
            page.go("utilisateurs", vue="inviter")
    found = page.load(accounts.list_users, portail, acteur, texte=texte, page=LISTING.number)
    if found.total:
        show_table(LISTING, found, COLUMNS, legende="Utilisateurs")
    elif texte:
        st.info("Personne ne correspond à cette recherche.")
    else:
        st.info("Personne pour le moment. Invitez un premier collègue.")


user_id = page.uuid_param("id")
if user_id:
    people.show_person(user_id)
elif page.param("vue") == "inviter":
    people.invite_form()
elif page.param("vue") == couverture.VUE:
    couverture.show_sans_compte()
else:
    show_list()
