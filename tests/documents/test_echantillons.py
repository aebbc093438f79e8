"""Every template of every offer of the project, against the sample of what it sees: adhesion, statement, report, simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents.contexts.echantillons import SAMPLERS, sample_for
from documents.engine.lint import lint_template
from domain.definitions import DefinitionError
from domain.offer import Document, Offer, list_centre_folders, list_offer_folders, load_centre, load_offer
from services.core.settings import ROOT

OFFERS = [(centre, folder) for centre in list_centre_folders(ROOT / "forms") for folder in list_offer_folders(centre)]
DOCUMENTS = [
    pytest.param(offer, document, name, id=f"{offer.centre}-{document.id}-{name}")
    for _, folder in OFFERS
    for offer in [load_offer(folder)]
    for document in offer.documents
    for part in document.parts
    if (name := part.template)
]


@pytest.mark.parametrize(("offer", "document", "name"), DOCUMENTS)
def test_a_template_reads_what_its_context_has(offer: Offer, document: Document, name: str) -> None:
    sample = sample_for(offer, load_centre(ROOT / "forms" / offer.centre), document.contexte)
    data = (ROOT / "doc_templates" / offer.centre / offer.code / name).read_bytes()
    assert lint_template(data, sample) == []
    assert offer.contexte_of(name) == document.contexte


@pytest.mark.parametrize("folder", [folder for _, folder in OFFERS], ids=lambda one: one.name)
def test_every_offer_can_be_invoiced(folder: Path) -> None:
    offer = load_offer(folder)
    document = offer.document_for("decompte")
    assert document is not None and not document.convention
    assert set(SAMPLERS) >= {one.contexte for one in offer.documents}


def test_the_document_that_is_signed_belongs_to_the_adhesion() -> None:
    with pytest.raises((DefinitionError, ValueError), match="adhesion"):
        Document.model_validate(
            {"id": "c", "titre": "C", "parts": [{"template": "c.docx"}], "convention": True, "contexte": "decompte"}
        )


def test_a_template_that_asks_for_something_else_is_told() -> None:
    offer = load_offer(OFFERS[0][1])
    sample = sample_for(offer, load_centre(OFFERS[0][0]), "decompte")
    data = (ROOT / "doc_templates" / offer.centre / offer.code / "deliberation.docx").read_bytes()
    assert lint_template(data, sample)
