"""Months of the centre: what was recorded, who recorded nothing, closing and reopening."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.formatting import duree
from services.activite import cloture_lists, clotures
from services.activite.cloture_lists import MoisRow
from services.core.paging import Page
from ui import page, session
from ui.equipe.cadre import Cadre
from ui.html import badge, day, note
from ui.tables import Column, Listing, show_table

ONGLET = "clotures"
LISTING = Listing("equipe", "m", tri="mois")
LAST_MONTH = 12
YEAR_END = (
    " C’est le dernier mois de {0} : les chiffres de l’année sont publiés aux collectivités, une fois pour toutes."
)


def show_clotures(cadre: Cadre) -> None:
    """The months, the latest first, with the one that may be closed and the one that may be reopened."""
    note(
        "Un mois clos ne bouge plus : ni heures ni déplacements n’y sont ajoutés, modifiés ou retirés. Les mois se closent dans "
        "l’ordre, une fois passés ; les décomptes s’appuient sur des mois clos."
    )
    rows = page.load(cloture_lists.list_mois, session.portail(), session.acteur(), cadre.centre_id)
    if not rows:
        st.info("Rien à clore pour le moment : aucun assistant n’est affecté avant ce mois.")
        return
    if cadre.modifiable:
        _actions(cadre, rows)
    show_table(LISTING, Page(tuple(rows), len(rows), 1, len(rows)), COLUMNS, legende="Mois")


COLUMNS: list[Column[MoisRow]] = [
    Column("Mois", lambda row: row.libelle.capitalize(), court=True),
    Column("Heures", lambda row: duree(row.minutes) if row.minutes else "", nombre=True),
    Column("Interventions", lambda row: str(row.interventions or ""), nombre=True),
    Column("Déplacements", lambda row: str(row.deplacements or ""), nombre=True),
    Column("Assistants", lambda row: str(row.assistants or ""), nombre=True),
    Column("N’ont rien saisi", lambda row: ", ".join(row.sans_saisie)),
    Column("État", lambda row: _state(row)),
]


def _state(row: MoisRow) -> Markup:
    if not row.clos:
        return badge("Ouvert", "a_signer")
    if row.close_le is None:
        return badge("Clos", "en_vigueur")
    who = f" par {row.close_par}" if row.close_par else ""
    return Markup('{} <span class="p-discret">le {}{}</span>').format(
        badge("Clos", "en_vigueur"), day(row.close_le), who
    )


def _actions(cadre: Cadre, rows: list[MoisRow]) -> None:
    to_close = next((row for row in rows if row.peut_clore), None)
    last = next((row for row in rows if row.peut_rouvrir or row.refus), None)
    left, right = st.columns(2, vertical_alignment="top")
    with left:
        if to_close and st.button(f"Clore {to_close.libelle}", type="primary", icon=":material/lock:", key="clore"):
            _ask_close(cadre, to_close)
    with right:
        if last and last.refus:
            note(last.refus)
        elif last and st.button(f"Rouvrir {last.libelle}", icon=":material/lock_open:", key="rouvrir"):
            _ask_reopen(cadre, last)


def _ask_close(cadre: Cadre, row: MoisRow) -> None:
    given = (session.portail(), session.acteur(), cadre.centre_id, row.annee, row.mois)
    missing = f" N’ont rien saisi : {', '.join(row.sans_saisie)}." if row.sans_saisie else ""
    page.confirm(
        f"Clore {row.libelle} ?",
        f"{duree(row.minutes)} y sont enregistrées. Rien n’y sera plus modifié, sauf à rouvrir le mois."
        + missing
        + (YEAR_END.format(row.annee) if row.mois == LAST_MONTH else ""),
        "Clore le mois",
        lambda _: page.ran(clotures.close_month, *given, succes=f"{row.libelle.capitalize()} est clos.")[0],
        key="clore-mois",
    )


def _ask_reopen(cadre: Cadre, row: MoisRow) -> None:
    given = (session.portail(), session.acteur(), cadre.centre_id, row.annee, row.mois)
    page.confirm(
        f"Rouvrir {row.libelle} ?",
        "Les assistants pourront de nouveau y enregistrer et y corriger des heures. Les chiffres déjà publiés d’une année close "
        "ne changeront pas.",
        "Rouvrir le mois",
        lambda _: page.ran(clotures.reopen_month, *given, succes=f"{row.libelle.capitalize()} est rouvert.")[0],
        key="rouvrir-mois",
    )
