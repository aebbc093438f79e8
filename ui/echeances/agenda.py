"""The secret address by which a calendar program follows one's deadlines: made, renewed, revoked by its owner."""

from __future__ import annotations

import streamlit as st

from services.vie import flux
from ui import page, session
from ui.html import day_and_time

SHOWN = "_adresse_calendrier"
"""Key of the address just made: shown by the run that follows, never again."""


def show_feed() -> None:
    """What the feed is, its state, and what may be done with it."""
    portail, acteur = session.portail(), session.acteur()
    with st.container(width=720):
        st.markdown(
            "Suivez ces échéances dans votre agenda (Outlook, Thunderbird, téléphone…) : abonnez-le à une adresse secrète, qu’il"
            " relit de lui-même. Il y trouve ce que vos rôles vous montrent le jour où il la lit, et aucun nom de personne."
        )
        made = st.session_state.pop(SHOWN, None)
        if made:
            st.success("Voici votre adresse. Copiez-la maintenant : elle ne sera plus affichée.", icon=":material/key:")
            st.code(made, language=None, wrap_lines=True)
            st.markdown(
                "Dans votre agenda, cherchez «\u00a0S’abonner à un calendrier\u00a0» ou «\u00a0Ajouter un calendrier à partir d’une adresse\u00a0», puis"
                " collez-la. Qui connaît cette adresse lit vos échéances : ne la transmettez pas."
            )
        found = page.load(flux.open_flux, portail, acteur)
        if found is None:
            if st.button("Créer l’adresse", type="primary", icon=":material/add_link:"):
                _create()
            return
        read = (
            f"lue par un agenda le {day_and_time(found.lu_le, found.fuseau)}"
            if found.lu_le
            else "encore lue par aucun agenda"
        )
        st.markdown(f"Votre adresse a été créée le {day_and_time(found.cree_le, found.fuseau)}, {read}.")
        with st.container(horizontal=True):
            if st.button("Renouveler l’adresse", icon=":material/autorenew:"):
                page.confirm(
                    "Renouveler l’adresse ?",
                    "L’adresse actuelle cesse de fonctionner : il faudra abonner votre agenda à la nouvelle.",
                    "Renouveler",
                    lambda _motif: _make(),
                    key="calendrier-renouveler",
                )
            if st.button("Révoquer l’adresse", icon=":material/link_off:"):
                page.confirm(
                    "Révoquer l’adresse ?",
                    "Votre agenda ne recevra plus les échéances. Vous pourrez en créer une autre.",
                    "Révoquer",
                    lambda _motif: _revoke(),
                    key="calendrier-revoquer",
                )


def _create() -> None:
    if _make():
        st.rerun()


def _make() -> bool:
    made = page.run(flux.create_flux, session.portail(), session.acteur())
    if made:
        st.session_state[SHOWN] = made
    return bool(made)


def _revoke() -> bool:
    st.session_state.pop(SHOWN, None)
    return page.ran(flux.revoke_flux, session.portail(), session.acteur(), succes="L’adresse ne fonctionne plus.")[0]
