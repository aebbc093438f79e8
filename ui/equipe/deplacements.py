"""Journeys of the whole team, with what each one claims, and their export."""

from __future__ import annotations

import streamlit as st

from domain.formatting import date_courte, euros, nombre
from services.activite import deplacement_lists, equipe
from services.activite.deplacement_lists import DeplacementFilter, DeplacementRow
from services.activite.deplacements import HORS_ZONE, INCLUSE
from ui import page, session
from ui.equipe.cadre import Cadre, search_bar
from ui.html import badge, note
from ui.tables import Column, Listing, show_table

ONGLET = "deplacements"
LISTING = Listing("equipe", "t", tri="jour", descendant=True)
ZONES = {HORS_ZONE: "Hors zone, à rembourser", INCLUSE: "Zone comprise"}


def show_deplacements(cadre: Cadre) -> None:
    """The list with its filters."""
    portail, acteur = session.portail(), session.acteur()
    note(
        "Les assistants enregistrent leurs trajets. Ceux qui sortent de la zone comprise sont repris dans les décomptes, au "
        "barème kilométrique du jour et selon la distance déjà parcourue dans l’année."
    )
    years = page.load(deplacement_lists.list_years, portail, acteur, cadre.centre_id)
    people = page.load(equipe.list_people, portail, acteur, cadre.centre_id)
    given = search_bar(
        LISTING,
        "Collectivité ou convention",
        assistant=("Assistant", {str(key): name for key, name in people.items()}, "Tous les assistants"),
        zone=("Zone", ZONES, "Toutes"),
        annee=("Année", {str(one): str(one) for one in years[1:]}, str(years[0])),
    )
    annee = int(given["annee"] or years[0])
    asked = DeplacementFilter(
        annee, given["texte"] or "", page.as_uuid(given["assistant"]), given["zone"], LISTING.number
    )
    found = page.load(deplacement_lists.list_centre_deplacements, portail, acteur, cadre.centre_id, asked)
    if not found.total:
        st.info(f"Aucun déplacement en {annee}" + (" ne correspond à ces critères." if LISTING.filtered else "."))
        return
    show_table(LISTING, found, COLUMNS, legende="Déplacements")
    person = f"&assistant={given['assistant']}" if given["assistant"] else ""
    address = f"/exports/deplacements.xlsx?centre={cadre.centre_id}&annee={annee}{person}"
    page.download(f"Télécharger {annee} (XLSX)", address)


COLUMNS: list[Column[DeplacementRow]] = [
    Column("Date", lambda row: date_courte(row.jour), court=True),
    Column("Assistant", lambda row: row.assistant),
    Column(
        "Collectivité", lambda row: row.collectivite, vers=lambda row: page.url_of("convention", id=row.convention_id)
    ),
    Column("Convention", lambda row: row.numero, court=True),
    Column("Distance", lambda row: f"{nombre(row.km, 1)} km", nombre=True),
    Column("Véhicule", lambda row: f"{row.puissance} CV", court=True),
    Column("Montant", lambda row: euros(row.montant) if row.montant is not None else "", nombre=True),
    Column("Calcul", lambda row: " ; ".join(row.etapes) or row.raison),
    Column("Mois", lambda row: badge("Clos", "en_vigueur") if row.fige else badge("Ouvert", "a_signer")),
]
