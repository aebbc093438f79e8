"""Years invoiced for another amount than what is due, told above the list of statements."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from services.facturation import regularisations
from services.facturation.regularisations import Regularisation
from ui import page, session
from ui.html import href, link, show

SHOWN = 50
"""Most years told at once."""


def show_regularisations() -> None:
    """What each year needs, with the way to its statement; nothing when every year is settled."""
    found = page.load(regularisations.list_all_regularisations, session.portail(), session.acteur())
    if not found:
        return
    with st.expander(f"À régulariser ({len(found)})", expanded=True):
        st.write(
            "Ces années sont facturées pour un autre montant que ce qui est dû, et aucun décompte à venir ne le règle."
        )
        show(Markup("<ul>{}</ul>").format(Markup("").join(_item(one) for one in found[:SHOWN])))


def _item(one: Regularisation) -> Markup:
    who = f"{one.collectivite}, convention {one.convention}"
    told = Markup("{}\u00a0: {}. {}").format(who, one.constat, one.conseil)
    if one.decompte_id is None:
        return Markup("<li>{}</li>").format(told)
    return Markup("<li>{} {}</li>").format(told, link("Ouvrir ce décompte", href("decompte", id=one.decompte_id)))
