"""The screen of capacity."""

from __future__ import annotations

from documents.charts import SHORT_MONTHS, bar_chart, line_chart
from services.pilotage import constats, tables
from services.pilotage.capacite import EcartConvention
from services.pilotage.constats import etp
from services.pilotage.vues import VueCapacite
from ui import page
from ui.html import note
from ui.tableaux.barre import LISTING
from ui.tableaux.rendu import heading, show_block, show_exports, show_figures
from ui.tables import Column, show_table


def show_capacity(vue: VueCapacite) -> None:
    """Posts month by month, assistants, then the conventions that lack an assignment."""
    shown = next((one for one in vue.mois if one.jour >= vue.jour), vue.mois[-1])
    empty = f"dont {etp(shown.vacants)} sans assistant" if shown.vacants else "tous occupés"
    show_figures(
        (
            (f"Promis fin {SHORT_MONTHS[shown.jour.month - 1]}", etp(shown.promis), "conventions en cours"),
            ("Postes tenus", etp(shown.tenus), empty),
            ("Marge", etp(shown.marge), "postes tenus moins postes promis"),
            ("Affecté", etp(shown.affectes), "affectations en cours"),
        )
    )
    titre = constats.tell_capacity(vue.mois, vue.filtres)
    labels = [SHORT_MONTHS[one.jour.month - 1] for one in vue.mois]
    series = {
        "Promis": [(label, one.promis) for label, one in zip(labels, vue.mois, strict=True)],
        "Tenus": [(label, one.tenus) for label, one in zip(labels, vue.mois, strict=True)],
        "Affectés": [(label, one.affectes) for label, one in zip(labels, vue.mois, strict=True)],
    }
    chart = line_chart(titre, series, x_titre="", y_titre="Équivalents temps plein", unite="ETP")
    show_block(titre, chart, tables.of_capacity(vue.mois), vue.filtres)
    _assistants(vue)
    _gaps(vue)


def _assistants(vue: VueCapacite) -> None:
    titre = constats.tell_assistants(vue.assistants, vue.jour)
    rows = [
        (one.nom, serie, value)
        for one in vue.assistants
        for serie, value in (("Poste tenu", one.tenu), ("Affecté", one.affecte))
    ]
    chart = bar_chart(titre, rows, y_titre="Équivalents temps plein", unite="ETP") if rows else None
    show_block(titre, chart, tables.of_assistants(vue.assistants), vue.filtres)


COLUMNS = (
    Column[EcartConvention](
        "Convention",
        lambda one: one.numero,
        court=True,
        vers=lambda one: page.url_of("convention", id=one.convention_id),
    ),
    Column[EcartConvention]("Collectivité", lambda one: one.nom),
    Column[EcartConvention]("Promis", lambda one: etp(one.promis), nombre=True),
    Column[EcartConvention]("Affecté", lambda one: etp(one.affecte), nombre=True),
    Column[EcartConvention]("Écart", lambda one: etp(one.ecart), nombre=True),
)


def _gaps(vue: VueCapacite) -> None:
    heading(constats.tell_gaps(vue.ecarts.total, vue.jour))
    if not vue.ecarts.total:
        note("Rien à affecter.")
        return
    show_table(LISTING, vue.ecarts, COLUMNS, legende="Conventions sans toutes leurs affectations")
    show_exports(tables.of_gaps(vue.ecarts.rows), vue.filtres)
