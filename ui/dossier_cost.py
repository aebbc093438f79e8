"""What the need costs, computed as it is typed: the same amounts as the convention will print, with their steps."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_longue, duree, euros, pourcentage
from services.adhesion.dossier_views import DossierView
from ui import page
from ui.html import facts, show


def show_cost(view: DossierView) -> None:
    """Annual amount, first year, instalments, hours, and how each was found."""
    st.subheader("Ce que cela coûte", anchor=False)
    amounts = view.montants
    if amounts is None or amounts["annuel"] is None:
        st.info("Indiquez la part d’un temps plein et les dates : le coût s’affiche ici.", icon=":material/calculate:")
        return
    _show_amounts(view, amounts)
    if amounts["echeancier"]:
        show(_instalments(amounts))
    if amounts["etapes"]:
        with st.expander("Le détail du calcul"):
            st.markdown(
                "\n".join(f"{number}. {page.text(one)}" for number, one in enumerate(amounts["etapes"], start=1))
            )


def show_commitment(view: DossierView) -> None:
    """What the collectivité commits to, in a few lines, before it deposits."""
    if view.montants is not None and view.montants["annuel"] is not None:
        st.subheader("Ce à quoi vous vous engagez", anchor=False)
        _show_amounts(view, view.montants)


def _show_amounts(view: DossierView, amounts: dict[str, Any]) -> None:
    for warning in view.avertissements:
        if warning.code.startswith("tarif"):
            st.warning(page.text(warning.texte), icon=":material/warning:")
    show(facts(_lines(amounts)))


def _lines(amounts: dict[str, Any]) -> list[tuple[str, str | Markup | None]]:
    first = amounts["premiere_annee"]
    tariff = amounts["tarif"]
    lines: list[tuple[str, str | Markup | None]] = [
        (
            f"Tarif {tariff['annee']} d’un temps plein",
            euros(tariff["montant"]) if tariff["montant"] is not None else None,
        ),
        ("Part d’un temps plein", pourcentage(amounts["quotite"])),
        ("Montant d’une année entière", Markup("<strong>{}</strong>").format(euros(amounts["annuel"]))),
    ]
    if first["du"] is not None and first["debut"] is not None:
        label = f"Première année, à partir du {date_longue(first['debut'])} ({first['jours']} {first['unite']} sur {first['base']})"
        lines.append((label, Markup("<strong>{}</strong>").format(euros(first["du"]))))
    if amounts["heures"]["minutes"] is not None:
        lines.append(("Temps de travail de l’assistant par an", duree(amounts["heures"]["minutes"])))
    return lines


def _instalments(amounts: dict[str, Any]) -> Markup:
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td class="p-nombre">{}</td></tr>').format(
            one["libelle"], euros(one["montant"])
        )
        for one in amounts["echeancier"]
    )
    return Markup(
        '<div class="p-tableau p-etroit"><table><caption>Échéancier de la première année</caption><thead><tr><th scope="col">Échéance</th>'
        '<th scope="col" class="p-nombre">Montant</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(rows)
