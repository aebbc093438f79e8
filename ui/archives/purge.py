"""Purge by the centre's delays: what would go, what is as old but stays and why, then the button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from domain.formatting import date_courte
from services.archives import purge
from services.archives.purge import Element, Genre, Plan
from ui import page, session
from ui.archives.cadre import Cadre, plain_table
from ui.html import bullet_list, note, show

ONGLET = "purge"
TITRES: dict[Genre, str] = {
    "compte": "Comptes sans rôle et inutilisés",
    "brouillon": "Brouillons abandonnés",
    "demande": "Demandes d’adhésion traitées depuis longtemps",
}
QUOI: dict[Genre, str] = {"compte": "Compte", "brouillon": "Dossier", "demande": "Demande"}
FAITS: dict[Genre, tuple[str, str]] = {
    "compte": ("compte supprimé", "comptes supprimés"),
    "brouillon": ("brouillon retiré", "brouillons retirés"),
    "demande": ("demande anonymisée", "demandes anonymisées"),
}


def show_purge(cadre: Cadre) -> None:
    """The plan of today."""
    plan = page.load(purge.preview, session.portail(), session.acteur(), cadre.centre_id)
    note(
        f"D’après les durées du centre : {plan.comptes_mois} mois pour un compte sans rôle et sans connexion, {plan.brouillons_mois} mois"
        " pour un brouillon jamais déposé. Rien n’est jamais retiré sans que vous le demandiez ici."
    )
    if not plan.elements:
        st.info("Rien n’est à retirer aujourd’hui.")
    for genre, titre in TITRES.items():
        rows = plan.of(genre)
        if rows:
            st.subheader(f"{titre} ({len(rows)})", anchor=False)
            heads = (QUOI[genre], "Sans changement depuis le")
            show(plain_table(titre, heads, [_cells(one) for one in rows], courts=(1,)))
    if plan.elements:
        _show_button(cadre, plan)
    if plan.gardes:
        with st.expander(f"Aussi anciens, mais conservés ({len(plan.gardes)})"):
            kept = [(one.libelle, date_courte(one.depuis), bullet_list(one.raisons)) for one in plan.gardes]
            show(plain_table("Conservés", ("Compte", "Sans changement depuis le", "Pourquoi"), kept, courts=(1,)))


def _cells(one: Element) -> Sequence[str]:
    return (one.libelle, date_courte(one.depuis))


def _show_button(cadre: Cadre, plan: Plan) -> None:
    if not plan.applicable:
        note("Un administrateur du centre applique la purge.")
        return
    if st.button("Retirer ce qui est listé", type="primary", key="purge-appliquer"):
        count = len(plan.elements)
        page.confirm(
            "Retirer ce qui est listé ?",
            f"{count} élément{'s' if count > 1 else ''} : les noms, les réponses et les fichiers seront effacés, sans retour possible.",
            "Retirer",
            lambda _: _apply(cadre, plan),
            key="purge-dialogue",
        )


def _apply(cadre: Cadre, plan: Plan) -> object:
    done, counts = page.ran(
        purge.apply, session.portail(), session.acteur(), cadre.centre_id, [one.cle for one in plan.elements]
    )
    if done and counts:
        told = [f"{count} {FAITS[genre][count > 1]}" for genre, count in counts.items() if count]
        page.notify(", ".join(told).capitalize() + "." if told else "Rien n’était plus à retirer.")
    return done
