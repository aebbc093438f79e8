"""The filters of the dashboards. The address holds them all, so that what is shown can be sent, reloaded, come back to."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from markupsafe import Markup

from domain.formatting import MONTHS
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import Recherche
from services.pilotage.vues import Vue
from ui.html import link, query_url, show
from ui.tables import Listing

NOM = "tableau_de_bord"
LISTING = Listing(NOM, "t", tri="nom")
FILTRES = ("centre", "annee", "du", "au", "offre", "collectivite", "assistant")


def read_params() -> dict[str, str]:
    """The parameters of the address."""
    return {name: st.query_params[name] for name in st.query_params}


def read_search(texte: str = "") -> Recherche:
    """What the list is narrowed to, its order and page, as the address says."""
    tri, down = LISTING.order
    return Recherche(
        texte=texte,
        alerte=st.query_params.get("alerte"),
        tri=tri,
        descendant=down,
        page=LISTING.number,
    )


def search_collectivite() -> str:
    """The search field of the list of collectivités."""
    return LISTING.search("Rechercher une collectivité", "Nom ou SIREN")


def show_filters(vue: Vue, *, mois: bool = True) -> None:
    """One row of filters; those that have a single answer are left out. `mois`: what is shown is split by
    months."""
    filtres, choix = vue.filtres, vue.choix
    months = {str(number): name.capitalize() for number, name in MONTHS.items()}
    with st.container(horizontal=True):
        if len(choix.centres) > 1:
            _choose("centre", "Centre", choix.centres, str(filtres.centre_id), 360)
        _choose("annee", "Année", {str(year): str(year) for year in choix.annees}, str(filtres.annee), 120)
        if mois:
            _choose("du", "De", months, str(filtres.du), 145)
            _choose("au", "À", months, str(filtres.au), 145)
        if len(choix.offres) > 1:
            _choose("offre", "Offre", {"": "Toutes les offres", **choix.offres}, filtres.offre or "", 300)
        if choix.assistants:
            chosen = str(filtres.assistant_id or "")
            _choose("assistant", "Assistant", {"": "Tous les assistants", **choix.assistants}, chosen, 240)
    _say_narrowed(filtres, choix.collectivite)


def _choose(name: str, label: str, options: Mapping[str, str], current: str, largeur: int) -> None:
    """A list bound to a parameter of the address, which holds the code."""
    key = f"tableau-{name}"
    codes = list(options)
    st.session_state[key] = current if current in options else codes[0]
    st.selectbox(
        label,
        codes,
        format_func=lambda code: options.get(code, code),
        key=key,
        on_change=_write,
        args=(name,),
        width=largeur,
    )


def _write(name: str) -> None:
    """Callback of a filter: the address first, from which the page is then shown."""
    chosen = st.session_state[f"tableau-{name}"]
    LISTING.first_page()
    if name == "centre":
        for other in FILTRES:
            st.query_params.pop(other, None)
    if chosen:
        st.query_params[name] = chosen
    else:
        st.query_params.pop(name, None)


def _say_narrowed(filtres: Filtres, collectivite: str | None) -> None:
    """What the address narrows beside the lists above, and the way back to everything."""
    parts = []
    if collectivite:
        back = link("Toutes les collectivités", query_url(NOM, {"collectivite": None, LISTING.name("page"): None}))
        parts.append(Markup("Collectivité : <strong>{}</strong>. {}").format(collectivite, back))
    if filtres.personnel:
        parts.append(Markup("Vous voyez vos propres heures."))
    if parts:
        show(Markup("<p>{}</p>").format(Markup(" ").join(parts)))
