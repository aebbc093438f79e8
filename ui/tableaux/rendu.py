"""How a dashboard is drawn: key figures, a chart under the sentence it proves, the table behind it and its exports."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup

from documents.charts import Chart, untitled
from documents.tables.tableur import Cell
from services.pilotage.filtres import Filtres
from services.pilotage.tables import Tableau, write_cell
from ui.html import note, show
from ui.tableaux.barre import LISTING
from ui.tables import Column, render_table

SHOWN_ROWS = 50
"""Rows of a table behind a chart that the page shows; the export has them all."""


def show_figures(figures: Sequence[tuple[str, str, str]]) -> None:
    """Key figures: what it is, how much, and a line under it."""
    cards = Markup("").join(
        Markup(
            '<div class="p-chiffre"><dt>{}</dt><dd><strong>{}</strong><span class="p-discret">{}</span></dd></div>'
        ).format(*figure)
        for figure in figures
    )
    show(Markup('<dl class="p-chiffres">{}</dl>').format(cards))


def show_block(titre: str, chart: Chart | None, tableau: Tableau, filtres: Filtres, **extra: str) -> None:
    """A finding, the chart that shows it, and its table one click away. `extra`: more parameters of the export."""
    heading(titre)
    if chart is not None:
        st.altair_chart(untitled(chart), width="stretch", key=f"graphique-{tableau.code}")
    with st.expander("Voir le tableau", icon=":material/table_view:"):
        show_table(tableau, titre)
        show_exports(tableau, filtres, **extra)


def heading(titre: str) -> None:
    """The finding, as a heading. A name in it is text, never formatting."""
    show(Markup('<h2 class="p-constat">{}</h2>').format(titre))


def show_table(tableau: Tableau, legende: str) -> None:
    """The table, calmly: HTML that a screen reader and a telephone can read."""
    columns = [_column(index, titre, genre) for index, (titre, genre) in enumerate(tableau.colonnes)]
    show(render_table(LISTING, tableau.lignes[:SHOWN_ROWS], columns, legende))
    if len(tableau.lignes) > SHOWN_ROWS:
        note(f"Les {SHOWN_ROWS} premières lignes sur {len(tableau.lignes)} : l’export les contient toutes.")
    for line in tableau.notes:
        note(line)


def _column(index: int, titre: str, genre: str) -> Column[tuple[Cell, ...]]:
    return Column(titre, lambda row: write_cell(row[index], genre), nombre=genre != "texte")  # type: ignore[arg-type]


def show_exports(tableau: Tableau, filtres: Filtres, **extra: str) -> None:
    """Links to the whole table as CSV and XLSX, with the filters of the page."""
    query = urlencode({"tableau": tableau.code, **filtres.params(), **{k: v for k, v in extra.items() if v}})
    files = (("CSV", "tableau.csv"), ("Excel", "tableau.xlsx"))
    links = Markup(" ").join(
        Markup('<a href="/exports/{}?{}" download>Télécharger en {}<span class="p-masque"> : {}</span></a>').format(
            nom, query, label, tableau.code
        )
        for label, nom in files
    )
    show(Markup('<p class="p-raccourcis">{}</p>').format(links))
