"""The head of the pages that change an offer: its title, which offer, its views, what is in force and being changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.edition_formulaires import OffreEditable, open_edition
from ui import page, session
from ui.editeur.lieu import Lieu, choose_offre
from ui.editeur.publication import show_status
from ui.html import show, tabs


def open_editor(
    titre: str, sous_titre: str, ecran: str, lister: Callable[[Portail, Acteur], list[OffreEditable]]
) -> Lieu:
    """The title of the page, and the offer that its address names, as it is being changed. Somebody who administers none reads
    that, and nothing else."""
    portail, acteur = session.portail(), session.acteur()
    offres = page.load(lister, portail, acteur)
    page.header(titre, sous_titre)
    if not offres:
        st.info("Vous n’administrez aucune offre.")
        st.stop()
    offre = choose_offre(offres, ecran)
    view = page.load(open_edition, portail, acteur, offre.centre_id, offre.code)
    return Lieu(offre, view, page.param("formulaire") or "", ecran=ecran)


def choose_vue(vues: Mapping[str, str]) -> str:
    """The view that the address names, else the first."""
    asked = page.param("vue") or ""
    return asked if asked in vues else next(iter(vues))


def show_head(lieu: Lieu, vues: Mapping[str, str], vue: str, label: str) -> None:
    """The tabs that lead to the views, and one line about what is in force."""
    show(tabs(label, ((titre, lieu.url(vue=code), code == vue) for code, titre in vues.items())))
    show_status(lieu)
