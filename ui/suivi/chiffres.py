"""The published figures of a year: charts that say their finding, the table of each one a click away, what is masked and why.
The same for the collectivité and for the preview of the annual report."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from documents.bilan_charts import count_chart, count_finding, month_chart, month_finding
from documents.charts import untitled
from domain.formatting import MONTHS, duree, nombre
from domain.secret import MASQUE
from services.pilotage.publication import LignePubliee, Publication, TablePubliee
from services.pilotage.suivi import explain_mask
from ui.html import note, show


def show_months(published: Publication) -> None:
    """Hours of each closed month."""
    if not published.mois:
        st.info(
            "Aucun mois n’est clos pour cette année : les heures s’affichent à la clôture de chaque mois par le centre."
        )
        return
    st.subheader(month_finding(published.mois), anchor=False)
    if published.minutes:
        st.altair_chart(untitled(month_chart(published.mois)), width="stretch", theme=None)
    with st.expander("Le tableau derrière ce graphique", icon=":material/table:"):
        rows = [(MONTHS[mois].capitalize(), duree(minutes)) for mois, minutes in published.mois]
        show(table("Heures par mois", ("Mois", "Heures"), [*rows, ("Total", duree(published.minutes))]))


def show_tables(published: Publication) -> None:
    """The four tables of a frozen year; why there is none otherwise."""
    if not published.arretee:
        left = [MONTHS[mois] for mois in published.restants]
        rest = f" Il reste à clore : {', '.join(left)}." if left else ""
        st.info(
            f"Le détail des interventions de {published.annee} sera publié quand tous les mois de l’année seront clos, une fois "
            f"pour toutes.{rest}"
        )
        return
    if published.nombre is None:
        st.info(
            "Les interventions de l’année sont trop peu nombreuses pour être publiées sans risque pour la confidentialité des "
            "agents : ni leur nombre, ni leur détail ne sont donnés. Les heures restent connues."
        )
        return
    st.subheader(f"{nombre(published.nombre)} interventions en {published.annee}", anchor=False)
    if any(ligne.nombre is None for one in published.tables for ligne in one.lignes):
        note(explain_mask(published))
    left_side, right_side = st.columns(2, gap="large")
    for index, one in enumerate(published.tables):
        with (left_side, right_side)[index % 2]:
            _show_table(one, published)


def _show_table(one: TablePubliee, published: Publication) -> None:
    rows = [(ligne.libelle, ligne.court, ligne.nombre) for ligne in one.lignes]
    st.markdown(f"**{count_finding(one.titre, rows, published.nombre)}**")
    if one.masquee:
        note("Aucune ligne de ce tableau ne peut être publiée.")
        return
    st.altair_chart(untitled(count_chart(one.titre, rows, published.nombre)), width="stretch", theme=None)
    with st.expander(f"Le tableau : {one.titre.lower()}", icon=":material/table:"):
        lines = [(ligne.libelle, *_figures(ligne)) for ligne in one.lignes]
        total = ("Total", nombre(published.nombre or 0), duree(published.minutes_tables or 0))
        show(table(one.titre, (one.titre, "Interventions", "Heures"), [*lines, total]))


def _figures(ligne: LignePubliee) -> tuple[str, str]:
    if ligne.nombre is None or ligne.minutes is None:
        return MASQUE, MASQUE
    return nombre(ligne.nombre), duree(ligne.minutes)


def table(legende: str, titres: tuple[str, ...], lignes: list[tuple[str, ...]]) -> Markup:
    """A small table, first column as headings, the others as figures."""
    head = Markup('<th scope="col">{}</th>').format(titres[0])
    head += Markup("").join(Markup('<th scope="col" class="p-nombre">{}</th>').format(titre) for titre in titres[1:])
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            ligne[0], Markup("").join(Markup('<td class="p-nombre">{}</td>').format(cell) for cell in ligne[1:])
        )
        for ligne in lignes
    )
    return Markup(
        '<div class="p-tableau p-etroit"><table><caption class="p-masque">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(legende, head, body)
