"""What documents say for given data, the hostile kind above all."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from documents.engine.compiled import CompiledTemplate, compile_template
from documents.pdf.conversion import docx_to_pdf
from domain.errors import Invalide
from tests.documents.samples import annex, body, c14n, lines, members, rewritten, w, word

BLANK = "……………"
HOSTILE = {
    "emoji": "👩‍⚖️ 🇫🇷",
    "expression": "{{ 7*7 }} {% if %} {# #} {_{ 1 }_}",
    "markup": "<b>&amp;</b> & <w:p>x</w:p> ]]> \"'",
    "long": "é" * 100_000,
    "control": "a\x00b\x07c\x0bd\x0ce\x1bf\x7fg",
    "surrogate": "a\ud800b\udfffc",
    "noncharacter": "a\ufffeb\uffffc\ufdd0d",
    "markers": "a\ue0b0b\ue0b1c",
    "rtl": "שלום \u202eabc",
}


def render(*paragraphs: str, **context: Any) -> list[str]:
    return lines(CompiledTemplate(word(*paragraphs)).render(context))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_data_is_only_text(name: str) -> None:
    cleaned = "".join(
        c for c in HOSTILE[name] if c not in "\x00\x07\x0b\x0c\x1b\x7f\ud800\udfff\ufffe\uffff\ufdd0\ue0b0\ue0b1"
    )
    assert render("Avant {{ v }} après", "suite", v=HOSTILE[name]) == [f"Avant {cleaned} après", "suite"]


def test_hostile_data_opens_in_libreoffice() -> None:
    template = annex("Titre {{ v.emoji }}", *(f"{{{{ v.{name} }}}}" for name in HOSTILE))
    docx = CompiledTemplate(template).render({"v": HOSTILE, "numero": "1\n2"})
    assert docx_to_pdf(docx).startswith(b"%PDF-")


def test_line_ends_and_tabs_become_those_of_word() -> None:
    assert render("{{ v }}", v="a\nb\r\nc\rd\te\u2028f") == ["a\nb\nc\nd\te\nf"]


def test_what_is_not_answered_is_left_to_be_filled_in_by_hand() -> None:
    tags = ("{{ v }}", "{{ v|euros }}", "{{ v|date_longue }}", "{{ 'le ' ~ v }}", "{{ v|coche }}", "{{ v|capitale }}")
    assert render(*tags, v=None) == [BLANK, BLANK, BLANK, f"le {BLANK}", "☐", BLANK]


def test_values_without_filter_are_french() -> None:
    given = {"a": True, "b": False, "c": Decimal("1234.50"), "d": date(2026, 3, 1), "e": time(9, 5), "f": 2026}
    assert render("{{ a }} {{ b }}", "{{ c }}", "{{ d }}", "{{ e }}", "{{ f }}", **given) == [
        "oui non",
        "1\u202f234,50",
        "1er mars 2026",
        "9\u00a0h\u00a005",
        "2026",
    ]


def test_filters() -> None:
    tags = {
        "{{ '67980'|euros }}": "67\u202f980,00\u00a0€",
        "{{ '47.7'|pourcentage }}": "47,70\u00a0%",
        "{{ 1234567|nombre }}": "1\u202f234\u202f567",
        "{{ '2026-01-01'|date_longue }}": "1er\u00a0janvier 2026",
        "{{ '2022-12-14'|date_longue }}": "14\u00a0décembre 2022",
        "{{ '2026-01-01'|date_courte }}": "01/01/2026",
        "{{ true|coche }}{{ false|coche }}": "☒☐",
        "{{ '09:00'|heure }}": "9\u00a0h\u00a000",
        "{{ 45992|duree }}": "766\u00a0h\u00a032",
        "{{ '0123456789'|telephone }}": "01\u00a023\u00a045\u00a067\u00a089",
        "{{ '219400223'|siren }}": "219\u00a0400\u00a0223",
        "{{ 'autorisé'|accord('Mme') }} {{ 'autorisé'|accord('M.') }}": "autorisée autorisé",
        "{{ 'la commune'|capitale }}": "La commune",
        "{{ '2026-0007'|tirets }}": "2026\u20110007",
        "{{ 'bis'|exposant }}": "bis",
    }
    assert render(*tags) == list(tags.values())


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("{{ x|date_longue }}", "« bonjour » n’est pas une date"),
        ("{{ x|euros }}", "« bonjour » n’est pas un nombre"),
        ("{{ inconnue }}", "« inconnue » n’existe pas"),
        ("{{ x.y.z }}", "« y » n’existe pas"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "opération interdite"),
        ("{{ 'a' * 10**6 }}", "trop longue"),
        ("{{ '%1000000d' % 1 }}", "« % »"),
        ("{{ x.format(1) }}", "opération interdite"),
        ("{{ x.center(10) }}", "opération interdite"),
    ],
)
def test_mistakes_name_their_paragraph(tag: str, expected: str) -> None:
    with pytest.raises(Invalide) as refusal:
        render("avant", f"Ici {tag}", x="bonjour")
    assert expected in refusal.value.message
    assert "Paragraphe : « Ici {{" in refusal.value.message


@pytest.mark.parametrize("tag", ["{{ x|safe }}", "{{ x|xmlattr }}", "{{ x|attr('y') }}", "{{ x|random }}"])
def test_filters_that_let_data_through_are_gone(tag: str) -> None:
    with pytest.raises(Invalide, match="filtre"):
        render(tag, x="<w:p/>")


@pytest.mark.parametrize("name", ["cycler", "lipsum", "dict", "joiner"])
def test_globals_that_lead_out_of_the_sandbox_are_gone(name: str) -> None:
    with pytest.raises(Invalide, match="n’existe pas"):
        render(f"{{{{ {name} }}}}")


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="plain data"):
        render("{{ x }}", x=[object()])


def test_data_wins_over_methods_of_the_same_name() -> None:
    assert render(
        "{{ x.items }} {% for k, v in y.items() %}{{ k }}={{ v }}{% endfor %}", x={"items": "a"}, y={"b": 1}
    ) == ["a b=1"]


def test_first_of_the_month_is_raised_and_keeps_the_look_of_its_run() -> None:
    def bold(document: Any) -> None:
        run = document.add_paragraph().add_run("Le {{ d|date_longue }}, {{ 'et ' ~ d|date_longue }}.")
        run.bold, run.font.name = True, "Arial"

    docx = CompiledTemplate(word(change=bold)).render({"d": "2026-01-01"})
    runs = list(body(docx).iter(w("r")))
    assert lines(docx) == ["Le 1er\u00a0janvier 2026, et 1er\u00a0janvier 2026."]
    assert all(run.find(f"{w('rPr')}/{w('b')}") is not None for run in runs)
    raised = [run for run in runs if run.find(f"{w('rPr')}/{w('vertAlign')}") is not None]
    assert ["".join(run.itertext()) for run in raised] == ["er", "er"]
    names = [etree.QName(child).localname for child in raised[0].find(w("rPr"))]
    assert names == ["rFonts", "b", "vertAlign"]


def test_values_in_attributes_and_properties_stay_on_one_line() -> None:
    def titled(document: Any) -> None:
        document.core_properties.title = "Convention {{ x }}"

    docx = word("{{ y }}", change=titled)
    cell = members(docx)["word/document.xml"].replace(b"<w:p>", b'<w:p><w:pPr><w:pStyle w:val="{{ x }}"/></w:pPr>', 1)
    docx = CompiledTemplate(rewritten(docx, word__document_dot_xml=cell)).render(
        {"x": 'a\nb"<&\x00', "y": "2026-01-01"}
    )
    assert next(body(docx).iter(w("pStyle"))).get(w("val")) == 'a b"<&'
    assert b'<dc:title>Convention a b"&lt;&amp;</dc:title>' in c14n(members(docx)["docProps/core.xml"])


def test_same_data_same_bytes() -> None:
    template = annex("A {{ x }}", "{{ y|date_longue }}", table=True)
    given = {"x": "é", "y": "2026-01-01", "numero": "7"}
    first = CompiledTemplate(template).render(given)
    assert CompiledTemplate(template).render(given) == first == compile_template(template).render(given, check=False)
    assert CompiledTemplate(template).render({**given, "x": "e"}) != first


def test_template_that_breaks_xml_is_caught_by_the_check() -> None:
    crossing = b"<w:r><w:t>{{ x </w:t></w:r><w:hyperlink><w:r><w:t> }} y</w:t></w:r></w:hyperlink>"
    docx = word("cible")
    broken = members(docx)["word/document.xml"].replace(b"<w:r><w:t>cible</w:t></w:r>", crossing)
    with pytest.raises(Invalide, match="pas un document Word valide"):
        CompiledTemplate(rewritten(docx, word__document_dot_xml=broken)).render({"x": "a"})


def test_syntax_errors_are_reported_when_compiling() -> None:
    with pytest.raises(Invalide, match="Le bloc « for » n’est pas fermé"):
        CompiledTemplate(word("{% for x in y %}", "{{ x }}"))
