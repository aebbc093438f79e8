"""Dossiers: the centre's list with filters, search and sort; a collectivité's own few."""

import streamlit as st
from markupsafe import Markup

from services.adhesion.dossier_lists import (
    TRIS,
    list_dossiers,
    list_etats,
    list_instructeurs,
    list_natures,
)
from services.adhesion.dossier_views import DossierFilter, DossierRow
from services.core.access import Acteur
from services.core.portail import Portail
from ui import page, session
from ui.adhesion.creation import show_creation
from ui.html import badge, day
from ui.tables import Column, Listing, show_table

LISTING = Listing("dossiers", "d", tri="modifie_le", descendant=True)


def target(row: DossierRow) -> str:
    """The centre reviews a dossier; the collectivité fills it in."""
    return page.url_of("instruction" if acteur.du_centre else "dossier", id=row.id)


def state(row: DossierRow) -> Markup:
    """The state, and what is waiting to be read."""
    unread = f"{row.non_lus} message{'s' if row.non_lus > 1 else ''} non lu{'s' if row.non_lus > 1 else ''}"
    note = Markup(' <span class="p-pastille p-alerte">{}</span>').format(unread) if row.non_lus else ""
    return badge(row.etat_libelle, row.etat) + note


COMMON = (
    Column[DossierRow]("Référence", lambda row: row.reference, "reference", court=True, vers=target),
    Column[DossierRow]("Objet", lambda row: row.objet, "objet"),
    Column[DossierRow]("Collectivité", lambda row: row.collectivite, "collectivite"),
    Column[DossierRow]("État", state, "etat"),
)
CENTRE = (
    *COMMON,
    Column[DossierRow]("Instructeur", lambda row: row.instructeur or "À attribuer", "instructeur"),
    Column[DossierRow]("Déposé le", lambda row: day(row.depose_le), "depose_le", court=True),
    Column[DossierRow]("Modifié le", lambda row: day(row.modifie_le), "modifie_le", court=True),
)
COLLECTIVITE = (
    *COMMON,
    Column[DossierRow]("Offre", lambda row: row.offre, "offre"),
    Column[DossierRow]("Modifié le", lambda row: day(row.modifie_le), "modifie_le", court=True),
)


def read_filter(portail: Portail, acteur: Acteur) -> DossierFilter:
    """What the address asks for, with the widgets that change it (the centre's only: a collectivité has a few dossiers)."""
    texte, etats, instructeur, nature = "", None, None, None
    if acteur.du_centre:
        people = {str(ident): nom for ident, nom in page.load(list_instructeurs, portail, acteur)}
        search, what, states, who = st.columns([2, 1, 1, 1])
        with search:
            texte = LISTING.search("Rechercher", "Collectivité, SIREN, référence, convention")
        with what:
            natures = page.load(list_natures, portail, acteur)
            nature = LISTING.choice("nature", "Objet", natures, "Tous les objets")
        with states:
            known = page.load(list_etats, portail, acteur)
            etat = LISTING.choice("etat", "État", {label: label for label in known}, "Tous les états")
            etats = known.get(etat or "")
        with who:
            instructeur = LISTING.choice("instructeur", "Instructeur", people, "Tous les instructeurs")
    tri, descendant = LISTING.order
    return DossierFilter(
        texte=texte,
        etats=etats or (),
        nature=nature,
        instructeur=page.as_uuid(instructeur),
        tri=tri if tri in TRIS else LISTING.tri,
        descendant=descendant,
        page=LISTING.number,
    )


def show_empty(acteur: Acteur) -> None:
    """Why there is nothing, and what to do."""
    if LISTING.filtered:
        st.info("Aucun dossier ne correspond à ces critères. Élargissez la recherche ou choisissez un autre état.")
    elif acteur.du_centre:
        st.info(
            "Aucun dossier pour le moment. Une collectivité commence le sien dès que sa demande d’adhésion est acceptée."
        )
    else:
        st.info("Votre collectivité n’a pas encore de dossier.")


portail, acteur = session.portail(), session.acteur()
page.header(
    "Dossiers et demandes", None if acteur.du_centre else "Les demandes de votre collectivité et où elles en sont."
)
found = page.load(list_dossiers, portail, acteur, read_filter(portail, acteur))
if found.total:
    show_table(LISTING, found, CENTRE if acteur.du_centre else COLLECTIVITE, legende="Dossiers et demandes")
else:
    show_empty(acteur)
show_creation(portail, acteur, some=bool(found.total))
