"""What every template of an offer must be: sound Word, known variables, all points, no reference of the old law."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import timedelta
from typing import Any, get_args

import docx
import pytest
import yaml
from docx.shared import Mm

from documents.contexts.echantillons import sample_for
from documents.engine.compiled import compile_template
from documents.engine.lint import lint_template
from documents.word.compose import Part, compose
from documents.word.opc import WordPackage, w
from domain.offer import Contexte, load_centre
from domain.tarifs import load_tarifs
from tests.conventions import word_text
from tests.doc_templates.conftest import EVERY, EVERY_FILE, EVERY_ISSUED, OFFRES, Gabarits
from tests.doc_templates.lecture import TAG, body, full_text, paragraphs, points, texts

# What belongs to centre.references, because the law changes: no template writes it itself.
WRITTEN_REFERENCE = re.compile(
    r"\b[LRD]\.?[\s\u00a0]?\d{3}|\bloi n|\bdécret\b|\barrêté du\b|code (pénal|général|de l[’'])|\bCGFP\b|\bCGCT\b|règlement \(UE\)",
    re.IGNORECASE,
)
OLD_LAW = re.compile(r"84.53|83.634|85.603|CHSCT|\bCTP\b|comité technique|médecin de prévention", re.IGNORECASE)


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_opens_as_a_french_a4_word_file(offre: Gabarits, name: str) -> None:
    document = docx.Document(io.BytesIO(offre.read(name)))
    (section,) = document.sections
    assert abs(section.page_width - Mm(210)) < Mm(1) and abs(section.page_height - Mm(297)) < Mm(1)
    assert document.core_properties.title
    assert document.core_properties.language == "fr-FR"
    defaults = document.styles.element.find(f"{w('docDefaults')}//{w('lang')}")
    assert defaults.get(w("val")) == "fr-FR"
    footer = "".join(node.text for node in section.footer._element.iter(w("instrText")))
    assert footer.split() == ["PAGE", "NUMPAGES"]


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_no_tracked_change_comment_or_outside_file(offre: Gabarits, name: str) -> None:
    package = WordPackage(offre.read(name))
    for part in package.names:
        if part.endswith(".xml"):
            tags = {element.tag for element in package.tree(part).iter()}
            assert not tags & {w("ins"), w("del"), w("moveFrom"), w("moveTo"), w("commentReference")}
    assert not [item for items in package.relations.values() for item in items if item.external]


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_every_style_used_exists_and_nothing_is_numbered_by_hand(offre: Gabarits, name: str) -> None:
    document = docx.Document(io.BytesIO(offre.read(name)))
    known = {style.style_id for style in document.styles}
    assert {paragraph.style for paragraph in paragraphs(offre.read(name))} <= known
    assert not [p.text for p in paragraphs(offre.read(name)) if re.match(r"(Article\s)?\d+[.)]", p.text)]


@pytest.mark.parametrize(("offre", "name"), EVERY_ISSUED)
def test_header_has_a_logo_that_can_be_replaced(offre: Gabarits, name: str) -> None:
    document = docx.Document(io.BytesIO(offre.read(name)))
    (logo,) = [e for e in document.sections[0].header._element.iter() if e.tag.endswith("}docPr")]
    assert logo.get("name") == "logo-centre"
    assert logo.get("descr") == "Logo du centre de gestion"


@pytest.mark.parametrize(("offre", "name"), EVERY)
def test_only_known_variables(offre: Gabarits, name: str) -> None:
    assert lint_template(offre.read(name), offre.sample()) == []


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_every_document_of_an_offer_knows_its_variables(offre: Gabarits) -> None:
    """Statements, annual reports, letters and notes too, each with the data of its own context."""
    centre = load_centre(offre.centre_folder)
    assert {one.contexte for one in offre.offer.documents} == set(get_args(Contexte))
    for document in offre.offer.documents:
        schema = sample_for(offre.offer, centre, document.contexte, load_tarifs(offre.centre_folder / "tarifs.yaml"))
        for part in document.parts:
            name = part.template or offre.offer.annexe(str(part.annexe)).template
            assert lint_template((offre.folder / name).read_bytes(), schema) == [], name


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_every_point_is_marked_once_or_said_to_be_elsewhere(offre: Gabarits) -> None:
    elsewhere = yaml.safe_load((offre.folder / "points.yaml").read_text(encoding="utf-8"))["ailleurs"]
    assert all(item["ou"] and item["pourquoi"] for item in elsewhere)
    marked = Counter(mark.removeprefix("_pt_") for name in offre.issued for mark, _, _ in points(offre.read(name)))
    marked.update(item["point"] for item in elsewhere)
    assert marked == Counter(offre.points)
    assert points(offre.read("deliberation")) == []


@pytest.mark.parametrize(("offre", "name"), EVERY_ISSUED)
def test_marks_cover_words_and_stand_in_no_loop_or_condition(offre: Gabarits, name: str) -> None:
    for mark, depth, text in points(offre.read(name)):
        assert text.strip(), mark
        assert depth == 0, mark


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_legal_references_come_from_the_centre(offre: Gabarits, name: str) -> None:
    for text in texts(offre.read(name)):
        assert not WRITTEN_REFERENCE.search(TAG.sub("", text)), text
        assert not OLD_LAW.search(text), text


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_french_typography(offre: Gabarits, name: str) -> None:
    for text in texts(offre.read(name)):
        written = TAG.sub("x", text)
        assert not re.search(r"[^\u00a0][:;?!»%](?!\S)", written.replace("x;", "")), text
        assert not re.search(r"'|« | »|n° |\.\.\.|(?<=\d)-(?=\d)", written), text


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_headings_are_real_and_never_skip_a_level(offre: Gabarits, name: str) -> None:
    """Letters have none."""
    styles = docx.Document(io.BytesIO(offre.read(name))).styles
    level = 0
    for paragraph in paragraphs(offre.read(name)):
        outline = paragraph.outline or _outline(styles, paragraph.style)
        if outline is not None:
            assert outline <= level + 1, paragraph.text
            level = outline
    letter = not any(paragraph.style == "Titre" for paragraph in paragraphs(offre.read(name)))
    assert level or letter


def _outline(styles: Any, style_id: str) -> int | None:
    style = next(style for style in styles if style.style_id == style_id)
    while style is not None:
        level = style.element.find(f"{w('pPr')}/{w('outlineLvl')}")
        if level is not None:
            return int(level.get(w("val"))) + 1
        style = style.base_style
    return None


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_articles_cited_in_the_documents_exist(offre: Gabarits) -> None:
    article, sub, known = 0, 0, set()
    for paragraph in paragraphs(offre.read("convention")):
        if paragraph.style == "Article":
            article, sub = article + 1, 0
            known.add(str(article))
        elif paragraph.style == "Sousarticle":
            sub += 1
            known.add(f"{article}.{sub}")
    assert article == offre.articles
    cited = set()
    for name in offre.issued:
        for text in texts(offre.read(name)):
            for match in re.finditer(r"articles?\u00a0(\d+(?:\.\d)?)(?: et (\d+(?:\.\d)?))?", text):
                cited.update(number for number in match.groups() if number)
    assert cited <= known
    assert offre.cited <= cited


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_signature_block_is_kept_whole(offre: Gabarits) -> None:
    """From the last article on, every paragraph holds on to the next, and no row may break."""
    tables = list(body(offre.read("convention")).iter(w("tbl")))
    rows = list(tables[-1].iter(w("tr")))
    assert all(row.find(f"{w('trPr')}/{w('cantSplit')}") is not None for row in rows)
    styles = docx.Document(io.BytesIO(offre.read("convention"))).styles
    keeping = {s.style_id for s in styles if s.element.find(f"{w('pPr')}/{w('keepNext')}") is not None}
    for row in rows[:-1]:
        for paragraph in row.iter(w("p")):
            assert paragraph.find(f"{w('pPr')}/{w('pStyle')}").get(w("val")) in keeping
    before = tables[-1].getprevious()
    assert before.find(f"{w('pPr')}/{w('pStyle')}").get(w("val")) in keeping
    assert before.getprevious().find(f"{w('pPr')}/{w('keepNext')}") is not None


@pytest.mark.parametrize(("offre", "name"), EVERY_FILE)
def test_tables_repeat_their_header_and_are_described(offre: Gabarits, name: str) -> None:
    for table in body(offre.read(name)).iter(w("tbl")):
        properties = table.find(w("tblPr"))
        assert properties.find(w("tblCaption")).get(w("val"))
        look = properties.find(w("tblLook"))
        style = properties.find(w("tblStyle")).get(w("val"))
        if look.get(w("firstRow")) == "1" and style == "Tableau":
            assert next(table.iter(w("tr"))).find(f"{w('trPr')}/{w('tblHeader')}") is not None


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_the_convention_writes_no_rule_of_notice_of_its_own(offre: Gabarits) -> None:
    """Day, delay and date that counts are those that the offer sets: a template never contradicts what is computed."""
    text = full_text(offre.read("convention"))
    assert "septembre" not in text
    for name in (
        "convention.dernier_jour_denonciation.texte",
        "offre.denonciation.preavis_mois",
        "offre.denonciation.reference",
    ):
        assert name in text


@pytest.mark.parametrize("offre", OFFRES, ids=lambda one: one.centre)
def test_a_letter_written_before_the_effect_does_not_say_in_force(offre: Gabarits) -> None:
    """Tariffs of next year are told to conventions that begin with it."""
    context = sample_for(offre.offer, load_centre(offre.centre_folder), "courrier_tarif")
    render = compile_template(compose([Part(offre.read("courrier-tarif"))])).render
    context["lettre"]["date"] = context["convention"]["date_effet"]
    assert "en vigueur depuis le" in word_text(render(context))
    context["lettre"]["date"] -= timedelta(days=1)
    text = word_text(render(context))
    assert "qui prend effet le" in text
    assert "en vigueur depuis" not in text
