"""Samples of the data that templates see, by the context of the document: to check a template, and list its variables.

A context is a module that builds its tree and an invented sample of it, imported when first asked for (an annual report
brings charts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from domain.offer import Centre, Contexte, Offer
from domain.tarifs import Tarif

Sampler = Callable[[Offer, Centre, Sequence[Tarif]], dict[str, Any]]

SAMPLERS: dict[Contexte, str] = {
    "adhesion": "documents.contexts.adhesion:sample_context",
    "decompte": "documents.contexts.decompte:sample_decompte",
    "bilan": "documents.contexts.bilan:sample_bilan",
    "simulation": "documents.contexts.simulation:sample_simulation",
    "avenant": "documents.contexts.avenant:sample_avenant",
    "courrier_tarif": "documents.contexts.courrier:sample_courrier",
    "denonciation": "documents.contexts.lettres:sample_denonciation",
    "mise_en_demeure": "documents.contexts.lettres:sample_mise_en_demeure",
    "resiliation": "documents.contexts.lettres:sample_resiliation",
    "elimination": "documents.contexts.elimination:sample_elimination",
}
"""Context → "module:function" of `Sampler`'s signature."""


def sample_for(offer: Offer, centre: Centre, contexte: Contexte, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """A sample of what the templates of this context see: every name is there, with an invented value."""
    module, _, function = SAMPLERS[contexte].partition(":")
    sampler: Sampler = getattr(import_module(module), function)
    return sampler(offer, centre, tarifs)
