"""What the need costs, computed as it is typed: the same amounts as the convention will print, with their steps."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.formatting import euros
from services.adhesion.dossier_views import DossierView
from ui import page
from ui.html import facts, show
from ui.montants import amount_lines, is_budget


def show_cost(view: DossierView) -> None:
    """Annual amount, first year, instalments, hours, and how each was found."""
    st.subheader("Ce que cela coûte", anchor=False)
    amounts = view.montants
    if amounts is None or amounts["annuel"] is None:
        st.info("Indiquez votre besoin et les dates : le coût s’affiche ici.", icon=":material/calculate:")
        return
    _show_amounts(view, amounts)
    if amounts["echeancier"]:
        show(_instalments(amounts))
    if amounts["etapes"]:
        with st.expander("Le détail du calcul"):
            st.markdown(
                "\n".join(f"{number}. {page.text(one)}" for number, one in enumerate(amounts["etapes"], start=1))
            )


def show_commitment(view: DossierView) -> None:
    """What the collectivité commits to, in a few lines, before it deposits."""
    if view.montants is not None and view.montants["annuel"] is not None:
        st.subheader("Ce à quoi vous vous engagez", anchor=False)
        _show_amounts(view, view.montants)


def _show_amounts(view: DossierView, amounts: dict[str, Any]) -> None:
    for warning in view.avertissements:
        if warning.code.startswith("tarif"):
            st.warning(page.text(warning.texte), icon=":material/warning:")
    show(facts(amount_lines(amounts)))
    if is_budget(amounts):
        st.caption("C’est une prévision pour votre budget : seules les heures faites vous sont facturées.")


def _instalments(amounts: dict[str, Any]) -> Markup:
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td class="p-nombre">{}</td></tr>').format(
            one["libelle"], euros(one["montant"])
        )
        for one in amounts["echeancier"]
    )
    return Markup(
        '<div class="p-tableau p-etroit"><table><caption>Échéancier de la première année</caption><thead><tr><th scope="col">Échéance</th>'
        '<th scope="col" class="p-nombre">Montant</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(rows)
