"""The engine makes of each feature what docxtpl makes of it, and says clearly what it does not do."""

from __future__ import annotations

import pytest
from docxtpl import InlineImage, RichText

from benchmarks.features import DATA, FEATURES, REFUSED, Feature, by_docxtpl, differences
from documents.engine.compiled import CompiledTemplate
from documents.engine.lint import lint_template
from domain.errors import Invalide
from tests.documents.samples import lines


@pytest.mark.parametrize("feature", FEATURES, ids=[one.nom for one in FEATURES])
def test_a_feature_is_what_docxtpl_makes_of_it(feature: Feature) -> None:
    template = feature.template()
    assert lint_template(template, feature.context) == []
    ours = CompiledTemplate(template).render(feature.context)
    assert differences(ours, by_docxtpl(template, feature.context)) == []


@pytest.mark.parametrize(("nom", "balise", "message"), REFUSED, ids=[nom for nom, _, _ in REFUSED])
def test_what_is_not_supported_is_refused_with_the_paragraph(nom: str, balise: str, message: str) -> None:
    template = Feature(
        nom, ("Un paragraphe juste.", f"Avant {balise} après" if "{{p" not in balise else balise)
    ).template()
    (found,) = lint_template(template, DATA)
    assert message in found.message and balise.replace("{{p", "{{") in found.paragraphe
    with pytest.raises(Invalide, match="Paragraphe"):
        CompiledTemplate(template).render(DATA)


@pytest.mark.parametrize(
    "value", [RichText("gras", bold=True), InlineImage(None, "x.png")], ids=["RichText", "InlineImage"]
)
def test_docxtpl_objects_are_no_data(value: object) -> None:
    with pytest.raises(TypeError, match="plain data"):
        CompiledTemplate(Feature("objet", ("{{ v }}",)).template()).render({"v": value})


def test_braces_of_the_data_stay_what_was_typed() -> None:
    """docxtpl would turn these into braces, whoever wrote them; only those of the template are."""
    template = Feature("accolades", ("{_{ {{ v }} }_} {_% x %_}",)).template()
    assert lines(CompiledTemplate(template).render({"v": "{_{ a }_} {_% b %_}"})) == [
        "{{ {_{ a }_} {_% b %_} }} {% x %}"
    ]
