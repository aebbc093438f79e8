"""Conventions in force and who is assigned to them today: those without anybody first."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, pourcentage
from services.activite import equipe
from services.activite.equipe import COUVERTURES, CouvertureFilter, CouvertureRow
from ui import page, session
from ui.equipe.cadre import Cadre, search_bar
from ui.html import badge
from ui.tables import Column, Listing, show_table

ONGLET = "couverture"
LISTING = Listing("equipe", "c", tri="collectivite")


def show_couvertures(cadre: Cadre) -> None:
    """The list with its filters."""
    given = search_bar(
        LISTING,
        "Collectivité, convention ou SIREN",
        couverture=("Couverture", COUVERTURES, "Toutes les conventions"),
    )
    asked = CouvertureFilter(given["texte"] or "", given["couverture"], LISTING.number)
    found = page.load(equipe.list_couvertures, session.portail(), session.acteur(), cadre.centre_id, asked)
    if found.total:
        show_table(LISTING, found, _columns(cadre), legende="Conventions et assistants affectés")
    elif LISTING.filtered:
        st.info("Aucune convention ne correspond à ces critères.")
    else:
        st.info("Aucune convention n’est en vigueur aujourd’hui : il n’y a personne à affecter.")


def _columns(cadre: Cadre) -> list[Column[CouvertureRow]]:
    return [
        Column(
            "Collectivité",
            lambda row: row.collectivite,
            vers=lambda row: page.url_of("convention", id=row.convention_id),
        ),
        Column("Convention", lambda row: row.numero, court=True),
        Column("Assistants", lambda row: _people(row, cadre)),
        Column(
            "Part prévue", lambda row: pourcentage(row.prevue) if row.prevue is not None else "À l’heure", nombre=True
        ),
        Column("Part affectée", lambda row: pourcentage(row.affectee) if row.affectee else "", nombre=True),
        Column("Couverture", _state),
    ]


def _people(row: CouvertureRow, cadre: Cadre) -> str | Markup:
    if row.assistants:
        return ", ".join(dict.fromkeys(row.assistants))  # somebody may hold two assignments
    since = f"Personne depuis le {date_courte(row.depuis)}" if row.depuis else "Personne"
    if not cadre.modifiable:
        return since
    url = cadre.url("affectations", vue="nouvelle", convention=row.convention_id)
    return Markup('{}. <a data-lien="page" href="{}">Affecter</a>').format(since, url)


def _state(row: CouvertureRow) -> Markup:
    if not row.assistants:
        return badge("Sans assistant", "annulee")
    if row.prevue is None or row.prevue == row.affectee:
        return badge("Complète", "en_vigueur")
    return badge("Incomplète" if row.affectee < row.prevue else "Dépassée", "denoncee")
