"""Finding one's collectivité in the national list, as one types; or typing it when the list does not have it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from domain.formatting import siren
from domain.referentiel import Collectivite, load_referentiel
from services.adhesion.demande_saisie import TYPES
from ui import page

CHOSEN = "demande-siren"
BY_HAND = "demande-a-la-main"
SHOWN = 8


@dataclass(frozen=True)
class Found:
    """What the person chose or typed."""

    siren: str = ""
    nom: str = ""
    type: str = ""


def pick_collectivite(slots: page.Slots) -> Found:
    """The search until something is chosen, then the choice with a way back; or three fields to type.

    All in one container: what follows on the page keeps its place, so that nothing is built anew, or seen twice, on a choice.
    """
    with st.container():
        return _pick(slots)


def _pick(slots: page.Slots) -> Found:
    listed = load_referentiel().get(st.session_state.get(CHOSEN, ""))
    if listed is not None:
        _show_choice(listed)
        return Found(listed.siren, listed.nom, listed.type)
    if not st.session_state.get(BY_HAND):
        _search()
    st.checkbox(
        "Ma collectivité n’est pas dans la liste (CCAS, syndicat, autre établissement)",
        key=BY_HAND,
        persist_state="session",
    )
    if st.session_state.get(BY_HAND):
        return _typed(slots)
    slots.place("siren", "collectivite", "type")
    return Found()


def _show_choice(listed: Collectivite) -> None:
    with st.container(border=True, width=720):
        st.markdown(f"**{page.text(listed.nom)}**  \n{TYPES[listed.type]} – SIREN {siren(listed.siren)}")
        if st.button("Choisir une autre collectivité", type="tertiary", icon=":material/undo:"):
            st.session_state.pop(CHOSEN, None)
            st.rerun()


@st.fragment
def _search() -> None:
    typed = st.text_input(
        "Cherchez votre collectivité",
        type="search",
        live=True,
        key="demande-recherche",
        max_chars=100,
        placeholder="Nom, code postal ou SIREN",
        width=720,
    )
    words = (typed or "").strip()
    if len(words) < 2:
        return
    found = load_referentiel().search(words, limit=SHOWN)
    if not found:
        st.info("Aucune collectivité ne correspond. Vérifiez le nom, ou cochez la case ci-dessous pour la saisir.")
    with st.container(key="resultats", gap="small"):
        for one in found:
            _result(one)


def _result(one: Collectivite) -> None:
    place = f"{TYPES[one.type].lower()}, {one.codes_postaux[0] if one.codes_postaux else one.departement}"
    if st.button(f"{page.text(one.nom)} ({place})", key=f"choisir-{one.siren}", width=720):
        st.session_state[CHOSEN] = one.siren
        st.rerun()


def _typed(slots: page.Slots) -> Found:
    with st.container(width=720):
        nom = st.text_input(
            "Nom de la collectivité ou de l’établissement", key="demande-nom-collectivite", max_chars=200
        )
        slots.place("collectivite")
        kind = st.selectbox(
            "Type",
            list(TYPES),
            index=None,
            format_func=lambda code: TYPES[code],
            placeholder="Choisissez le type",
            key="demande-type",
        )
        slots.place("type")
        number = st.text_input("Numéro SIREN (9 chiffres)", key="demande-siren-saisi", max_chars=20)
        slots.place("siren")
    return Found(number or "", nom or "", kind or "")
