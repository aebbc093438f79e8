"""Field codes that fetch something from elsewhere are found however Word, or somebody, wrote them."""

from __future__ import annotations

import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml import etree

from documents.word.opc import WordPackage
from documents.word.safety import refuse_unsafe
from domain.errors import Invalide
from tests.documents.samples import members, rewritten, word

BEGIN, SEPARATE, END = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))


def _code(text: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>'


def _with_runs(runs: str) -> bytes:
    def change(document: Document) -> None:
        document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{runs}</w:p>"))

    return word("a", change=change)


@pytest.mark.parametrize(
    "runs",
    [
        BEGIN + _code(" INCLUDEPICTURE x") + END,
        BEGIN + _code(" INCL") + _code("UDEPICTURE x") + SEPARATE + END,
        BEGIN + _code(" INCL") + BEGIN + _code(" DATE ") + SEPARATE + END + _code("UDETEXT x") + SEPARATE + END,
        BEGIN + _code(" DATE ") + SEPARATE + BEGIN + _code("D") + _code("DEAUTO x") + END + END,
        BEGIN + _code(" DATE ") + SEPARATE + _code("LI") + _code("NK x") + END,
        BEGIN + _code(" LI") + _code("NK x"),
        _code(" LINK x"),
        '<w:fldSimple w:instr=" LINK x"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_forbidden_field_is_found(runs: str, encoding: str) -> None:
    docx = _with_runs(runs)
    main = etree.tostring(etree.fromstring(members(docx)["word/document.xml"]), encoding=encoding)
    with pytest.raises(Invalide, match="va chercher un contenu extérieur"):
        refuse_unsafe(WordPackage(rewritten(docx, **{"word/document.xml": main})))


def test_harmless_fields_are_left_alone() -> None:
    runs = BEGIN + _code(" PA") + _code("GE ") + SEPARATE + END + BEGIN + _code(" REF LINK ") + SEPARATE + END
    refuse_unsafe(WordPackage(_with_runs(runs)))
