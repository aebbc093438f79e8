"""The collectivités that nobody can act for, on the page *Utilisateurs*."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from services.accueil.taches_comptes import describe
from services.comptes.couverture import SansCompte, list_sans_compte
from services.comptes.rights import BY_CENTRE
from services.core.access import Acteur
from services.core.paging import Page
from ui import page, session
from ui.html import badge, show, tabs
from ui.tables import Column, Listing, show_table

VUE = "sans-compte"
LISTING = Listing("utilisateurs", "s", tri="nom")


def show_views(acteur: Acteur, current: str) -> None:
    """The two views of the page, for who invites at a centre."""
    if acteur.centres_with(*BY_CENTRE):
        views = (
            ("Toutes les personnes", page.url_of("utilisateurs"), current != VUE),
            ("Collectivités sans compte actif", page.url_of("utilisateurs", vue=VUE), current == VUE),
        )
        show(tabs("Vues", views))


def _state(row: SansCompte) -> Markup:
    soon = row.raison == "bientot"
    return badge("Bientôt" if soon else "Personne", "a_corriger" if soon else "refuse")


COLUMNS = (
    Column[SansCompte](
        "Collectivité",
        lambda row: row.collectivite,
        vers=lambda row: page.url_of("utilisateurs", vue="inviter", pour=row.collectivite_id),
    ),
    Column[SansCompte]("Qui peut agir", _state),
    Column[SansCompte]("Situation", describe),
    Column[SansCompte]("À faire", lambda row: "Inviter une personne"),
)


def show_sans_compte() -> None:
    """The list, or why it is empty."""
    portail, acteur = session.portail(), session.acteur()
    page.header(
        "Utilisateurs", "Les collectivités qui ont une convention ou un dossier en cours, et que personne ne suit."
    )
    show_views(acteur, VUE)
    rows = page.load(list_sans_compte, portail, acteur)
    if rows:
        show_table(LISTING, Page(tuple(rows), len(rows), 1, max(1, len(rows))), COLUMNS, legende="Sans compte actif")
    else:
        st.info("Chaque collectivité qui a une convention ou un dossier en cours a au moins un compte actif.")
