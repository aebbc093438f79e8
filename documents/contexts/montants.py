"""What the service costs, as templates and screens see it: the same tree for every way of billing, blank where an answer
or a tariff is missing.

Always there: `tarif` and `tarif_horaire` (`annee`, `montant`, `libelle`, `deliberation.numero`, `deliberation.date`;
`tarif_horaire` is the price of an hour of the service dégradé, or of the service itself when it is billed by the hour),
`annuel` (euros for a whole year), `premiere_annee` (`du`, `jours`, `base`, `unite`, `debut`), `echeancier` (`libelle`, `au`,
`montant`: shares only, the rest is billed as it comes), `heures.minutes` (a year), `etapes` (French).
Share of a post: `quotite` (percent). By the hour: `horaire` (`minutes_prevues` a whole year, `minutes_premiere_annee`,
`taux`, `unite_minutes`, `minimum_minutes`). By the piece: `unites` (`mode`, `quantite`, `prix`). None otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from domain.formatting import insecables
from domain.forms.answers import get_path
from domain.offer import Offer
from domain.tarification import (
    Part,
    compute_annee,
    compute_annee_horaire,
    compute_annee_unites,
    compute_annuel,
    compute_echeancier,
    compute_heures,
)
from domain.tarification.temps import bill_minutes
from domain.tarification.unites import bill_units
from domain.tarifs import Tarif, TarifAbsent, choose_tarif, warn_other_year, warn_unknown

CHAMP_AFFILIE = "collectivite.affilie"
CHAMP_EFFECTIF = "collectivite.effectif"
"""Answers that choose among the tariffs of a year, in the forms that ask them."""


def build_montants(offer: Offer, tree: Mapping[str, Any], tarifs: Sequence[Tarif]) -> tuple[dict[str, Any], list[str]]:
    """What the service costs, and the warnings of the tariffs chosen. Blank where an answer or a tariff is missing.

    `tree` is a typed tree of answers (`Evaluation.tree` will do): the cost can be shown while the form is being filled in.
    """
    billing = offer.facturation
    debut: date | None = get_path(tree, offer.duree.champ_debut) or get_path(tree, offer.duree.champ_effet)
    quantite: Decimal | int | None = get_path(tree, billing.champ)
    picked, warnings = _pick_tarifs(tarifs, billing.codes_tarifs, debut, tree)
    tarif = picked.get(billing.tarif)
    degraded = picked.get(billing.service_degrade.tarif) if billing.service_degrade else None
    montants: dict[str, Any] = {
        "tarif": _tarif_tree(tarif),
        "tarif_horaire": _tarif_tree(tarif if billing.mode == "horaire" else degraded),
        "quotite": None,
        "horaire": None,
        "unites": None,
        "annuel": None,
        "premiere_annee": {"du": None, "jours": None, "base": None, "unite": "jours", "debut": debut},
        "echeancier": [],
        "heures": {"minutes": None},
        "etapes": [],
    }
    if quantite is None and billing.mode == "cotisation":
        quantite = 1
    if quantite is not None:
        fill = {"quotite": _fill_quotite, "horaire": _fill_horaire}.get(billing.mode, _fill_unites)
        fill(montants, offer, Decimal(quantite), tarif, debut)
    montants["etapes"] = [insecables(etape) for etape in montants["etapes"]]
    return montants, warnings


def _fill_quotite(
    montants: dict[str, Any], offer: Offer, quotite: Decimal, tarif: Tarif | None, debut: date | None
) -> None:
    """Amounts of a share of a post, as far as the tariff and the first day are known."""
    billing = offer.facturation
    heures = compute_heures(quotite, billing.heures_annuelles)
    montants.update(quotite=quotite, heures={"minutes": heures.minutes}, etapes=list(heures.etapes))
    if tarif is None:
        return
    annuel = compute_annuel(tarif.montant, quotite)
    montants.update(annuel=annuel.valeur, etapes=[*annuel.etapes, *heures.etapes])
    if debut is None:
        return
    first = compute_annee(
        tarif.montant,
        [Part(quotite, debut)],
        debut.year,
        debut=debut,
        methode=billing.prorata,
        heures_annuelles=billing.heures_annuelles,
    )
    _fill_first(montants, first.du, first.jours, first.base, debut, billing.prorata.unite)
    montants["etapes"] = [*first.etapes, *heures.etapes]
    montants["echeancier"] = [
        {"libelle": insecables(one.libelle), "au": one.au, "montant": one.montant}
        for one in compute_echeancier(first.du, debut, billing.periodicite)
    ]


def _fill_horaire(
    montants: dict[str, Any], offer: Offer, minutes: Decimal, tarif: Tarif | None, debut: date | None
) -> None:
    """Budget of the planned hours: what is billed in the end is the time that was done."""
    billing, planned = offer.facturation, int(minutes)
    horaire: dict[str, Any] = {
        "minutes_prevues": planned,
        "minutes_premiere_annee": None,
        "taux": tarif.montant if tarif else None,
        "unite_minutes": billing.unite_minutes,
        "minimum_minutes": billing.minimum_minutes,
    }
    montants.update(horaire=horaire, heures={"minutes": planned})
    if tarif is None:
        return
    annuel = bill_minutes(planned, tarif.montant)
    montants.update(annuel=annuel.valeur, etapes=list(annuel.etapes))
    if debut is None:
        return
    first = compute_annee_horaire(tarif.montant, planned, debut.year, debut=debut, methode=billing.prorata)
    horaire["minutes_premiere_annee"] = first.minutes
    _fill_first(montants, first.du, first.jours, first.base, debut, billing.prorata.unite)
    if first.jours != first.base:
        montants["etapes"] = [*annuel.etapes, *first.etapes]


def _fill_unites(
    montants: dict[str, Any], offer: Offer, quantite: Decimal, tarif: Tarif | None, debut: date | None
) -> None:
    """Amounts of what is billed by the piece; a quote and the contribution need no tariff."""
    billing = offer.facturation
    mode = billing.mode
    prix = quantite if mode == "devis" else tarif.montant if tarif else None
    if mode == "cotisation":
        prix = Decimal("0.00")
    counted = Decimal(1) if mode == "devis" else quantite
    montants["unites"] = {"mode": mode, "quantite": counted, "prix": prix}
    if prix is None:
        return
    annuel = bill_units(mode, counted, prix)
    montants.update(annuel=annuel.valeur, etapes=list(annuel.etapes))
    if debut is None:
        return
    first = compute_annee_unites(mode, quantite, prix, debut.year, debut=debut, methode=billing.prorata)
    _fill_first(montants, first.du, first.jours, first.base, debut, billing.prorata.unite)
    montants["etapes"] = list(first.etapes)


def _fill_first(montants: dict[str, Any], du: Decimal, jours: int, base: int, debut: date, unite: str) -> None:
    montants["premiere_annee"] = {"du": du, "jours": jours, "base": base, "unite": unite, "debut": debut}


def _pick_tarifs(
    tarifs: Sequence[Tarif], codes: Sequence[str], debut: date | None, tree: Mapping[str, Any]
) -> tuple[dict[str, Tarif | None], list[str]]:
    """By code, the tariff of the year of `debut` (the last one voted when no date is known yet) for this collectivité; what
    is missing or of another year is told."""
    picked: dict[str, Tarif | None] = {}
    warnings: list[str] = []
    affiliee, effectif = get_path(tree, CHAMP_AFFILIE), get_path(tree, CHAMP_EFFECTIF)
    for code in codes:
        years = [tarif.annee for tarif in tarifs if tarif.code == code]
        year = debut.year if debut else max(years, default=0)
        try:
            picked[code] = choose_tarif(tarifs, code, year, affiliee=affiliee, effectif=effectif)
        except TarifAbsent as error:
            picked[code] = None
            warnings += [error.message] if error.message not in warnings else []
    found = [tarif for tarif in picked.values() if tarif is not None]
    if debut:
        other_year = warn_other_year(debut.year, found)
        unknown = warn_unknown(tarifs, found, debut.year, affiliee=affiliee, effectif=effectif)
        warnings += [one for one in (other_year, unknown) if one]
    return picked, warnings


def _tarif_tree(tarif: Tarif | None) -> dict[str, Any]:
    acte = tarif.deliberation if tarif else None
    return {
        "annee": tarif.annee if tarif else None,
        "montant": tarif.montant if tarif else None,
        "libelle": (tarif.libelle or None) if tarif else None,
        "deliberation": {"numero": acte.numero if acte else None, "date": acte.date if acte else None},
    }
