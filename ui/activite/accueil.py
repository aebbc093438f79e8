"""The home page of an assistant: hours of the week, and the collectivités they are assigned to."""

from __future__ import annotations

import streamlit as st

from domain.formatting import date_courte, duree, pourcentage
from services.activite.accueil import AccueilAssistant, MaConvention
from services.core.paging import Page
from ui import page
from ui.html import facts, show
from ui.tables import Column, Listing, show_table

LISTING = Listing("accueil", "m", tri="collectivite")


def show_assistant(view: AccueilAssistant) -> None:
    """The week, the way to record, the assignments."""
    st.header("Votre semaine", anchor=False)
    show(
        facts(
            [
                (f"Depuis le lundi {date_courte(view.lundi)}", duree(view.minutes_semaine)),
                ("Depuis le début du mois", duree(view.minutes_mois)),
            ]
        )
    )
    with st.container(horizontal=True):
        page.link("heures", "Enregistrer mes heures", icon=":material/schedule:")
        page.link("deplacements", "Enregistrer un déplacement", icon=":material/directions_car:")
    st.header("Vos collectivités", anchor=False)
    rows = view.conventions
    if rows:
        show_table(LISTING, Page(rows, len(rows), 1, len(rows)), COLUMNS, legende="Vos collectivités")
    else:
        st.info(
            "Vous n’êtes affecté à aucune collectivité aujourd’hui. Le responsable du service vous affecte ; vous pourrez alors "
            "enregistrer vos heures."
        )


COLUMNS: list[Column[MaConvention]] = [
    Column(
        "Collectivité", lambda row: row.collectivite, vers=lambda row: page.url_of("convention", id=row.convention_id)
    ),
    Column("Convention", lambda row: row.numero, court=True),
    Column("Part", lambda row: pourcentage(row.quotite) if row.quotite is not None else "À l’heure", nombre=True),
    Column("Jusqu’au", lambda row: date_courte(row.jusqu_au), court=True),
    Column("Cette semaine", lambda row: duree(row.minutes_semaine) if row.minutes_semaine else "", nombre=True),
    Column("Ce mois", lambda row: duree(row.minutes_mois) if row.minutes_mois else "", nombre=True),
]
