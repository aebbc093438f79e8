"""The follow-up of one convention: hours against those due, costs, statements, reports."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from domain.formatting import NBSP, date_courte, date_longue, duree, euros, pourcentage
from services.pilotage.suivi import ConventionChoice, SuiviView
from ui import page
from ui.html import badge, facts, file_link, note, query_url, show, tabs
from ui.suivi.chiffres import table


def show_choices(choices: list[ConventionChoice], view: SuiviView) -> None:
    """Links to the other conventions, when there are several, and to the years."""
    if len(choices) > 1:
        items = [
            (one.libelle, query_url("suivi", {"convention": one.id, "annee": None}), one.id == view.convention_id)
            for one in choices
        ]
        show(tabs("Conventions", items))
    if len(view.annees) > 1:
        years = [(str(one), query_url("suivi", {"annee": one}), one == view.annee) for one in view.annees]
        show(tabs("Années", years))


def show_summary(view: SuiviView) -> None:
    """Hours and euros of the year, in words and figures."""
    hours = view.publication.minutes
    forecast = _forecast(view)
    show(
        facts(
            [
                ("Convention", Markup("{} {}").format(f"n° {view.numero}", badge(view.etat_libelle, view.etat))),
                ("Heures des mois clos", _hours(view, hours)),
                ("Heures prévues pour l’année", duree(view.minutes_dues) if view.minutes_dues else None),
                ("Prévision de fin d’année", forecast),
                ("Engagé pour l’année", _money(view.engage)),
                ("Facturé", _money(view.facture)),
                ("À venir", _money(view.a_venir)),
            ]
        )
    )
    if view.prevision and view.minutes_dues:
        note(
            f"Prévision : les heures enregistrées jusqu’au {date_longue(view.prevision.arrete_au)}, prolongées au même rythme "
            "jusqu’à la fin de l’année. Ce n’est ni un engagement ni un plafond."
        )


def _hours(view: SuiviView, hours: int) -> str:
    if not view.minutes_dues:
        return duree(hours)
    return f"{duree(hours)}, soit {pourcentage(Decimal(100 * hours) / view.minutes_dues, 0)} des heures prévues"


def _forecast(view: SuiviView) -> str | None:
    if not (view.prevision and view.minutes_dues):
        return None
    share = pourcentage(Decimal(100 * view.prevision.minutes) / view.minutes_dues, 0)
    return f"environ {duree(60 * round(view.prevision.minutes / 60))}, soit {share} des heures prévues"


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else euros(amount)


def show_exports(view: SuiviView) -> None:
    """The same tables for a spreadsheet."""
    with st.container(horizontal=True):
        address = f"?convention={view.convention_id}&annee={view.annee}"
        page.download("Exporter (XLSX)", f"/exports/suivi.xlsx{address}")
        page.download("Exporter (CSV)", f"/exports/suivi.csv{address}")


def show_files(view: SuiviView) -> None:
    """Annual reports and statements that were issued."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.subheader("Bilans annuels", anchor=False)
        if view.bilans:
            links = [
                Markup("<li>{}<br><small>publié le {}</small></li>").format(
                    file_link(one.id, one.nom, one.taille), date_courte(one.deposee_le.date())
                )
                for one in view.bilans
            ]
            show(Markup('<ul class="p-fichiers">{}</ul>').format(Markup("").join(links)))
        else:
            note("Aucun bilan publié. Le service le remet après la clôture de l’année.")
    with right:
        st.subheader("Décomptes", anchor=False)
        if view.decomptes:
            show(_statements(view))
        else:
            note("Aucun décompte émis pour cette convention.")


def _statements(view: SuiviView) -> Markup:
    lines = [
        (
            Markup("{}").format(file_link(one.piece.id, f"n°{NBSP}{one.numero}", one.piece.taille))
            if one.piece
            else f"n°{NBSP}{one.numero}",
            f"{date_courte(one.du)} – {date_courte(one.au)}",
            one.etat_libelle,
            euros(one.total),
        )
        for one in view.decomptes
    ]
    return table("Décomptes", ("Décompte", "Période", "État", "Montant"), lines)
