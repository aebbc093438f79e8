"""One small Word template for each feature of the engine, what docxtpl makes of it, and what the engine refuses.

The tests compare the results part by part (C14N); the benchmark also gives the ratio of the times.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.oxml import parse_xml
from docxtpl import DocxTemplate
from lxml import etree

from documents.engine.environment import word_environment

Change = Callable[[WordDocument], object]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
COMPARED = ("word/document", "word/header", "word/footer", "word/footnotes")

DATA: dict[str, Any] = {
    "nom": 'Choisy & <fils> "L’Haÿ"',
    "vide": None,
    "oui": True,
    "nombre": Decimal("1234.50"),
    "jour": date(2026, 3, 14),
    "lignes": [{"a": "un", "b": 1, "fils": ["x", "y"]}, {"a": "deux & trois", "b": 2, "fils": []}],
    "colonnes": ["A", "B", "C", "D"],
    "arbre": {"feuille": {"texte": "profond"}},
    "couleur": "FF0000",
    "n": 2,
}


@dataclass(frozen=True)
class Feature:
    """A feature by its name: paragraphs of the template, then a change made with python-docx."""

    nom: str
    paragraphes: tuple[str, ...] = ()
    change: Change | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def template(self) -> bytes:
        document = Document()
        for text in self.paragraphes:
            document.add_paragraph(text)
        if self.change is not None:
            self.change(document)
        return save(document)

    @property
    def context(self) -> dict[str, Any]:
        return {**DATA, **self.data}


def save(document: WordDocument) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def by_docxtpl(docx: bytes, context: Mapping[str, Any]) -> bytes:
    """What docxtpl makes of the template, with the engine's own filters."""
    template = DocxTemplate(io.BytesIO(docx))
    template.render(dict(context), word_environment(), autoescape=True)
    stream = io.BytesIO()
    template.save(stream)
    return stream.getvalue()


def differences(ours: bytes, theirs: bytes) -> list[str]:
    """Names of the parts (body, headers, footers, notes) whose canonical forms differ, or that only one file has."""
    mine, other = _canonical(ours), _canonical(theirs)
    return sorted(name for name in {*mine, *other} if mine.get(name) != other.get(name))


