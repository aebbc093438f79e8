"""The tables behind the charts, as they are shown under them and exported: columns with their kind of figures, and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from documents.tables.tableur import Cell
from domain.formatting import MONTHS, date_longue, duree, euros, nombre, pourcentage
from domain.pilotage import load_alertes
from services.pilotage.capacite import EcartConvention, LigneAssistant, LigneCapacite
from services.pilotage.couts import LigneCout
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import ALERTES, AXES, LigneAxe, LigneCollectivite, LigneMois

Genre = Literal["texte", "heures", "euros", "pourcent", "nombre", "etp"]


@dataclass(frozen=True)
class Tableau:
    """A table: its code in the address of exports, its columns (heading, kind) and its rows. Hours are in minutes."""

    code: str
    colonnes: tuple[tuple[str, Genre], ...]
    lignes: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def write_cell(value: Cell, genre: Genre) -> str:
    """A cell as the page shows it; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, int) and genre == "heures":
        return duree(value)
    if isinstance(value, Decimal | int) and genre != "texte":
        if genre == "euros":
            return euros(value)
        if genre == "pourcent":
            return pourcentage(value, 1)
        return nombre(value, 2) if genre == "etp" else nombre(value)
    return str(value)


def assumption(filtres: Filtres) -> str:
    """How the forecast is made, said wherever it is shown."""
    seuils = load_alertes()
    if filtres.arrete is None:
        return f"Pas encore de prévision pour {filtres.annee} : aucun mois n’est terminé."
    return (
        f"Prévision au 31 décembre {filtres.annee} : les heures du service ordinaire enregistrées jusqu’au "
        f"{date_longue(filtres.arrete)}, prolongées au même rythme sur les jours de convention de l’année. Aucune avant "
        f"{seuils.jours_minimum} jours de convention. Alerte à partir de {seuils.depassement} % et jusqu’à "
        f"{seuils.sous_utilisation} % des heures dues."
    )


def of_collectivites(lignes: Sequence[LigneCollectivite], filtres: Filtres) -> Tableau:
    """Hours by collectivité; what is due and foreseen is left out for one assistant."""
    consumed: tuple[tuple[str, Genre], ...] = (
        ("Collectivité", "texte"),
        ("Service ordinaire", "heures"),
        ("Autres heures", "heures"),
    )
    if filtres.assistant_id:
        rows = tuple((one.nom, one.minutes, one.autres) for one in lignes)
        return Tableau("heures-collectivites", consumed, rows)
    return Tableau(
        "heures-collectivites",
        (
            *consumed,
            ("Dues dans l’année", "heures"),
            ("Part du dû consommée, mois terminés", "pourcent"),
            ("Attendu, mois terminés", "heures"),
            ("Prévision au 31/12", "heures"),
            ("Alerte", "texte"),
        ),
        tuple(
            (one.nom, one.minutes, one.autres, one.dues, one.taux, one.attendues, one.prevision,
             ALERTES.get(one.alerte or ""))
            for one in lignes
        ),
        (assumption(filtres),),
    )  # fmt: skip


def of_mois(mois: Sequence[LigneMois], filtres: Filtres) -> Tableau:
    """Hours by month."""
    own = filtres.assistant_id is not None
    columns: tuple[tuple[str, Genre], ...] = (
        ("Mois", "texte"),
        ("Service ordinaire", "heures"),
        ("Toutes les heures", "heures"),
        ("Interventions", "nombre"),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in mois:
        row: tuple[Cell, ...] = (f"{MONTHS[one.mois]} {filtres.annee}", one.ordinaires, one.minutes, one.nombre)
        rows.append(row if own else (*row, one.dues))
    return Tableau("heures-mois", columns if own else (*columns, ("Dues", "heures")), tuple(rows))


def of_axe(lignes: Sequence[LigneAxe], axe: str) -> Tableau:
    """Hours by value of a dimension, or by assistant, with their share of the whole."""
    total = sum(one.minutes for one in lignes)
    return Tableau(
        f"heures-{axe}",
        ((AXES[axe], "texte"), ("Heures", "heures"), ("Part du temps", "pourcent"), ("Interventions", "nombre")),
        tuple(
            (one.libelle, one.minutes, Decimal(one.minutes) * 100 / total if total else None, one.nombre)
            for one in lignes
        ),
        ("Toutes les heures : service ordinaire, service dégradé, état des lieux.",),
    )


COSTS: tuple[tuple[str, Genre], ...] = (
    ("Engagé", "euros"),
    ("Facturé", "euros"),
    ("À venir", "euros"),
    ("En sus", "euros"),
    ("Facturé en trop", "euros"),
)
COST_NOTE = (
    "Engagé : ce que les conventions rendent dû dans l’année. Facturé : décomptes émis, moins les annulés. En sus, compris "
    "dans le facturé : service dégradé et déplacements. Facturé en trop : à régulariser."
)


def of_costs(code: str, titre: str, lignes: Sequence[LigneCout]) -> Tableau:
    """Amounts by year, offer or collectivité."""
    rows = tuple(
        (
            one.libelle,
            one.montants.engage,
            one.montants.facture,
            one.montants.a_venir,
            one.montants.hors_engagement,
            one.montants.trop,
        )
        for one in lignes
    )
    return Tableau(code, ((titre, "texte"), *COSTS), rows, (COST_NOTE,))


def of_capacity(mois: Sequence[LigneCapacite]) -> Tableau:
    """Posts by month."""
    return Tableau(
        "capacite-mois",
        (
            ("Dernier jour du mois", "texte"),
            ("Promis", "etp"),
            ("Affectés", "etp"),
            ("Tenus", "etp"),
            ("Dont vacants", "etp"),
            ("Marge", "etp"),
        ),
        tuple((date_longue(one.jour), one.promis, one.affectes, one.tenus, one.vacants, one.marge) for one in mois),
        ("En équivalents temps plein (ETP). Marge : postes tenus moins postes promis.",),
    )


def of_gaps(lignes: Sequence[EcartConvention]) -> Tableau:
    """Conventions that are not assigned what they were promised."""
    return Tableau(
        "capacite-ecarts",
        (("Convention", "texte"), ("Collectivité", "texte"), ("Promis", "etp"), ("Affecté", "etp"), ("Écart", "etp")),
        tuple((one.numero, one.nom, one.promis, one.affecte, one.ecart) for one in lignes),
    )


def of_assistants(lignes: Sequence[LigneAssistant]) -> Tableau:
    """Posts held and assignments, by assistant."""
    return Tableau(
        "capacite-assistants",
        (("Assistant", "texte"), ("Poste tenu", "etp"), ("Affecté", "etp"), ("Reste", "etp")),
        tuple((one.nom, one.tenu, one.affecte, one.marge) for one in lignes),
    )
