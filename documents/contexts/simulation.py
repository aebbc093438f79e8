"""The tree that the template of a note on a simulation sees: what a budget needs, on one page. Plain data only.

Amounts are Decimal euros; quantities and tariffs come already worded in French. `centre` and `offre` are added by whoever
renders.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

from documents.contexts.adhesion import build_centre, build_offre
from domain.offer import Centre, Offer
from domain.tarifs import Tarif

MAX_ANNEES, MAX_LIGNES, MAX_AVERTISSEMENTS = 6, 8, 4
"""Years and lines of text that keep the note on one page."""


class Colonne(TypedDict):
    """One way of paying: its name, the quantity of a whole year in words, its tariff, and what it costs."""

    titre: str
    quantite: str
    tarif: Decimal
    annuel: Decimal
    premiere: Decimal
    total: Decimal
    constant: Decimal
    temps: str
    de_l_offre: bool


class Ligne(TypedDict):
    """One year: the tariff of the way of paying that is kept, in words; its amount; that of what it is compared with."""

    annee: str
    tarif: str
    montant: Decimal
    comparaison: Decimal | None


def build_simulation(
    *,
    titre: str,
    date_note: date,
    conclusion: str,
    collectivite: str | None,
    effet: date,
    debut: date,
    terme: date,
    retenue: Colonne,
    comparee: Colonne | None,
    inflation: Decimal,
    annees: Sequence[Ligne],
    hypotheses: Sequence[str],
    etapes: Sequence[str],
    avertissements: Sequence[str],
) -> dict[str, Any]:
    """The context of a note. `collectivite` is None for a simulation of the centre; `comparee` is the other way of paying."""
    return {
        "simulation": {
            "titre": titre,
            "date": date_note,
            "conclusion": conclusion,
            "effet": effet,
            "debut": debut,
            "annee_debut": debut.year,
            "terme": terme,
            "inflation": inflation,
            "retenue": dict(retenue),
            "comparee": None if comparee is None else dict(comparee),
        },
        "collectivite": {"nom": collectivite},
        "annees": [dict(one) for one in _gather(annees)],
        "hypotheses": _shorten(hypotheses),
        "etapes": _shorten(etapes),
        "avertissements": _shorten(avertissements, MAX_AVERTISSEMENTS),
    }


def _gather(annees: Sequence[Ligne]) -> list[Ligne]:
    """The first years, those after them in one line: a term may be long, the note has one page."""
    if len(annees) <= MAX_ANNEES:
        return list(annees)
    kept, rest = annees[: MAX_ANNEES - 1], annees[MAX_ANNEES - 1 :]
    compared = [one["comparaison"] for one in rest if one["comparaison"] is not None]
    last = Ligne(
        annee=f"{rest[0]['annee']} à {rest[-1]['annee']}",
        tarif=f"{len(rest)} années",
        montant=sum((one["montant"] for one in rest), Decimal(0)),
        comparaison=sum(compared, Decimal(0)) if compared else None,
    )
    return [*kept, last]


def _shorten(lines: Sequence[str], most: int = MAX_LIGNES) -> list[str]:
    """The first lines; how many more the portal shows."""
    unique = list(dict.fromkeys(lines))
    if len(unique) <= most:
        return unique
    return [*unique[: most - 1], f"Et {len(unique) - most + 1} autres lignes, à lire dans le simulateur."]


def sample_simulation(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented note, with a name at every place that a template may read."""
    colonne = Colonne(
        titre="Part d’un temps plein",
        quantite="50,00 %",
        tarif=Decimal("2000.00"),
        annuel=Decimal("1000.00"),
        premiere=Decimal("500.00"),
        total=Decimal("4500.00"),
        constant=Decimal("4500.00"),
        temps="803 h 30",
        de_l_offre=True,
    )
    context = build_simulation(
        titre="Exemple",
        date_note=date(2026, 1, 15),
        conclusion="La part coûte 100,00 € de moins.",
        collectivite="Commune d’Exemple",
        effet=date(2026, 1, 1),
        debut=date(2026, 7, 1),
        terme=date(2030, 12, 31),
        retenue=colonne,
        comparee=Colonne({**colonne, "titre": "À l’heure", "quantite": "803 h 30", "de_l_offre": False}),
        inflation=Decimal("1.00"),
        annees=[
            Ligne(annee="2026", tarif="2 000,00 €", montant=Decimal("500.00"), comparaison=Decimal("600.00")),
        ],
        hypotheses=["Tarifs constants."],
        etapes=["Montant annuel : 1 000,00 €"],
        avertissements=["Le tarif est d’une autre année."],
    )
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}
