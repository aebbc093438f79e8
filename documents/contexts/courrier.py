"""The tree that the letter about a new tariff sees (article 8.1: a simple letter, no avenant). Plain data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from documents.contexts.adhesion import build_centre, build_offre
from documents.contexts.lettres import build_lettre, sample_parties
from domain.offer import Centre, Offer
from domain.tarifs import Tarif


def build_tarif(tarif: Tarif, libelle: str, before: Tarif | None) -> dict[str, Any]:
    """One tariff that the letter tells: what it is the price of, its amount, the one that it follows (None: none was voted
    before), how much it rises in percent, and the délibération."""
    acte = tarif.deliberation
    return {
        "libelle": libelle,
        "annee": tarif.annee,
        "montant": tarif.montant,
        "precedent": {"annee": before.annee, "montant": before.montant} if before else None,
        "evolution": (tarif.montant - before.montant) * 100 / before.montant if before and before.montant else None,
        "deliberation": {"numero": acte.numero, "date": acte.date, "organe": acte.organe} if acte else None,
    }


def build_courrier(
    *,
    jour: date,
    annee: int,
    tarifs: Sequence[Mapping[str, Any]],
    quantite: str | None,
    previsionnel: bool,
    avant: Decimal | None,
    apres: Decimal | None,
    collectivite: Mapping[str, Any],
    convention: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The context of a letter of `jour`. `avant` and `apres`: euros that the convention owes for `annee`, at the tariff known
    until now and at the new one (None: the letter changes no amount); `previsionnel`: a forecast, hours being paid as they are
    done; `quantite` in words."""
    gap = apres - avant if apres is not None and avant is not None else None
    courrier = {
        "annee": annee,
        "date_effet": date(annee, 1, 1),
        "quantite": quantite,
        "previsionnel": previsionnel,
        "avant": avant,
        "apres": apres,
        "ecart": gap,
    }
    context = build_lettre(
        jour=jour, collectivite=collectivite, convention=convention, answers=answers, courrier=courrier
    )
    return {**context, "tarifs": [dict(one) for one in tarifs]}


def sample_courrier(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented letter, with a name at every place that a template may read."""
    vote = Tarif.model_validate(
        {
            "code": offer.facturation.tarif,
            "annee": 2027,
            "montant": Decimal("1020.00"),
            "deliberation": {"numero": "2026-0001", "date": date(2026, 11, 20), "organe": "conseil d’administration"},
        }
    )
    context = build_courrier(
        jour=date(2026, 11, 25),
        annee=2027,
        tarifs=[build_tarif(vote, "Exemple", vote.model_copy(update={"annee": 2026, "montant": Decimal("1000.00")}))],
        quantite="47,70 %",
        previsionnel=offer.facturation.mode == "horaire",
        avant=Decimal("1000.00"),
        apres=Decimal("1020.00"),
        **sample_parties(),
    )
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}
