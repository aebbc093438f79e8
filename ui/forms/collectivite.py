"""The collectivité, looked for in the national list as one types: the search is the server's, a dozen answers come back."""

from __future__ import annotations

import streamlit as st

from domain.forms.fields import display_value
from ui.forms.model import FieldView, Saver
from ui.forms.words import label_of, show_help

MIN_LETTERS = 2
CHOSEN = "_forms_collectivite_chosen"


def render_collectivite(view: FieldView) -> None:
    """Search field, answers as buttons; what is chosen fills the fields that know it."""
    field, saver = view.field, view.saver
    if view.stored:
        st.markdown(f"Collectivité choisie dans la liste : SIREN {display_value(field, view.stored)}.")
    if not view.disabled:
        _search(saver, field.id, label_of(view))


@st.fragment
def _search(saver: Saver, champ: str, label: str) -> None:
    """Only this part runs again at each letter; a choice, which fills other fields, runs the whole page."""
    if st.session_state.pop(CHOSEN, False):
        st.rerun()
    typed = st.text_input(
        label,
        key=f"{saver.prefix}{champ}:recherche",
        type="search",
        live=True,
        placeholder="Nom, code postal ou SIREN",
    )
    words = (typed or "").strip()
    if len(words) < MIN_LETTERS:
        return
    found = saver.search(words)
    if not found:
        show_help(
            "Aucune collectivité de la liste nationale ne correspond. Les CCAS, caisses des écoles et syndicats n’y figurent"
            " pas : saisissez les informations à la main dans les champs ci-dessous."
        )
    for one in found:
        st.button(
            f"{one.nom} :small[({one.detail})]" if one.detail else one.nom,
            key=f"{saver.prefix}{champ}:choix-{one.siren}",
            type="tertiary",
            on_click=_on_choose,
            args=(saver, champ, one.siren),
        )


def _on_choose(saver: Saver, champ: str, siren: str) -> None:
    saver.choose(champ, siren)
    st.session_state[f"{saver.prefix}{champ}:recherche"] = ""
    st.session_state[CHOSEN] = True
    saver.settle()
