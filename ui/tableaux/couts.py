"""The screen of costs."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from documents.charts import bar_chart, untitled
from domain.formatting import euros
from services.pilotage import constats, tables
from services.pilotage.couts import LigneCout
from services.pilotage.tableaux import Recherche
from services.pilotage.vues import VueCouts
from ui.html import note, query_url
from ui.tableaux.barre import LISTING, NOM
from ui.tableaux.rendu import heading, show_block, show_exports, show_figures
from ui.tables import Column, show_table

CHARTED = 10
"""Collectivités drawn: those first in the list."""


def show_costs(vue: VueCouts) -> None:
    """Figures, the years, the offers where there are several."""
    total, year = vue.total, vue.filtres.annee
    beyond = f"dont {euros(total.hors_engagement)} en sus" if total.hors_engagement else "décomptes émis"
    if total.trop:
        beyond += f", {euros(total.trop)} en trop"
    show_figures(
        (
            (f"Engagé en {year}", euros(total.engage), "dû par les conventions"),
            ("Facturé", euros(total.facture), beyond),
            ("À venir", euros(total.a_venir), "reste à facturer"),
        )
    )
    titre = constats.tell_years(vue.annees, vue.filtres, vue.choix)
    rows = [
        (one.libelle, serie, montant)
        for one in vue.annees
        for serie, montant in (("Facturé", one.montants.facture), ("À venir", one.montants.a_venir))
    ]
    chart = bar_chart(titre, rows, y_titre="Euros", unite="€") if rows else None
    show_block(titre, chart, tables.of_costs("couts-annees", "Année", vue.annees), vue.filtres)
    if len(vue.offres) > 1:
        titre = constats.tell_offers(vue.offres, vue.filtres)
        bars = [(one.libelle, "Engagé", one.montants.engage) for one in vue.offres]
        chart = bar_chart(titre, bars, y_titre="Euros", unite="€")
        show_block(titre, chart, tables.of_costs("couts-offres", "Offre", vue.offres), vue.filtres)


def _shown(montant: Decimal) -> str:
    return euros(montant) if montant else ""


COLUMNS = (
    Column[LigneCout](
        "Collectivité", lambda one: one.libelle, "nom", vers=lambda one: query_url(NOM, {"collectivite": one.code})
    ),
    Column[LigneCout]("Engagé", lambda one: euros(one.montants.engage), "engage", True),
    Column[LigneCout]("Facturé", lambda one: euros(one.montants.facture), "facture", True),
    Column[LigneCout]("À venir", lambda one: euros(one.montants.a_venir), "a_venir", True),
    Column[LigneCout]("En sus", lambda one: _shown(one.montants.hors_engagement), nombre=True),
    Column[LigneCout]("Facturé en trop", lambda one: _shown(one.montants.trop), nombre=True),
)


def show_collectivites(vue: VueCouts, recherche: Recherche) -> None:
    """The list of collectivités, the first ones drawn."""
    found = vue.collectivites
    if not found.total:
        note("Aucune collectivité ne correspond. Changez l’année, les filtres ou la recherche.")
        return
    rows = [(one.libelle, "Engagé", one.montants.engage) for one in found.rows[:CHARTED]]
    titre = constats.tell_costs(vue.total, vue.filtres, vue.choix)
    heading(titre)
    chart = bar_chart(titre, rows, y_titre="Euros", unite="€")
    st.altair_chart(untitled(chart), width="stretch", key="graphique-collectivites")
    show_table(LISTING, found, COLUMNS, legende="Coûts par collectivité")
    show_exports(tables.of_costs("couts-collectivites", "Collectivité", found.rows), vue.filtres, texte=recherche.texte)
    note(tables.COST_NOTE)
