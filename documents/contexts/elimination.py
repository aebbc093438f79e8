"""The tree that the template of a certificate of elimination sees. Plain data only; `centre` and `offre` are added by whoever
renders. It names conventions, bodies and those who decided: nothing else of what was eliminated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict

from documents.contexts.adhesion import build_centre, build_offre
from domain.offer import Centre, Offer
from domain.tarifs import Tarif


class Ligne(TypedDict):
    """One convention or dossier: its number, its body, its dates, until when it was kept, its files and their size in bytes."""

    nature: str
    numero: str
    collectivite: str
    debut: date
    fin: date
    jusquau: date
    fichiers: int
    octets: int


def build_elimination(
    *,
    visa: str,
    motif: str,
    proposee_le: date | None,
    proposee_par: str,
    approuvee_le: date | None,
    approuvee_par: str,
    executee_le: date,
    executee_par: str,
    lignes: Sequence[Ligne],
    conservees: Sequence[str] = (),
) -> dict[str, Any]:
    """The context of a certificate. `conservees`: what was approved and kept after all, with the reason."""
    return {
        "elimination": {
            "visa": visa,
            "motif": motif,
            "proposee_le": proposee_le,
            "proposee_par": proposee_par,
            "approuvee_le": approuvee_le,
            "approuvee_par": approuvee_par,
            "executee_le": executee_le,
            "executee_par": executee_par,
            "nombre": len(lignes),
            "fichiers": sum(ligne["fichiers"] for ligne in lignes),
            "annees": _span(lignes),
        },
        "archives": [dict(ligne) for ligne in lignes],
        "conservees": list(conservees),
    }


def _span(lignes: Sequence[Ligne]) -> str:
    """« 2011 à 2016 », or a single year: the extreme dates of what was eliminated."""
    if not lignes:
        return ""
    first, last = min(ligne["debut"].year for ligne in lignes), max(ligne["fin"].year for ligne in lignes)
    return str(first) if first == last else f"{first} à {last}"


def sample_elimination(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented certificate, with a name at every place that a template may read."""
    del tarifs
    context = build_elimination(
        visa="Visa n° 2038-112 du 12 janvier 2038",
        motif="Durée d’utilité administrative échue",
        proposee_le=date(2038, 1, 8),
        proposee_par="Camille Exemple",
        approuvee_le=date(2038, 1, 15),
        approuvee_par="Dominique Exemple",
        executee_le=date(2038, 1, 16),
        executee_par="Camille Exemple",
        lignes=[
            Ligne(
                nature="Convention",
                numero="2023-0001",
                collectivite="Commune d’Exemple",
                debut=date(2023, 1, 1),
                fin=date(2027, 12, 31),
                jusquau=date(2037, 12, 31),
                fichiers=12,
                octets=3_400_000,
            )
        ],
        conservees=["2023-0002, Commune d’Exemple : exemple"],
    )
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}
