"""Each table of the dashboards as CSV or XLSX, whole, with the same permission and filters as on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from documents.tables.tableur import CSV_TYPE, XLSX_TYPE, Cell, Feuille, write_csv, write_xlsx
from domain.errors import Introuvable
from services.core.access import Acteur
from services.core.paging import MAX_PAGE_SIZE, Page
from services.core.portail import Portail, record
from services.exports import Export
from services.pilotage import constats, tables, vues
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import AXES, Recherche
from services.pilotage.tables import Tableau

Row = TypeVar("Row")
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class _Made:
    """A table with what it says and what it was asked for."""

    titre: str
    filtres: Filtres
    tableau: Tableau


def export_csv(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> Export:
    """/exports/tableau.csv?tableau=…: the table named there. Hours are decimal hours."""
    made = _make(portail, acteur, params)
    colonnes = [titre if genre != "heures" else f"{titre} (heures)" for titre, genre in made.tableau.colonnes]
    lignes = [_csv_row(made.tableau, ligne) for ligne in made.tableau.lignes]
    return Export(_name(made, "csv"), CSV_TYPE, write_csv(colonnes, lignes))


def export_xlsx(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> Export:
    """/exports/tableau.xlsx?tableau=…: the same as a workbook, with what it says above it."""
    made = _make(portail, acteur, params)
    feuille = Feuille(
        nom=made.tableau.code,
        colonnes=[titre for titre, _ in made.tableau.colonnes],
        lignes=[[_round(cell) for cell in ligne] for ligne in made.tableau.lignes],
        titre=made.titre,
        notes=made.tableau.notes,
        formats=[(titre, FORMATS[genre]) for titre, genre in made.tableau.colonnes if genre in FORMATS],
    )
    return Export(_name(made, "xlsx"), XLSX_TYPE, write_xlsx([feuille]))


FORMATS = {"heures": "heures", "euros": "euros", "pourcent": "pourcent", "nombre": "nombre"}


def _make(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    code = params.get("tableau", "")
    maker = MAKERS.get(code)
    if maker is None and code.removeprefix("heures-") in AXES and code.startswith("heures-"):
        maker = _axe
    if maker is None:
        raise Introuvable()
    made = maker(portail, acteur, params)
    with portail.action(acteur, "tableau.exporter", objet="centre", objet_id=made.filtres.centre_id) as session:
        record(
            session,
            acteur,
            "tableau.exporter",
            centre_id=made.filtres.centre_id,
            objet="centre",
            objet_id=made.filtres.centre_id,
            tableau=made.tableau.code,
            annee=made.filtres.annee,
            lignes=len(made.tableau.lignes),
        )
    return made


def _name(made: _Made, extension: str) -> str:
    return f"{made.tableau.code}-{made.filtres.annee}.{extension}"


def _round(cell: Cell) -> Cell:
    return cell.quantize(HUNDREDTH) if isinstance(cell, Decimal) else cell


def _csv_row(tableau: Tableau, ligne: tuple[Cell, ...]) -> list[Cell]:
    return [
        (Decimal(cell) / 60).quantize(HUNDREDTH) if genre == "heures" and isinstance(cell, int) else _round(cell)
        for cell, (_, genre) in zip(ligne, tableau.colonnes, strict=True)
    ]


def _search(params: Mapping[str, str], number: int) -> Recherche:
    return Recherche(texte=params.get("texte", ""), alerte=params.get("alerte"), page=number, taille=MAX_PAGE_SIZE)


def _all_pages(read: Callable[[int], tuple[Any, Page[Row]]]) -> tuple[Any, tuple[Row, ...]]:
    """The first answer, and the rows of all its pages."""
    first, page = read(1)
    rows = list(page.rows)
    for number in range(2, page.pages + 1):
        rows.extend(read(number)[1].rows)
    return first, tuple(rows)


def _collectivites(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    def read(number: int) -> tuple[Any, Page[Any]]:
        vue = vues.open_heures(portail, acteur, params, _search(params, number))
        return vue, vue.collectivites

    vue, rows = _all_pages(read)
    titre = constats.tell_consumption(vue.totaux, vue.filtres, vue.choix)
    return _Made(titre, vue.filtres, tables.of_collectivites(rows, vue.filtres))


def _mois(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    vue = vues.open_heures(portail, acteur, params, Recherche(taille=1))
    return _Made(constats.tell_months(vue.mois, vue.filtres), vue.filtres, tables.of_mois(vue.mois, vue.filtres))


def _axe(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    axe = params["tableau"].removeprefix("heures-")
    vue = vues.open_heures(portail, acteur, {**params, "par": axe}, Recherche(taille=1))
    return _Made(constats.tell_axe(vue.valeurs, axe), vue.filtres, tables.of_axe(vue.valeurs, axe))


def _couts(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    def read(number: int) -> tuple[Any, Page[Any]]:
        vue = vues.open_couts(portail, acteur, params, _search(params, number))
        return vue, vue.collectivites

    vue, rows = _all_pages(read)
    titre = constats.tell_costs(vue.total, vue.filtres, vue.choix)
    return _Made(titre, vue.filtres, tables.of_costs("couts-collectivites", "Collectivité", rows))


def _annees(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    vue = vues.open_couts(portail, acteur, params, Recherche(taille=1))
    titre = constats.tell_years(vue.annees, vue.filtres, vue.choix)
    return _Made(titre, vue.filtres, tables.of_costs("couts-annees", "Année", vue.annees))


def _offres(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    vue = vues.open_couts(portail, acteur, params, Recherche(taille=1))
    titre = constats.tell_offers(vue.offres, vue.filtres)
    return _Made(titre, vue.filtres, tables.of_costs("couts-offres", "Offre", vue.offres))


def _capacite(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    vue = vues.open_capacite(portail, acteur, params, Recherche(taille=1))
    return _Made(constats.tell_capacity(vue.mois, vue.filtres), vue.filtres, tables.of_capacity(vue.mois))


def _ecarts(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    def read(number: int) -> tuple[Any, Page[Any]]:
        vue = vues.open_capacite(portail, acteur, params, replace(_search(params, number), texte=""))
        return vue, vue.ecarts

    vue, rows = _all_pages(read)
    return _Made(constats.tell_gaps(vue.ecarts.total, vue.jour), vue.filtres, tables.of_gaps(rows))


def _assistants(portail: Portail, acteur: Acteur, params: Mapping[str, str]) -> _Made:
    vue = vues.open_capacite(portail, acteur, params, Recherche(taille=1))
    titre = constats.tell_assistants(vue.assistants, vue.jour)
    return _Made(titre, vue.filtres, tables.of_assistants(vue.assistants))


MAKERS: dict[str, Callable[[Portail, Acteur, Mapping[str, str]], _Made]] = {
    "heures-collectivites": _collectivites,
    "heures-mois": _mois,
    "couts-collectivites": _couts,
    "couts-annees": _annees,
    "couts-offres": _offres,
    "capacite-mois": _capacite,
    "capacite-ecarts": _ecarts,
    "capacite-assistants": _assistants,
}
"""Tables by their code; « heures-<axe> » for each axis of the hours besides."""
