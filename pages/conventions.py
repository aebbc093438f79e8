"""The register of conventions: search, filters, sort, the files of each one, and a selection as a ZIP."""

from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, euros
from domain.roles import ROLES_CENTRE, Role
from domain.workflow.tables import CONVENTION
from services.convention.convention_views import (
    A_VENIR,
    A_VENIR_LIBELLE,
    FINIE,
    FINIE_LIBELLE,
    ConventionFilter,
    ConventionRow,
)
from services.convention.registre import TRIS, list_conventions, list_years, reads_acts
from services.core.clock import today
from ui import page, session
from ui.convention.circuit import SHORT_USAGES, USAGES, furthest_files
from ui.html import badge, file_link
from ui.montants import tell_quantity
from ui.tables import Column, Listing, Selection, show_table

LISTING = Listing("conventions", "c", tri="numero", descendant=True)
THIS_YEAR = f"Montant {today().year}"
ETATS = {**CONVENTION.etats, A_VENIR: A_VENIR_LIBELLE, FINIE: FINIE_LIBELLE}


def files(row: ConventionRow) -> Markup:
    """The Word file and the PDF that went furthest, one short link each; the others are on the convention's page. The state
    says who signed; who does not see it hears it."""
    whose = Markup('<span class="p-masque"> {}, convention {}</span>')
    links = (
        file_link(
            piece.id, SHORT_USAGES[piece.usage].split()[0] + whose.format(USAGES[piece.usage].lower(), row.numero)
        )
        for piece in furthest_files(row.pieces)
    )
    return Markup('<span class="p-raccourcis">{}</span>').format(Markup(" ").join(links))


COLUMNS = (
    Column[ConventionRow](
        "Numéro", lambda row: row.numero, "numero", court=True, vers=lambda row: page.url_of("convention", id=row.id)
    ),
    Column[ConventionRow]("Collectivité", lambda row: row.collectivite, "collectivite"),
    Column[ConventionRow]("État", lambda row: badge(row.etat_libelle, row.etat_affiche), "etat"),
    Column[ConventionRow]("Prise d’effet", lambda row: date_courte(row.date_effet), "date_effet", court=True),
    Column[ConventionRow]("Dernier jour", lambda row: date_courte(row.dernier_jour), "dernier_jour", court=True),
    Column[ConventionRow](
        "Part ou heures", lambda row: tell_quantity(row.quotite, row.minutes_prevues), "volume", True
    ),
    Column[ConventionRow](
        "Montant émis",
        lambda row: euros(row.montant_annuel) if row.montant_annuel is not None else "",
        "montant_annuel",
        True,
    ),
    Column[ConventionRow](
        THIS_YEAR, lambda row: euros(row.montant_annee) if row.montant_annee is not None else "", "montant_annee", True
    ),
    Column[ConventionRow]("Fichiers", files, court=True),
)
NOT_FOR_ASSISTANTS = ("Montant émis", THIS_YEAR, "Fichiers")
SELECTION = Selection[ConventionRow](
    "/conventions.zip", "Télécharger la sélection (ZIP)", lambda row: row.id, lambda row: f"la convention {row.numero}"
)

portail, acteur = session.portail(), session.acteur()
whole = reads_acts(acteur)  # an assistant reads neither files nor amounts
columns = COLUMNS if whole else tuple(one for one in COLUMNS if one.titre not in NOT_FOR_ASSISTANTS)
page.header(
    "Conventions",
    "Le registre des conventions émises et de leurs fichiers."
    if whole
    else "Les conventions auxquelles vous êtes affecté.",
)
years = {str(year): str(year) for year in page.load(list_years, portail, acteur)}
if years:
    search, states, when = st.columns([2, 1, 1])
    with search:
        texte = LISTING.search("Rechercher", "Numéro, collectivité ou SIREN")
    with states:
        etat = LISTING.choice("etat", "État", ETATS, "Tous les états")
    with when:
        annee = LISTING.choice("annee", "Année d’émission", years, "Toutes les années")
    tri, descendant = LISTING.order
    asked = ConventionFilter(
        texte=texte,
        etats=(etat,) if etat else (),
        annee=int(annee) if annee else None,
        tri=tri if tri in TRIS else LISTING.tri,
        descendant=descendant,
        page=LISTING.number,
    )
    found = page.load(list_conventions, portail, acteur, asked)
    if found.total:
        given = urlencode({"texte": texte, "etat": etat or "", "annee": annee or ""})
        page.download("Exporter le registre (Excel)", f"/exports/conventions.xlsx?{given}")
        show_table(LISTING, found, columns, legende="Conventions", selection=SELECTION if whole else None)
    else:
        st.info("Aucune convention ne correspond à ces critères. Élargissez la recherche ou choisissez un autre état.")
elif acteur.du_centre and not acteur.has(*(ROLES_CENTRE - {Role.ASSISTANT})):
    st.info("Vous n’êtes affecté à aucune convention. Le responsable du service vous affecte depuis « Équipe ».")
elif acteur.du_centre:
    st.info("Aucune convention pour le moment. Une convention est émise depuis un dossier accepté.")
else:
    st.info("Aucune convention pour le moment. Le centre l’émet quand il a accepté votre dossier ; vous serez prévenu.")
