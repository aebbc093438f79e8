"""Which offer and which template the page is about, and which of its views: all in the address."""

from __future__ import annotations

import streamlit as st

from services.offres.gabarits import Banc, Gabarit, OffreChoix
from ui import page
from ui.html import query_url, show, tabs

VUES = {
    "modifier": "Modifier",
    "variables": "Variables",
    "apercu": "Aperçu",
    "differences": "Différences",
    "historique": "Historique",
}


def choose_offre(offres: list[OffreChoix]) -> OffreChoix:
    """The offer of the address, else the first; a field to change it when there are several."""
    keys = [f"{one.centre_id}:{one.code}" for one in offres]
    asked = f"{page.param('centre')}:{page.param('offre')}"
    index = keys.index(asked) if asked in keys else 0
    if len(offres) == 1:
        return offres[0]
    several = len({one.centre_id for one in offres}) > 1
    labels = {
        key: f"{one.titre} ({one.centre})" if several else one.titre for key, one in zip(keys, offres, strict=True)
    }
    chosen = st.selectbox("Offre", keys, index, format_func=lambda key: labels[key], key="gabarits:offre")
    return offres[keys.index(chosen)]


def choose_gabarit(banc: Banc) -> Gabarit:
    """The template of the address, else the first; a field to change it."""
    names = [one.nom for one in banc.gabarits]
    labels = {one.nom: _label(one) for one in banc.gabarits}
    asked = page.param("gabarit")
    chosen = st.selectbox(
        "Document",
        names,
        names.index(asked) if asked in names else 0,
        format_func=lambda nom: labels.get(nom, nom),
        # Its labels say what the draft changes: a new draft is a new field.
        key=f"gabarits:nom:{banc.code}:{banc.brouillon.version if banc.brouillon else 0}:{banc.publiee_numero}",
    )
    return banc.gabarit(chosen)


def _label(gabarit: Gabarit) -> str:
    return f"{gabarit.titre} – modifié dans le brouillon" if gabarit.modifie else gabarit.titre


def remember(offre: OffreChoix, gabarit: Gabarit) -> None:
    """Put what is shown into the address: reload, links and downloads come back to it."""
    wanted = {"centre": str(offre.centre_id), "offre": offre.code, "gabarit": gabarit.nom}
    for name, value in wanted.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def choose_vue() -> str:
    """The view of the address; the tabs that lead to the others."""
    asked = page.param("vue") or ""
    vue = asked if asked in VUES else next(iter(VUES))
    show(
        tabs(
            "Vues du gabarit",
            [(label, query_url("gabarits", {"vue": code}), code == vue) for code, label in VUES.items()],
        )
    )
    return vue
