"""Personal data: the register of what is kept, and the request of one person."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.roles import Role
from services.archives import registre
from services.comptes import donnees_personnelles
from services.comptes.donnees_personnelles import MAX_SEARCH, Mention, Personne
from ui import page, session
from ui.archives.cadre import Cadre, plain_table
from ui.html import bullet_list, link, note, show

ONGLET = "donnees"
FOUND = "donnees-personne"
HEADS = ("Ce qui est gardé", "De qui", "Données", "Pourquoi", "Jusqu’à quand", "Ensuite")
ETATS = {"actif": "actif", "invite": "invité, pas encore activé", "desactive": "désactivé"}


def show_data(cadre: Cadre) -> None:
    """The request of a person first, for administrators; the register for everyone who opens the page."""
    if Role.ADMINISTRATEUR in cadre.roles:
        _show_request()
    else:
        note("Un administrateur du centre répond aux demandes d’accès et de suppression.")
    st.subheader("Registre des données personnelles", anchor=False)
    note(
        "Ce que le portail garde sur les personnes qui s’en servent et sur celles que les dossiers nomment. Aucune donnée sur un agent"
        " accompagné n’y figure. Chacun télécharge ses propres données depuis « Mon compte »."
    )
    rows = page.load(registre.open_registre, session.portail(), session.acteur(), cadre.centre_id)
    cells = [(one.titre, one.personnes, one.donnees, one.finalite, one.duree, one.sort) for one in rows]
    show(plain_table("Registre des données personnelles", HEADS, cells))


def _show_request() -> None:
    st.subheader("Demande d’une personne", anchor=False)
    note(
        "Pour répondre à une demande d’accès ou de suppression : cherchez l’adresse électronique de la personne, puis son prénom et son"
        " nom : les comptes, les dossiers, les demandes et les signataires des conventions sont parcourus."
    )
    with st.container(width=720), st.form("donnees-recherche", border=False):
        texte = st.text_input("Adresse ou nom", max_chars=MAX_SEARCH, placeholder="prenom.nom@example.org")
        if st.form_submit_button("Chercher"):
            st.session_state[FOUND] = page.run(
                donnees_personnelles.find_person, session.portail(), session.acteur(), texte or ""
            )
    found: Personne | None = st.session_state.get(FOUND)
    if found is not None:
        with st.container(border=True, key="donnees-personne-trouvee"):
            _show_person(found)


def _show_person(found: Personne) -> None:
    compte = found.compte
    if found.homonymes:
        st.markdown("Plusieurs comptes portent ce nom. Cherchez l’adresse de celui qui convient :")
        show(bullet_list([f"{nom} ({courriel})" for nom, courriel in found.homonymes]))
    elif compte is None:
        what = "à l’adresse" if "@" in found.recherche else "au nom de"
        st.markdown(f"Aucun compte {what} « {page.text(found.recherche)} » dans votre périmètre.")
    else:
        st.markdown(f"**{page.text(compte.nom)}** ({page.text(compte.courriel)}), compte {ETATS[compte.etat]}.")
        if found.exportable:
            page.download("Télécharger ses données (ZIP)", f"/exports/donnees-personnelles.zip?id={compte.id}")
        if found.obstacles:
            st.warning("Ce compte ne peut pas être supprimé aujourd’hui.", icon=":material/block:")
            show(bullet_list(found.obstacles))
        elif not found.repond:
            st.info(
                "Cette personne a aussi des rôles dont vous ne répondez pas : son compte ne peut pas être supprimé ici."
            )
        elif st.button("Supprimer ce compte", key="donnees-supprimer"):
            page.confirm(
                "Supprimer ce compte ?",
                f"Le nom, l’adresse et le téléphone de {compte.nom} seront effacés, sans retour possible. Ce que cette personne a fait"
                " reste, sans nom.",
                "Supprimer",
                lambda _: _delete(found),
                key="donnees-supprimer-dialogue",
            )
    _show_mentions(found)


def _delete(found: Personne) -> object:
    if found.compte is None:
        return False
    done, _ = page.ran(
        donnees_personnelles.delete_account,
        session.portail(),
        session.acteur(),
        found.compte.id,
        succes="Compte supprimé : il ne nomme plus personne.",
    )
    if done:
        st.session_state.pop(FOUND, None)
    return done


def _show_mentions(found: Personne) -> None:
    if not found.mentions:
        note("Aucun dossier, aucune demande d’adhésion ni aucun signataire de convention du centre ne porte ce texte.")
        return
    rows: list[tuple[str | Markup, str]] = [
        (link(one.ou, target) if (target := _place(one)) else one.ou, one.champ) for one in found.mentions
    ]
    show(plain_table("Où cette personne est nommée", ("Où", "Champ"), rows))
    note(
        "Ces mentions servent à la convention : elles ne sont pas supprimées sur demande, mais avec les archives. Si la personne a changé, la"
        " collectivité déclare un nouveau référent ou un nouveau signataire."
    )


def _place(one: Mention) -> str:
    if one.convention_id:
        return page.url_of("convention", id=one.convention_id)
    return page.url_of("instruction", id=one.dossier_id) if one.dossier_id else ""
