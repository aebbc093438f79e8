"""The tree that the template of a statement (*décompte*) sees. Plain data only, like every context.

`decompte`, `lignes`, `collectivite` and `convention` come from the statement; `centre` and `offre` are added by whoever
renders. Amounts are Decimal euros, quantities are already worded in French (« 12 h 30 », « 47,70 % »).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from documents.contexts.adhesion import build_centre, build_offre
from domain.grammar import a, de
from domain.offer import Centre, Offer
from domain.tarifs import Tarif


class Ligne(TypedDict):
    """One line: what, how much of what unit (in words), at what price, and the amount."""

    libelle: str
    quantite: str
    prix: str
    montant: Decimal
    etapes: list[str]


def build_decompte(
    *,
    numero: str | None,
    exercice: int,
    periode: str,
    du: date,
    au: date,
    emis_le: date,
    total: Decimal,
    lignes: Sequence[Ligne],
    methode: str,
    collectivite: dict[str, Any],
    convention: dict[str, Any],
    tarifs: Sequence[dict[str, Any]] = (),
    annule: dict[str, Any] | None = None,
    motif: str | None = None,
) -> dict[str, Any]:
    """The context of a statement. `tarifs`: year, amount and délibération of each tariff that prices a line; `annule` is the number and date of the statement that this one cancels."""
    return {
        "decompte": {
            "numero": numero,
            "exercice": exercice,
            "periode": periode,
            "du": du,
            "au": au,
            "date": emis_le,
            "total": total,
            "methode": methode,
            "annule": annule,
            "motif": motif,
        },
        "tarifs": [dict(tarif) for tarif in tarifs],
        "lignes": [dict(ligne) for ligne in lignes],
        "etapes": list(dict.fromkeys(etape for ligne in lignes for etape in ligne["etapes"])),
        "collectivite": collectivite,
        "convention": convention,
    }


def sample_decompte(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented statement, with a name at every place that a template may read."""
    nom = "Commune d’Exemple"
    context = build_decompte(
        numero="2026-0001",
        exercice=2026,
        periode="1er trimestre 2026",
        du=date(2026, 1, 1),
        au=date(2026, 3, 31),
        emis_le=date(2026, 4, 10),
        total=Decimal("1000.00"),
        lignes=[
            Ligne(
                libelle="Part d’un temps plein",
                quantite="47,70 %",
                prix="1 000,00 €",
                montant=Decimal("1000.00"),
                etapes=["Montant annuel : 1 000,00 €"],
            )
        ],
        methode="jours réels",
        collectivite=build_collectivite(
            nom, "la commune d’Exemple", "123456782", ["1 rue de l’Exemple", "75000 Exemple"]
        ),
        convention={"numero": "2025-0001", "date_effet": date(2026, 1, 1), "terme": date(2030, 12, 31)},
        tarifs=[
            {
                "annee": 2026,
                "montant": Decimal("1000.00"),
                "deliberation": {"numero": "2025-0001", "date": date(2025, 11, 20)},
            }
        ],
        annule={"numero": "2026-0002", "date": date(2026, 4, 9)},
        motif="Exemple",
    )
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}


def build_collectivite(
    nom: str, designation: str, siren: str, adresse: Sequence[str], siret: str | None = None
) -> dict[str, Any]:
    """The debtor, as templates see it."""
    return {
        "nom": nom,
        "designation": designation,
        "designation_de": de(designation),
        "designation_a": a(designation),
        "siren": siren,
        "siret": siret,
        "adresse": list(adresse),
    }
