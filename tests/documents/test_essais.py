"""Every shipped document prints for the three dossiers, whatever the length and the signs of their texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest
from docx.oxml import parse_xml

from documents.engine.compiled import CompiledTemplate
from documents.engine.differences import ADDED, REMOVED, compare_texts, find_changes
from documents.engine.essais import LONG, LONG_NAME, PROFILS, trial_contexts
from documents.engine.trial import try_document
from documents.word.compose import Part, compose
from documents.word.opc import WordPackage
from domain.errors import Invalide
from domain.offer import load_centre, load_offer
from domain.tarifs import load_tarifs
from services.core.settings import ROOT
from tests.documents.samples import W, word
from tests.documents.test_variables import OFFERS

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(("centre", "offre"), OFFERS)
def test_shipped_documents_print_for_the_three_dossiers(centre: str, offre: str) -> None:
    folder = ROOT / "forms" / centre
    offer, identity = load_offer(folder / offre), load_centre(folder)
    tarifs = load_tarifs(folder / "tarifs.yaml")
    templates = ROOT / "doc_templates" / centre / offre
    for document in offer.documents:
        names = [part.template or offer.annexe(str(part.annexe)).template for part in document.parts]
        contexts = trial_contexts(offer, identity, document.contexte, tarifs, {}, TODAY)
        parts = [Part((templates / name).read_bytes(), nom=name) for name in names]
        if not document.convention:
            master = CompiledTemplate(compose(parts))
            assert all(master.render(contexts[profil]) for profil in PROFILS)
        else:  # the longest one, within the limits of a trial
            made = try_document(parts, contexts)
            assert {key: one.message for key, one in made.items()} == dict.fromkeys(PROFILS, "")
            package = WordPackage(made[LONG].docx)
            text = "".join(package.tree(package.main).itertext())
            assert LONG_NAME in text
            assert "{{ 7 * 7 }}" in text  # data is printed, never computed


def test_a_text_is_compared_with_its_breaks_and_notes() -> None:
    broken = parse_xml(f'<w:r xmlns:w="{W}"><w:t>un</w:t><w:br/><w:t>deux</w:t></w:r>')
    after = word("Titre", change=lambda document: document.add_paragraph()._p.append(broken))
    assert find_changes(word("Titre"), after) == [(2, [(ADDED, "un deux")])]
    assert find_changes(after, word("Titre")) == [(2, [(REMOVED, "un deux")])]


def _long(texts: Iterable[str]) -> bytes:
    """A document of many paragraphs, made faster than one by one."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)
    body = parse_xml(f'<w:body xmlns:w="{W}">{paragraphs}</w:body>')
    return word(change=lambda document: document._body._body.extend(list(body)))


def test_two_files_out_of_measure_are_refused() -> None:
    """Ten thousand paragraphs without one in common cost more than the comparison is given."""
    first, second = _long(f"a{number}" for number in range(6000)), _long(f"b{number % 7}" for number in range(6000))
    found = compare_texts(first, second)
    assert found.incomplete
    with pytest.raises(Invalide):
        compare_texts(first, b"PK")
