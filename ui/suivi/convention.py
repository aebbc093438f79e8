"""The follow-up of one convention: hours against those due, costs, statements, reports."""

from __future__ import annotations

import re
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from domain.formatting import NBSP, date_courte, date_longue, duree, euros, pourcentage
from services.pilotage.suivi import ConventionChoice, DecompteSuivi, SuiviView
from ui import page
from ui.decomptes.pastille import statement_badge
from ui.html import badge, facts, file_link, link, note, query_url, show, tabs

NUMBER = Markup(' class="p-nombre"')


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
    forecast = _forecast(view)
    show(
        facts(
            [
                ("Convention", Markup("{}&nbsp; {}").format(f"n° {view.numero}", badge(view.etat_libelle, view.etat))),
                ("Heures des mois clos", _hours(view)),
                ("Heures prévues pour l’année", duree(view.minutes_dues) if view.minutes_dues else None),
                ("Prévision de fin d’année", forecast),
                ("Engagé pour l’année", _committed(view)),
                ("Facturé", _money(view.facture)),
                ("En sus (service dégradé, déplacements)", _money(view.en_sus or None)),
                ("À venir", _money(view.a_venir)),
                ("Facturé en trop, à régulariser", _money(view.trop or None)),
            ]
        )
    )
    if view.prevision and view.minutes_dues:
        note(
            f"Prévision : les heures du service ordinaire jusqu’au {date_longue(view.prevision.arrete_au)}, prolongées au même rythme "
            "jusqu’à la fin de l’année. Ce n’est ni un engagement ni un plafond."
        )


def _hours(view: SuiviView) -> str:
    """Hours of the ordinary service against those due; the others, which are not counted in them, beside."""
    hours, others = view.publication.minutes_ordinaires, view.publication.minutes - view.publication.minutes_ordinaires
    if not view.minutes_dues:
        return duree(view.publication.minutes)
    share = pourcentage(Decimal(100 * hours) / view.minutes_dues, 0)
    told = f"{duree(hours)}, soit {share} des heures prévues"
    return f"{told} ; et {duree(others)} de service dégradé ou d’état des lieux" if others else told


def _forecast(view: SuiviView) -> str | None:
    if not (view.prevision and view.minutes_dues):
        return None
    share = pourcentage(Decimal(100 * view.prevision.minutes) / view.minutes_dues, 0)
    return f"environ {duree(60 * round(view.prevision.minutes / 60))}, soit {share} des heures prévues"


def _committed(view: SuiviView) -> str | None:
    shown = _money(view.engage)
    return f"{shown} : service compris dans la cotisation, sans décompte" if shown and view.comprise else shown


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else euros(amount)


def show_exports(view: SuiviView) -> None:
    """The same tables for a spreadsheet."""
    with st.container(horizontal=True):
        address = f"?convention={view.convention_id}&annee={view.annee}"
        page.download("Exporter (XLSX)", f"/exports/suivi.xlsx{address}")
        page.download("Exporter (CSV)", f"/exports/suivi.csv{address}")


def show_files(view: SuiviView) -> None:
    """Annual reports, and the statements of the year, that were issued."""
    st.subheader("Bilans annuels", anchor=False)
    if view.bilans:
        links = [
            Markup("<li>{}<br><small>publié le {}</small></li>").format(
                file_link(one.id, _report_name(one.nom), one.taille), date_courte(one.deposee_le.date())
            )
            for one in view.bilans
        ]
        show(Markup('<ul class="p-fichiers">{}</ul>').format(Markup("").join(links)))
    else:
        note("Aucun bilan publié. Le service le remet après la clôture de l’année.")
    st.subheader(f"Décomptes {view.annee}", anchor=False)
    mine = [one for one in view.decomptes if one.exercice == view.annee]
    if mine:
        show(_statements(mine))
    else:
        note(f"Aucun décompte émis pour {view.annee}.")


def _report_name(fichier: str) -> str:
    """« Bilan 2025 (Word) », from the name of its file."""
    year = re.search(r"\d{4}", fichier)
    return f"Bilan {year.group()} (Word)" if year else fichier


def _statements(statements: list[DecompteSuivi]) -> Markup:
    """Each statement leads to its page; on a narrow screen a row becomes a card."""
    titles = ("Décompte", "Période", "État", "Montant", "Fichier")
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(NUMBER if one == "Montant" else "", one) for one in titles
    )
    body = Markup("").join(_statement(one, titles) for one in statements)
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Décomptes</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(head, body)


def _statement(one: DecompteSuivi, titles: tuple[str, ...]) -> Markup:
    number = link(f"n°{NBSP}{one.numero}", page.url_of("decompte", id=one.id), classe="p-ligne")
    cells: tuple[str | Markup, ...] = (
        one.periode,
        statement_badge(one.etat_libelle, one.etat, contre=one.contre),
        euros(one.total),
        file_link(one.piece.id, "Word", one.piece.taille) if one.piece else "–",
    )
    return Markup('<tr><th scope="row" data-titre="{}" class="p-court">{}</th>{}</tr>').format(
        titles[0],
        number,
        Markup("").join(
            Markup('<td data-titre="{}"{}><span>{}</span></td>').format(
                title, NUMBER if title == "Montant" else "", cell
            )
            for title, cell in zip(titles[1:], cells, strict=True)
        ),
    )
