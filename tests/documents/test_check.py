"""What the check of a template says, and about which paragraph."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml

from documents.engine.check import check_template
from documents.engine.lint import TemplateError, lint_template
from tests.documents.samples import W, members, messages, rewritten, word

SCHEMA: dict[str, Any] = {
    "collectivite": {"nom": "Choisy-le-Roi", "siren": "219400223"},
    "montants": {"annuel": Decimal("1.00"), "echeancier": [{"libelle": "T1", "montant": Decimal("1.00")}]},
    "convention": {"numero": None, "date_effet": date(2026, 1, 1)},
    "annexes": {"charte": {"fichier": None}},
}
ATTACHED_TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"


def errors(*paragraphs: str, change: Any = None) -> list[TemplateError]:
    return lint_template(word(*paragraphs, change=change), SCHEMA)


def test_good_template() -> None:
    good = word(
        "{{ collectivite.nom }} {{ montants.annuel|euros }} {{ convention.date_effet|date_longue }}",
        "{%p for e in montants.echeancier %}",
        "{{ e.libelle }} {{ loop.index }} {{ e['montant']|euros }}",
        "{%p endfor %}",
        "{% set n = collectivite.nom %}{{ n }} {% if annexes.charte.fichier %}{{ annexes.charte.fichier.nom }}{% endif %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1) }} {{ inconnu|default('–') }} {{ inconnu is defined }}",
        "{% for k, v in collectivite.items() %}{{ k }}{{ v }}{% endfor %}",
    )
    assert check_template(good, SCHEMA) == []


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        (
            "{{ collectivite.nomm }}",
            "« collectivite.nomm » n’existe pas dans les données. Vouliez-vous dire « collectivite.nom » ?",
        ),
        ("{{ colectivite.nom }}", "Vouliez-vous dire « collectivite » ?"),
        ("{{ siren }}", "Vouliez-vous dire « collectivite.siren » ?"),
        ("{{ collectivite.nom.court }}", "« collectivite.nom » n’a pas de détail"),
        ("{{ montants.annuel|euro }}", "Le filtre « euro » n’existe pas. Vouliez-vous dire « euros » ?"),
        ("{{ montants.annuel is superieur }}", "Le test « superieur » n’existe pas"),
        ("{{ collectivite.nom }", "La balise ouverte par « {{ » n’est jamais fermée"),
        ("{{ collectivite.nom {{ x }}", "n’est pas fermée par « }} »"),
        ("50 %} de", "ferme une balise qui n’est pas ouverte"),
        ("{{ collectivite nom }}", "« nom » est inattendu"),
        ("{{ « nom » }}", "le caractère « « » n’y a pas sa place"),
        ("{% for e in montants.echeancier %}", "Le bloc « for » n’est pas fermé : il manque « endfor »"),
        ("{% endif %}", "« endif » ferme un bloc « if » qui n’est pas ouvert"),
        ("{% si x %}", "« si » n’est pas une instruction connue"),
        ("{%p if collectivite %} texte avalé", "le reste du texte disparaîtrait"),
        ("{%tr for e in montants.echeancier %}", "doit être dans une ligne de tableau"),
        ("{% include 'x' %}", "ne peut pas en inclure un autre"),
        ("{{ collectivite.nom|date_longue }}", "« Choisy-le-Roi » n’est pas une date"),
        ("{{ collectivite.nom + 1 }}", "une opération qui ne lui convient pas"),
        ("{{ ''.__class__.__mro__ }}", "opération interdite"),
        ("{{ annexes.charte.fichier.nom }}", "n’est pas renseignée"),
    ],
)
def test_messages(paragraph: str, expected: str) -> None:
    found = errors("Bon paragraphe {{ collectivite.nom }}", paragraph, "fin")
    assert expected in messages(found)
    assert [error.paragraphe for error in found] == [paragraph]


def test_every_mistake_is_listed_at_once() -> None:
    found = errors(
        "{{ collectivite.nomm }}",
        "{%p for e in montants.echeancier %}",
        "{{ e.libele }}",
        "{{ a",
        "{%p endfor %}",
        "{{ 1 2 }}",
    )
    assert sorted(error.paragraphe for error in found) == [
        "{{ 1 2 }}",
        "{{ a",
        "{{ collectivite.nomm }}",
        "{{ e.libele }}",
    ]
    assert "Vouliez-vous dire « e.libelle » ?" in messages(found)


def test_tag_over_two_paragraphs() -> None:
    found = errors("{{ collectivite.", "nom }} suite")
    assert [error.paragraphe for error in found] == ["{{ collectivite."]
    assert "coupée sur plusieurs paragraphes" in messages(found)


def test_tag_over_several_runs_is_fine() -> None:
    def split(document: Any) -> None:
        paragraph = document.add_paragraph("Nom {")
        for text in ("{ collec", "tivite.nom ", "}", "} fin"):
            paragraph.add_run(text).bold = True

    assert errors(change=split) == []


def test_tag_across_a_bookmark() -> None:
    def crossing(document: Any) -> None:
        paragraph = document.add_paragraph("{{ collectivite.")
        paragraph._p.append(parse_xml(f'<w:bookmarkStart xmlns:w="{W}" w:id="1" w:name="x"/>'))
        paragraph.add_run("nom }}")
        paragraph._p.append(parse_xml(f'<w:bookmarkEnd xmlns:w="{W}" w:id="1"/>'))

    assert "traverse un signet" in messages(errors(change=crossing))


def test_tracked_changes() -> None:
    def tracked(document: Any) -> None:
        run = parse_xml(f'<w:ins xmlns:w="{W}" w:id="1" w:author="a"><w:r><w:t> ajout</w:t></w:r></w:ins>')
        document.paragraphs[0]._p.append(run)

    found = errors("Texte", change=tracked)
    assert "modifications suivies" in messages(found)
    assert found[0].paragraphe == "Texte ajout"


def test_external_picture_and_attached_template() -> None:
    def linked(document: Any) -> None:
        document.part.relate_to("http://192.0.2.1/x.png", RELATIONSHIP_TYPE.IMAGE, is_external=True)
        document.part.relate_to("https://example.org", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)

    found = errors("a", change=linked)
    assert len(found) == 1
    assert "fichier extérieur (http://192.0.2.1/x.png)" in found[0].message

    def attached(document: Any) -> None:
        document.part.relate_to("file:///x.dotm", ATTACHED_TEMPLATE, is_external=True)

    assert "attaché à un modèle extérieur" in messages(errors("a", change=attached))


def test_field_that_fetches() -> None:
    def field(document: Any) -> None:
        code = f'<w:r xmlns:w="{W}"><w:instrText> INCLUDEPICTURE "http://192.0.2.1/x" </w:instrText></w:r>'
        document.paragraphs[0]._p.append(parse_xml(code))

    assert "INCLUDEPICTURE" in messages(errors("a", change=field))


def test_macros() -> None:
    docx = word("a")
    types = members(docx)["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )
    assert "macros" in messages(lint_template(rewritten(docx, **{"[Content_Types].xml": types}), SCHEMA))
    hidden = rewritten(docx, **{"word/vbaProject.bin": b"x"})
    assert "macros" in messages(lint_template(hidden, SCHEMA))


def bomb() -> bytes:
    return rewritten(word("a"), word__bomb_dot_xml=b" " * 60_000_000)


@pytest.mark.parametrize(
    ("docx", "expected"),
    [
        (b"", "n’est pas un document Word lisible"),
        (b"MZ rien", "n’est pas un document Word lisible"),
        (word("a")[:-200], "n’est pas un document Word lisible"),
        (rewritten(word("a"), word__document_dot_xml=b"<w:document"), "n’est pas un document Word lisible"),
        (
            rewritten(word("a"), word__document_dot_xml=b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "déclaration de type",
        ),
        (bomb(), "volume démesuré"),
    ],
    ids=["empty", "executable", "truncated", "bad xml", "entities", "bomb"],
)
def test_files_that_are_no_template(docx: bytes, expected: str) -> None:
    assert expected in messages(lint_template(docx, SCHEMA))


def test_archive_with_traversal_or_doubles() -> None:
    for names in (["../a"], ["a", "a"]):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive, pytest.warns() if len(names) > 1 else _nothing():
            for name in names:
                archive.writestr(name, "x")
        assert "n’est pas un document Word lisible" in messages(lint_template(buffer.getvalue(), SCHEMA))


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *args: object) -> None: ...


def test_trial_is_limited_in_memory() -> None:
    grow = "{% set x = namespace(v='aaaaaaaaaaaaaaaa') %}{% for i in range(40) %}{% set x.v = x.v ~ x.v %}{% endfor %}"
    assert "trop de temps ou de mémoire" in messages(check_template(word(grow), {}))


def test_trial_is_limited_in_time() -> None:
    slow = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    assert "trop de temps ou de mémoire" in messages(check_template(word(slow), {}, timeout=2))
