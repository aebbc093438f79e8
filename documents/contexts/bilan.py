"""The tree that the template of an annual report (*bilan annuel*) sees. Plain data only, masked before it comes here.

`bilan`, `activite`, `tables`, `sections`, `collectivite` and `convention` are given here; `centre` and `offre` are added by
whoever renders. Figures are already worded in French (« 12 h 30 », « moins de 5 »), so that a masked one is a word like
another. Charts are pictures that the template names `graphique-mois` and `graphique-<dimension>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from documents.bilan_charts import CountRow, MonthRow, count_finding, month_finding
from documents.contexts.adhesion import build_centre, build_offre
from documents.contexts.decompte import build_collectivite
from domain.formatting import MONTHS, duree, pourcentage
from domain.offer import Centre, Offer
from domain.secret import MASQUE, SEUIL
from domain.tarifs import Tarif

PICTURE = "graphique-"
"""Begins the name of the pictures that charts replace."""


def build_bilan(
    *,
    annee: int,
    du: date,
    au: date,
    etabli_le: date,
    nombre: int | None,
    minutes: int | None,
    mois: Sequence[MonthRow],
    minutes_ordinaires: int,
    minutes_dues: int | None,
    tables: Sequence[Mapping[str, Any]],
    sections: Sequence[tuple[str, str]],
    collectivite: dict[str, Any],
    convention: dict[str, Any],
    seuil: int = SEUIL,
) -> dict[str, Any]:
    """The context of an annual report.

    `tables`: `dimension`, `titre` and `lignes` (libelle, court, nombre, minutes; None when masked). `sections`: title and text
    of those that were written. `nombre`, and `minutes` that the tables add up to, are None when the year's total is not published;
    `minutes_dues` when no quota is due.
    """
    total = sum(month for _, month in mois)
    return {
        "bilan": {"annee": annee, "du": du, "au": au, "date": etabli_le},
        "activite": {
            **_hours(total, minutes_ordinaires, minutes_dues),
            "nombre": nombre,
            "constat": month_finding(mois),
            "mois": [{"libelle": MONTHS[number].capitalize(), "heures": duree(month)} for number, month in mois],
            "seuil": seuil,
            "masque": MASQUE,
        },
        "tables": [_table(table, nombre, minutes) for table in tables],
        "sections": [
            {"titre": titre, "paragraphes": [line for line in texte.split("\n") if line]} for titre, texte in sections
        ],
        "collectivite": collectivite,
        "convention": convention,
    }


def _hours(total: int, ordinary: int, due: int | None) -> dict[str, str | None]:
    """Hours in words; the ordinary service alone counts against those due."""
    return {
        "heures": duree(total),
        "heures_ordinaires": duree(ordinary),
        "heures_autres": duree(total - ordinary) if total > ordinary else None,
        "heures_dues": duree(due) if due else None,
        "part": pourcentage(Decimal(100 * ordinary) / due, 0) if due else None,
    }


def _table(table: Mapping[str, Any], nombre: int | None, minutes: int | None) -> dict[str, Any]:
    lignes = table["lignes"]
    rows: list[CountRow] = [(one["libelle"], one["court"], one["nombre"]) for one in lignes]
    hidden = any(one["nombre"] is None for one in lignes)
    return {
        "dimension": table["dimension"],
        "titre": table["titre"],
        "constat": count_finding("", rows, nombre),
        "publiee": any(one["nombre"] is not None for one in lignes),
        "masquee": hidden,
        "lignes": [_line(one, nombre) for one in lignes],
        "total": {
            "nombre": str(nombre) if nombre is not None else MASQUE,
            "heures": MASQUE if minutes is None else duree(minutes),
        },
    }


def _line(ligne: Mapping[str, Any], nombre: int | None) -> dict[str, str]:
    value = ligne["nombre"]
    if value is None or nombre is None:
        return {"libelle": ligne["libelle"], "nombre": MASQUE, "heures": MASQUE, "part": ""}
    return {
        "libelle": ligne["libelle"],
        "nombre": str(value),
        "heures": duree(ligne["minutes"]),
        "part": pourcentage(Decimal(100 * value) / nombre, 0),
    }


def sample_bilan(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented report, with a name at every place that a template may read."""
    context = build_bilan(
        annee=2025,
        du=date(2025, 1, 1),
        au=date(2025, 12, 31),
        etabli_le=date(2026, 2, 2),
        nombre=60,
        minutes=3600,
        mois=[(month, 300) for month in range(1, 13)],
        minutes_ordinaires=3500,
        minutes_dues=6000,
        tables=[
            {
                "dimension": "categorie",
                "titre": "Catégorie",
                "lignes": [
                    {"libelle": "Accueil", "court": "Accueil", "nombre": 40, "minutes": 2400},
                    {"libelle": "Démarches", "court": "Démarches", "nombre": None, "minutes": None},
                    {"libelle": "Travaux", "court": "Travaux", "nombre": None, "minutes": None},
                ],
            }
        ],
        sections=[(section.titre, "Texte d’exemple.") for section in offer.bilan.sections] or [("Exemple", "Texte.")],
        collectivite=build_collectivite("Commune d’Exemple", "la commune d’Exemple", "123456782", []),
        convention={"numero": "2025-0001", "date_effet": date(2025, 1, 1), "terme": date(2029, 12, 31)},
    )
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}
