"""The tree that the template of an avenant sees: the text as it will be, the text as it was, and what changes.

Every name of an adhesion's documents is there with its value after the avenant (`collectivite`, `besoin`, `convention`,
`montants`…), and again under `avant` with its value until then. `avenant` holds the answers of the request's own form, and:
`numero`, `projet`, `date_effet`, `precedents` (`numero`, `date_effet` of the avenants already signed), `modifications`
(`groupe`, `libelle`, `avant`, `apres`, in words), `deliberation` (`numero`, `date`, `organe`; None when it needs none) and
`montants` (None when what is due does not change: `annee`, `du`, `etapes` of the year of effect, `avant` and `apres` for a
whole year, `tarif`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from documents.contexts.adhesion import build_context, sample_context
from domain.forms.answers import build_typed_tree
from domain.forms.fields import sample_value
from domain.offer import Centre, Offer
from domain.tarifs import Tarif

NUMERO = "2026-0001"
SAME = ("centre", "offre", "annexes", "annexes_liste", "avertissements")
"""What an avenant does not change, or is not made of: not told twice."""


def build_avenant(
    offer: Offer,
    centre: Centre,
    tarifs: Sequence[Tarif],
    *,
    avant: Mapping[str, Any],
    apres: Mapping[str, Any],
    demande: Mapping[str, Any],
    convention: str,
    avenant: Mapping[str, Any],
    today: date,
) -> dict[str, Any]:
    """The context of an avenant to the convention of this number. `avant` and `apres` are JSON trees of answers to the
    offer's adhesion forms; `demande` is the typed tree of what the request's own forms ask; `avenant` is what is said above."""
    before = build_context(offer, centre, avant, tarifs, numero=convention, strict=False, today=today)
    after = build_context(offer, centre, apres, tarifs, numero=convention, strict=False, today=today)
    own = demande.get("avenant")
    return {
        **demande,
        **after,
        "avant": {name: value for name, value in before.items() if name not in SAME},
        "avenant": {**(own if isinstance(own, Mapping) else {}), **avenant},
    }


def sample_avenant(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented avenant, with a name at every place that a template may read."""
    base = sample_context(offer, centre, tarifs)
    return {
        **_own_sample(offer),
        **base,
        "avant": {name: value for name, value in base.items() if name not in SAME},
        "avenant": {
            **_own_sample(offer).get("avenant", {}),
            "numero": f"{NUMERO}-A1",
            "projet": False,
            "date_effet": date(2026, 9, 1),
            "precedents": [{"numero": f"{NUMERO}-A0", "date_effet": date(2026, 6, 1)}],
            "modifications": [{"groupe": "Temps d’intervention", "libelle": "Exemple", "avant": "Oui", "apres": "Non"}],
            "deliberation": {"numero": "2026-001", "date": date(2026, 6, 15), "organe": "conseil municipal"},
            "montants": {
                "annee": 2026,
                "du": Decimal("1000.00"),
                "avant": Decimal("900.00"),
                "apres": Decimal("1200.00"),
                "etapes": ["Montant annuel : 1 000,00 €"],
                "tarif": {"annee": 2026, "montant": Decimal("1000.00")},
            },
        },
    }


def _own_sample(offer: Offer) -> dict[str, Any]:
    """Sample answers to what requests ask beside the adhesion's own fields."""
    found: dict[str, Any] = {}
    for variant in offer.variants.values():
        if not any(one.convention and one.contexte == "avenant" for one in variant.documents):
            continue
        own = [field for field in variant.formset.fields.values() if field.id not in offer.formset.fields]
        found |= build_typed_tree(own, {field.id: sample_value(field) for field in own})
    return found
