"""Recorded lines as plain lists, for a telephone, a narrow window, or whoever reads a page rather than a grid."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from markupsafe import Markup

from domain.activite import nomenclature
from domain.formatting import duree
from services.activite.grille import DEFAUTS, LigneGrille
from services.activite.semaine import Semaine
from ui.heures.grille import ORDRE
from ui.html import link, query_url


def find_line(semaine: Semaine, ident: UUID) -> LigneGrille | None:
    """The line recorded under `ident` that may still be corrected; None when it is gone or its month is closed."""
    return next((one for one in semaine.enregistrees if one.id == ident), None)


def render_day(semaine: Semaine, lignes: Sequence[LigneGrille]) -> Markup:
    """The interventions of a day: duration, collectivité, lists; a link to correct each that may be."""
    return Markup('<ul class="p-jour-heures">{}</ul>').format(
        Markup("").join(_render_line(semaine, one) for one in lignes)
    )


def _render_line(semaine: Semaine, ligne: LigneGrille) -> Markup:
    lists = nomenclature()
    said = {name: ligne.codes.get(name) or "" for name in ORDRE}
    # The nature is told when it is not the usual one: it decides of the invoice.
    told = [name for name in ORDRE if name != "nature" or said[name] != DEFAUTS[name]]
    codes = [lists.labels(name, court=True).get(said[name], "–") for name in told]
    place = semaine.conventions.get(ligne.convention_id, "–") if ligne.convention_id else "–"
    length = duree(ligne.minutes) if ligne.minutes else ligne.duree
    correct = Markup("")
    if ligne.id and ligne.jour in semaine.ouverts:
        target = query_url(
            "heures", {"vue": "corriger", "ligne": ligne.id, "semaine": semaine.lundi.isoformat(), "jour": None}
        )
        correct = link("Corriger", target, hidden=f"{length}, {place}")
    return Markup("<li><strong>{}</strong> <span>{}</span> {}<small>{}</small></li>").format(
        length, place, correct, ", ".join(codes)
    )
