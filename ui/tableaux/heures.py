"""The screen of hours."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

import streamlit as st
from markupsafe import Markup

from documents.charts import SHORT_MONTHS, Chart, bar_chart, line_chart, untitled
from domain.formatting import date_courte, duree
from services.pilotage import constats, tables
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import ALERTES, AXES, LigneCollectivite, Recherche
from services.pilotage.vues import VueHeures
from ui.html import badge, bullet_list, link, note, query_url, show, tabs
from ui.tableaux.barre import LISTING, NOM
from ui.tableaux.rendu import heading, show_block, show_exports, show_figures
from ui.tables import Column
from ui.tables import show_table as show_list

TONS = {"depassement": "refuse", "sous_utilisation": "a_corriger"}
CHARTED = 10
"""Collectivités drawn: those first in the list."""


def show_hours(vue: VueHeures) -> None:
    """Figures, alerts, the year month by month, the split."""
    _figures(vue)
    _alerts(vue)
    titre = constats.tell_consumption(vue.totaux, vue.filtres, vue.choix)
    show_block(titre, _months_chart(titre, vue), tables.of_mois(vue.mois, vue.filtres), vue.filtres)
    _split(vue)


def _figures(vue: VueHeures) -> None:
    totals = vue.totaux
    others = f"et {duree(totals.autres)} d’autres heures" if totals.autres else "service ordinaire"
    now = "" if constats.tell_recorded(vue.filtres) == "Consommé" else " à ce jour"
    figures = [(f"Consommées{now}, {vue.filtres.periode}", duree(totals.minutes), others)]
    if totals.dues is not None:
        until = f"{duree(totals.attendues or 0)} attendues{_until(vue)}" if vue.filtres.arrete else "aucun mois terminé"
        figures.append((f"Dues en {vue.filtres.annee}", duree(totals.dues), until))
        known = totals.prevision is not None
        figures.append(
            (
                "Prévision au 31 décembre",
                duree(totals.prevision or 0) if known else "trop tôt",
                constats.tell_forecast(totals) if known else "",
            )
        )
        alerts = totals.depassements + totals.sous_utilisations
        figures.append(("Alertes", str(alerts), f"sur {totals.collectivites} collectivités"))
    show_figures(figures)


def _until(vue: VueHeures) -> str:
    end = vue.filtres.arrete
    return f" au {date_courte(min(end, vue.filtres.dernier))}" if end else ""


def _alerts(vue: VueHeures) -> None:
    """Who is in alert, each a link to its own figures."""
    if not vue.alertes:
        return
    lines = [
        Markup("{} {} : {} prévues pour {} dues").format(
            badge(ALERTES[one.alerte or ""], TONS[one.alerte or ""]),
            link(one.nom, query_url(NOM, {"collectivite": one.collectivite_id, "alerte": None})),
            duree(one.prevision or 0),
            duree(one.dues or 0),
        )
        for one in vue.alertes
    ]
    heading(constats.tell_collectivites(vue.totaux))
    show(bullet_list(lines))
    left = vue.totaux.depassements + vue.totaux.sous_utilisations - len(vue.alertes)
    if left > 0:
        show(link(f"Voir les {left} autres alertes", query_url(NOM, {"alerte": "toutes"})))
    note(tables.assumption(vue.filtres))


def _hours(minutes: int) -> Decimal:
    return Decimal(minutes) / 60


def _months_chart(titre: str, vue: VueHeures) -> Chart:
    """Adding up month after month against what is due, and the forecast; the months alone for one assistant."""
    labels = [SHORT_MONTHS[one.mois - 1] for one in vue.mois]
    if vue.totaux.dues is None:
        rows = [(label, "Heures", _hours(one.minutes)) for label, one in zip(labels, vue.mois, strict=True)]
        return bar_chart(titre, rows, y_titre="Heures")
    used = list(accumulate(one.ordinaires for one in vue.mois))
    due = list(accumulate(one.dues or 0 for one in vue.mois))
    done = _finished(vue)
    series = {
        constats.tell_finished(vue.filtres): [
            (label, _hours(value)) for label, value in zip(labels[:done], used[:done], strict=True)
        ],
        "Dû": [(label, _hours(value)) for label, value in zip(labels, due, strict=True)],
    }
    forecast = vue.totaux.prevision
    if forecast is not None and done and done < len(labels) and vue.filtres.annee_entiere:
        series["Prévision"] = [(labels[done - 1], _hours(used[done - 1])), (labels[-1], _hours(forecast))]
    return line_chart(titre, {name: points for name, points in series.items() if points}, x_titre="", y_titre="Heures")


def _finished(vue: VueHeures) -> int:
    """How many of the months shown are finished."""
    return sum(vue.filtres.arrete is not None and one.mois <= vue.filtres.arrete.month for one in vue.mois)


def _split(vue: VueHeures) -> None:
    """The hours by one dimension at a time."""
    titre = constats.tell_axe(vue.valeurs, vue.axe)
    axes = {code: label for code, label in AXES.items() if not (vue.filtres.personnel and code == "assistant")}
    show(
        tabs("Répartir par", ((label, query_url(NOM, {"par": code}), code == vue.axe) for code, label in axes.items()))
    )
    rows = [(one.court, "Heures", _hours(one.minutes)) for one in vue.valeurs]
    chart = bar_chart(titre, rows, y_titre="Heures") if rows else None
    show_block(titre, chart, tables.of_axe(vue.valeurs, vue.axe), vue.filtres)


def _columns(filtres: Filtres, compared: bool) -> tuple[Column[LigneCollectivite], ...]:
    """Hours up to now and up to the last finished month are two figures, each called by its own name."""
    finished = constats.tell_finished(filtres)
    columns = (
        Column[LigneCollectivite](
            "Collectivité",
            lambda one: one.nom,
            "nom",
            vers=lambda one: query_url(NOM, {"collectivite": one.collectivite_id}),
        ),
        Column[LigneCollectivite](
            constats.tell_recorded(filtres), lambda one: duree(one.minutes), "minutes", nombre=True
        ),
        Column[LigneCollectivite]("Autres heures", lambda one: duree(one.autres) if one.autres else "", nombre=True),
    )
    if not compared:
        return columns
    return (
        *columns,
        *(
            ()
            if finished == constats.tell_recorded(filtres)
            else (Column[LigneCollectivite](finished, lambda one: duree(one.arretees), nombre=True),)
        ),
        Column[LigneCollectivite]("Dû dans l’année", lambda one: duree(one.dues or 0), "dues", True),
        Column[LigneCollectivite](
            f"{finished}, part du dû", lambda one: constats.percent(one.arretees, one.dues or 0), "taux", True
        ),
        Column[LigneCollectivite](
            "Prévision", lambda one: "" if one.prevision is None else duree(one.prevision), "prevision", True
        ),
        Column[LigneCollectivite](
            "Alerte", lambda one: badge(ALERTES[one.alerte], TONS[one.alerte]) if one.alerte else "", "ecart"
        ),
    )


def show_collectivites(vue: VueHeures, recherche: Recherche) -> None:
    """The list of collectivités, the first ones drawn."""
    found, compared = vue.collectivites, vue.totaux.dues is not None
    if recherche.alerte:
        show(link("Toutes les collectivités, avec ou sans alerte", query_url(NOM, {"alerte": None}), here=True))
    if not found.total:
        note("Aucune collectivité ne correspond. Changez l’année, les filtres ou la recherche.")
        return
    if compared:
        drawn = found.rows[:CHARTED]
        titre = constats.tell_shown(drawn)
        heading(titre)
        st.altair_chart(
            untitled(_compared_chart(titre, drawn, vue.filtres)), width="stretch", key="graphique-collectivites"
        )
    show_list(LISTING, found, _columns(vue.filtres, compared), legende="Heures par collectivité")
    tableau = tables.of_collectivites(found.rows, vue.filtres)
    show_exports(tableau, vue.filtres, texte=recherche.texte, alerte=recherche.alerte or "")


def _compared_chart(titre: str, lignes: Sequence[LigneCollectivite], filtres: Filtres) -> Chart:
    rows = [
        (one.nom, serie, _hours(minutes))
        for one in lignes
        for serie, minutes in ((constats.tell_finished(filtres), one.arretees), ("Dû dans l’année", one.dues or 0))
    ]
    return bar_chart(titre, rows, y_titre="Heures")