def _canonical(docx: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        names = [name for name in archive.namelist() if name.startswith(COMPARED) and name.endswith(".xml")]
        return {name: bytes(etree.tostring(etree.fromstring(archive.read(name)), method="c14n")) for name in names}


def _table(*rows: tuple[str, ...]) -> Change:
    def change(document: WordDocument) -> None:
        table = document.add_table(len(rows), len(rows[0]))
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text

    return change


def _runs(*texts: str, bold: int | None = None) -> Change:
    """A paragraph whose text Word has split over runs."""

    def change(document: WordDocument) -> None:
        paragraph = document.add_paragraph()
        for rank, text in enumerate(texts):
            paragraph.add_run(text).bold = rank == bold or None

    return change


def _headers(document: WordDocument) -> None:
    document.settings.odd_and_even_pages_header_footer = True
    first = document.sections[0]
    first.different_first_page_header_footer = True
    first.header.paragraphs[0].text = "En-tête {{ nom }}"
    first.footer.paragraphs[0].text = "Pied {{ nombre|euros }}"
    first.first_page_header.paragraphs[0].text = "Première {% if oui %}page{% endif %}"
    first.even_page_footer.paragraphs[0].text = "Paire {{ jour|date_longue }}"
    second = document.add_section(WD_SECTION.NEW_PAGE)
    second.header.is_linked_to_previous = False
    second.header.paragraphs[0].text = "Suite {% for l in lignes %}{{ l.a }} {% endfor %}"
    document.add_paragraph("{{ nom }}")


def _text_box(document: WordDocument) -> None:
    document.add_paragraph()._p.append(
        parse_xml(
            f'<w:r xmlns:w="{W}" xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape style="width:100pt;height:20pt">'
            "<v:textbox><w:txbxContent><w:p><w:r><w:t>Cadre {{ nom }}</w:t></w:r></w:p></w:txbxContent></v:textbox>"
            "</v:shape></w:pict></w:r>"
        )
    )


def _merged(document: WordDocument) -> None:
    _table(("{% colspan n %}titre", ""), ("{% cellbg couleur %}fond", "x"))(document)
    _table(("{%tr for l in lignes %}", ""), ("{% vm %}même", "{{ l.a }}"), ("{%tr endfor %}", ""))(document)


def _line_break(document: WordDocument) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run("avant {{ nom }}")
    run.add_break()
    run.add_text("après")
    run.add_tab()
    run.add_text("{{ n }}")


def _content_control(document: WordDocument) -> None:
    document.element.body.insert(
        0,
        parse_xml(
            f'<w:sdt xmlns:w="{W}"><w:sdtContent><w:p><w:r><w:t>Contrôle {{{{ nom }}}}</w:t></w:r></w:p></w:sdtContent></w:sdt>'
        ),
    )


def _properties(document: WordDocument) -> None:
    document.core_properties.title = "Convention {{ n }}"
    document.add_paragraph("corps {{ n }}")


FEATURES: tuple[Feature, ...] = (
    Feature("valeur", ("Nom : {{ nom }}", "{{ nombre }}", "{{ jour }}", "{{ oui }}", "{{ vide }}")),
    Feature("chemin", ("{{ arbre.feuille.texte }}", "{{ lignes[1].a }}", "{{ arbre['feuille']['texte'] }}")),
    Feature("filtres", ("{{ nombre|euros }}", "{{ jour|date_longue }}", "{{ jour|date_courte }}", "{{ nom|upper }}")),
    Feature("cases cochées", ("{{ oui|coche }} {{ vide|coche }}",)),
    Feature("expression", ("{{ 'le ' ~ nom }}", "{{ n + 1 }}", "{{ 'a' if n == 2 else 'b' }}", "{{ lignes|length }}")),
    Feature("condition dans la phrase", ("A{% if n > 1 %} plusieurs{% elif n %} un{% else %} aucun{% endif %}.",)),
    Feature(
        "condition sur des paragraphes", ("{%p if oui %}", "montré {{ nom }}", "{%p else %}", "caché", "{%p endif %}")
    ),
    Feature(
        "boucle dans la phrase",
        ("{% for l in lignes %}{{ loop.index }}. {{ l.a }}{{ ', ' if not loop.last }}{% endfor %}",),
    ),
    Feature("boucle sur des paragraphes", ("{%p for l in lignes %}", "{{ l.a }} : {{ l.b }}", "{%p endfor %}", "fin")),
    Feature(
        "boucles imbriquées",
        (
            "{%p for l in lignes %}",
            "{{ l.a }}",
            "{%p for f in l.fils %}",
            "– {{ f }}",
            "{%p endfor %}",
            "{%p endfor %}",
        ),
    ),
    Feature("boucle vide", ("{%p for l in [] %}", "jamais", "{%p else %}", "rien", "{%p endfor %}")),
    Feature(
        "lignes de tableau",
        change=_table(
            ("Nom", "Rang"), ("{%tr for l in lignes %}", ""), ("{{ l.a }}", "{{ l.b }}"), ("{%tr endfor %}", "")
        ),
    ),
    Feature("lignes sous condition", change=_table(("{%tr if oui %}", ""), ("{{ nom }}", "x"), ("{%tr endif %}", ""))),
    Feature("colonnes de tableau", change=_table(("{%tc for c in colonnes %}", "{{ c }}", "{%tc endfor %}", "fin"))),
    Feature("cellules fusionnées et colorées", change=_merged),
    Feature("balise coupée en plusieurs morceaux", change=_runs("Nom {", "{ no", "m ", "}", "} fin", bold=2)),
    Feature("mise en forme autour", change=_runs("Monsieur ", "{{ nom }}", " est là", bold=1)),
    Feature("texte remplacé sans échappement", ("a {{r nom }} b",)),
    Feature("variable posée", ("{% set x = n * 2 %}{{ x }}", "{% set y %}{{ nom }}{% endset %}{{ y }}")),
    Feature("macro", ("{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m(nom) }}{{ m(n) }}",)),
    Feature(
        "espace de noms",
        ("{% set s = namespace(t=0) %}{% for l in lignes %}{% set s.t = s.t + l.b %}{% endfor %}{{ s.t }}",),
    ),
    Feature("blancs retirés", ("a {%- if oui %} b{% endif -%} c", "d {{- nom -}} e")),
    Feature("commentaires", ("avant{# rien #} après", "{#p tout le paragraphe #}", "fin")),
    Feature("accolades écrites", ("{_{ pas une balise }_}", "{_% ni ceci %_}")),
    Feature("apostrophes de Word", ("{{ ‘le ’ ~ nom }}", "{% if nom != ‘x’ %}ok{% endif %}")),
    Feature("sauts de ligne et tabulations du gabarit", change=_line_break),
    Feature("sauts de ligne et tabulations des données", ("[{{ v }}]",), data={"v": "a\nb\tc"}),
    Feature("données hostiles", ("{{ v }}",), data={"v": "{{ 7*7 }} <w:p/> &amp; ]]> {% x %} \U0001f600"}),
    Feature("en-têtes, pieds et sections", change=_headers),
    Feature("zone de texte", change=_text_box),
    Feature("contrôle de contenu", change=_content_control),
    Feature("propriétés du document", change=_properties),
    Feature("gabarit sans balise", ("rien à remplir",)),
)

REFUSED: tuple[tuple[str, str, str], ...] = (
    ("inclusion", "{% include 'autre.docx' %}", "Un gabarit ne peut pas en inclure un autre."),
    ("importation", "{% import 'autre' as a %}", "Un gabarit ne peut pas en inclure un autre."),
    ("héritage", "{% extends 'autre' %}", "Un gabarit ne peut pas en inclure un autre."),
    ("sous-document", "{{p sous_document }}", "La variable « sous_document » n’existe pas"),
    ("image", "{{ image }}", "La variable « image » n’existe pas"),
    ("attribut d’objet", "{{ nom.__class__ }}", "La variable « nom.__class__ » n’existe pas"),
    ("méthode de texte", "{{ nom.ljust(10) }}", "La variable « nom.ljust » n’existe pas"),
    ("contenu non échappé", "{{ nom|safe }}", "Le filtre « safe » n’existe pas."),
    ("filtre inconnu", "{{ nom|inconnu }}", "Le filtre « inconnu » n’existe pas."),
    ("boucle sans fin", "{% while oui %}x{% endwhile %}", "« while » n’est pas une instruction connue."),
)
"""What docxtpl may be asked for and the engine is not: its name, a tag, what its author reads."""
