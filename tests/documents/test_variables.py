"""Variables told in French: every one of the shipped offers has a label, a tag that the check accepts, and an example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import get_args

import pytest

from documents.contexts.echantillons import sample_for
from documents.engine.check import check_templates
from documents.engine.variables import Variable, _readable, list_variables, word_context
from domain.offer import Centre, Contexte, Offer, list_centre_folders, list_offer_folders, load_centre, load_offer
from domain.tarifs import Tarif, load_tarifs
from services.core.settings import ROOT
from tests.documents.samples import word

OFFERS = [
    (centre.name, offre.name) for centre in list_centre_folders(ROOT / "forms") for offre in list_offer_folders(centre)
]
CASES = [(centre, offre, contexte) for centre, offre in OFFERS for contexte in get_args(Contexte)]


@cache
def _loaded(centre: str, offre: str) -> tuple[Offer, Centre, tuple[Tarif, ...]]:
    folder = ROOT / "forms" / centre
    return load_offer(folder / offre), load_centre(folder), tuple(load_tarifs(folder / "tarifs.yaml"))


@cache
def _variables(centre: str, offre: str, contexte: Contexte) -> tuple[Variable, ...]:
    offer, identity, tarifs = _loaded(centre, offre)
    return tuple(list_variables(offer, identity, contexte, tarifs))


@pytest.mark.parametrize(("centre", "offre", "contexte"), CASES)
def test_every_variable_is_worded(centre: str, offre: str, contexte: Contexte) -> None:
    """A name made readable is better than nothing for a third centre; the shipped ones have words of their own."""
    offer, _, _ = _loaded(centre, offre)
    wording = word_context(offer, contexte)
    found = _variables(centre, offre, contexte)
    bare = [one.chemin for one in found if wording.field_of(one.chemin) is None and not wording.listed(one.chemin)]
    assert bare == []
    assert {one.groupe for one in found if one.groupe == _readable(one.chemin.split(".")[0])} == set()


@pytest.mark.parametrize(("centre", "offre"), OFFERS)
def test_every_tag_can_be_pasted(centre: str, offre: str) -> None:
    """A document made of all the tags of a context, each inside its loops, passes the check of templates."""
    offer, identity, tarifs = _loaded(centre, offre)
    contexts = get_args(Contexte)
    samples = {contexte: sample_for(offer, identity, contexte, tarifs) for contexte in contexts}
    pasted = [(word(*_paste(_variables(centre, offre, contexte))), contexte) for contexte in contexts]
    assert dict(zip(contexts, check_templates(pasted, samples), strict=True)) == {one: [] for one in contexts}


def _paste(variables: Iterable[Variable]) -> Iterator[str]:
    """A paragraph for each tag."""
    for one in variables:
        opened = one.boucle.replace("{%tr", "{%").replace("{%p", "{%")
        yield opened + one.balise + "{% endfor %}" * opened.count("{% for")
