"""Several templates in one master: sections, headers, lists, styles, ids, watermark."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docxtpl import DocxTemplate
from lxml import etree

from documents.engine.compiled import CompiledTemplate
from documents.engine.environment import word_environment
from documents.pdf.conversion import docx_to_pdf
from documents.word.bookmarks import list_bookmarks
from documents.word.compose import Part, compose
from documents.word.opc import WordPackage
from documents.word.styles import PARAGRAPH_ORDER, RUN_ORDER
from domain.errors import Invalide
from tests.documents.samples import W, annex, body, bookmark, c14n, lines, members, pdf_pages, rewritten, w, word

CONTEXT = {"numero": "2026-0007", "nom": "A & <b>\nB", "lignes": [{"x": 1}, {"x": 2}], "oui": True, "vide": None}


def parts() -> list[Part]:
    return [
        Part(annex("Convention", "{{ nom }}", numbered=2), nom="convention"),
        Part(annex("Annexe 1", "{%p if oui %}", "dedans {{ nom }}", "{%p endif %}", landscape=True, numbered=2)),
        Part(annex("Annexe 2", "{% for l in lignes %}{{ l.x }}{% endfor %}", numbered=3, table=True)),
    ]


def sections(docx: bytes) -> list[dict[str, Any]]:
    """Size, type, and text of header and footer of each section, inherited ones as None."""
    found = []
    package = WordPackage(docx)
    for section in package.tree(package.main).iter(w("sectPr")):
        item: dict[str, Any] = {"width": int(section.find(w("pgSz")).get(w("w")))}
        kind = section.find(w("type"))
        item["type"] = None if kind is None else kind.get(w("val"))
        for name in ("header", "footer"):
            reference = section.find(w(f"{name}Reference"))
            relation = None
            if reference is not None:
                identifier = next(v for k, v in reference.attrib.items() if k.endswith("}id"))
                relation = package.relation(package.main, identifier)
            item[name] = None if relation is None else "".join(package.tree(relation.target).itertext())
        found.append(item)
    return found


def test_each_part_keeps_its_page_headers_and_footers() -> None:
    found = sections(CompiledTemplate(compose(parts())).render(CONTEXT))
    assert [item["header"] for item in found] == ["En-tête Convention", "En-tête Annexe 1", "En-tête Annexe 2"]
    assert [item["footer"] for item in found] == [
        f"Pied {t} – 2026-0007" for t in ("Convention", "Annexe 1", "Annexe 2")
    ]
    assert [item["type"] for item in found[1:]] == ["nextPage", "nextPage"]
    assert found[1]["width"] > found[0]["width"] == found[2]["width"]


def test_parts_do_not_inherit_headers_from_each_other() -> None:
    found = sections(compose([Part(annex("A")), Part(word("sans en-tête")), Part(annex("C"))]))
    assert [item["header"] for item in found] == ["En-tête A", "", "En-tête C"]


def test_section_survives_a_condition_at_the_end_of_a_part() -> None:
    part = annex("A", "{%p if oui %}", "x", "{%p endif %}")
    docx = CompiledTemplate(compose([Part(part), Part(annex("B"))])).render(CONTEXT)
    assert len(sections(docx)) == 2


def test_lists_start_again_in_each_part() -> None:
    docx = compose(parts())
    used: dict[str, int] = Counter()
    for paragraph in body(docx).iter(w("p")):
        number = paragraph.find(f"{w('pPr')}/{w('numPr')}/{w('numId')}")
        style = paragraph.find(f"{w('pPr')}/{w('pStyle')}")
        if style is not None and style.get(w("val")) == "ListNumber":
            used["style" if number is None else number.get(w("val"))] += 1
    assert sorted(used.values()) == [2, 2, 3]
    numbering = body(docx, "word/numbering.xml")
    for number in used.keys() - {"style"}:
        num = next(n for n in numbering.iter(w("num")) if n.get(w("numId")) == number)
        assert num.find(f"{w('lvlOverride')}/{w('startOverride')}").get(w("val")) == "1"


def test_same_numbering_definitions_are_not_repeated() -> None:
    once = len(list(body(parts()[0].docx, "word/numbering.xml").iter(w("abstractNum"))))
    assert len(list(body(compose(parts()), "word/numbering.xml").iter(w("abstractNum")))) == once


def test_shared_style_sheet() -> None:
    def styled(size: int, extra: str = "") -> bytes:
        def change(document: Any) -> None:
            from docx.shared import Pt

            document.styles["Normal"].font.size = Pt(size)
            if extra:
                document.styles.add_style(extra, WD_STYLE_TYPE.PARAGRAPH).font.bold = True
                document.paragraphs[0].style = extra

        return word("texte", change=change)

    sheet = body(compose([Part(styled(11)), Part(styled(9, "Encadré"))]), "word/styles.xml")
    names = Counter(style.find(w("name")).get(w("val")) for style in sheet.iter(w("style")))
    assert names["Normal"] == names["Encadré"] == 1
    assert max(names.values()) == 1
    normal = next(s for s in sheet.iter(w("style")) if s.find(w("name")).get(w("val")) == "Normal")
    assert normal.find(f"{w('rPr')}/{w('sz')}").get(w("val")) == "22"


def test_static_part_keeps_its_braces_and_its_look() -> None:
    def styled(document: Any) -> None:
        document.styles["Normal"].font.name = "DejaVu Serif"
        document.sections[0].header.paragraphs[0].text = "En-tête {{ 1 }}"
        document.paragraphs[1].add_run("{")
        document.paragraphs[1].add_run("{ coupé }")
        document.paragraphs[1].add_run("}")

    charte = word("Code {{ 7*7 }} {% if %} {# #}", "a", change=styled)
    docx = CompiledTemplate(compose([Part(annex("A", "{{ nom }}")), Part(charte, static=True)])).render(CONTEXT)
    assert lines(docx)[-2:] == ["Code {{ 7*7 }} {% if %} {# #}", "a{{ coupé }}"]
    assert "En-tête {{ 1 }}" in [item["header"] for item in sections(docx)]
    style_id = list(body(docx).iter(w("p")))[-1].find(f"{w('pPr')}/{w('pStyle')}").get(w("val"))
    style = next(s for s in body(docx, "word/styles.xml").iter(w("style")) if s.get(w("styleId")) == style_id)
    assert style.find(f"{w('rPr')}/{w('rFonts')}").get(w("ascii")) == "DejaVu Serif"
    alone = CompiledTemplate(compose([Part(charte, static=True)])).render({})
    assert lines(alone)[0] == "Code {{ 7*7 }} {% if %} {# #}"


def test_bookmarks_and_ids_are_unique() -> None:
    first = word("un", change=bookmark("_pt_A01", 7))
    second = word("deux", change=bookmark("_pt_A02", 7))
    docx = compose([Part(first), Part(second), Part(second)])
    assert list_bookmarks(docx) == ["_pt_A01", "_pt_A02", "_pt_A02_2"]
    starts = [e.get(w("id")) for e in body(docx).iter(w("bookmarkStart"))]
    ends = [e.get(w("id")) for e in body(docx).iter(w("bookmarkEnd"))]
    assert starts == ends
    assert len(set(starts)) == 3
    pictures = [e.get("id") for name in members(docx) if name.endswith(".xml") for e in drawings(docx, name)]
    assert len(pictures) == len(set(pictures))


def test_bookmark_set_twice_in_one_file_counts_once() -> None:
    def twice(document: Any) -> None:
        bookmark("_pt_A01", 1)(document)
        bookmark("_pt_A01", 2)(document)

    docx = compose([Part(word("a", change=twice))])
    assert list_bookmarks(docx) == ["_pt_A01"]
    assert len(list(body(docx).iter(w("bookmarkEnd")))) == 1


def drawings(docx: bytes, name: str) -> list[etree._Element]:
    return [e for e in body(docx, name).iter() if etree.QName(e).localname == "docPr"]


def test_references_follow_a_renamed_bookmark() -> None:
    def linked(document: Any) -> None:
        bookmark("cible")(document)
        link = OxmlElement("w:hyperlink")
        link.set(w("anchor"), "cible")
        document.paragraphs[0]._p.append(link)

    docx = compose([Part(word("a", change=linked)), Part(word("b", change=linked))])
    assert [e.get(w("anchor")) for e in body(docx).iter(w("hyperlink"))] == ["cible", "cible_2"]


def test_pictures_are_stored_once() -> None:
    assert sum(name.startswith("word/media/") for name in members(compose(parts()))) == 1


def test_footnotes_of_every_part_are_kept() -> None:
    def noted(text: str) -> bytes:
        notes = (
            f'<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
            f'<w:footnote w:id="1"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote></w:footnotes>'
        ).encode()
        docx = word("appel")
        files = members(docx)
        document = files["word/document.xml"].replace(b"</w:r>", b'</w:r><w:r><w:footnoteReference w:id="1"/></w:r>', 1)
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
        relation = f'<Relationship Id="rIdN" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode()
        content = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
        override = f'<Override PartName="/word/footnotes.xml" ContentType="{content}"/></Types>'.encode()
        changes = {
            "word/document.xml": document,
            "word/footnotes.xml": notes,
            "word/_rels/document.xml.rels": files["word/_rels/document.xml.rels"].replace(
                b"</Relationships>", relation
            ),
            "[Content_Types].xml": files["[Content_Types].xml"].replace(b"</Types>", override),
        }
        return rewritten(docx, **changes)

    docx = compose([Part(word("sans note")), Part(noted("note {{ oui }}")), Part(noted("autre"))])
    docx = CompiledTemplate(docx).render(CONTEXT)
    notes = {e.get(w("id")): "".join(e.itertext()) for e in body(docx, "word/footnotes.xml").iter(w("footnote"))}
    called = [notes[e.get(w("id"))] for e in body(docx).iter(w("footnoteReference"))]
    assert called == ["note oui", "autre"]


def test_traces_of_editing_are_removed() -> None:
    def edited(document: Any) -> None:
        paragraph = document.paragraphs[0]._p
        paragraph.set(w("rsidR"), "00AB")
        paragraph.insert(0, parse_xml(f'<w:proofErr xmlns:w="{W}" w:type="spellStart"/>'))
        document.core_properties.author = "Portail"

    xml = members(compose([Part(word("texte", change=edited))]))["word/document.xml"]
    assert b"rsid" not in xml
    assert b"proofErr" not in xml


def test_watermark_is_in_every_header() -> None:
    docx = compose([*parts(), Part(word("sans en-tête"))], watermark="PROJET")
    headers = [name for name in members(docx) if name.startswith("word/header") and name.endswith(".xml")]
    assert len(headers) == 4
    assert all(b'string="PROJET"' in members(docx)[name] for name in headers)
    assert b"PROJET" not in b"".join(members(compose(parts())).values())


def test_no_blank_page_and_every_section_in_libreoffice() -> None:
    def edges(document: Any) -> None:
        document.add_page_break()
        document.add_paragraph()

    trailing = Part(word("fin", change=edges))
    docx = CompiledTemplate(compose([*parts(), trailing, Part(word("dernière"))], watermark="PROJET")).render(CONTEXT)
    pages = pdf_pages(docx_to_pdf(docx))
    assert len(pages) == 5
    assert all(text.strip() for text in pages)
    assert "2026-0007" in pages[1]


def test_composing_is_reproducible() -> None:
    assert compose(parts(), watermark="PROJET") == compose(parts(), watermark="PROJET")


def by_docxtpl(docx: bytes, context: dict[str, Any]) -> dict[str, bytes]:
    """The parts of the document that docxtpl itself makes of a template."""
    reference = DocxTemplate(io.BytesIO(docx))
    reference.render(context, word_environment(), autoescape=True)
    buffer = io.BytesIO()
    reference.save(buffer)
    return members(buffer.getvalue())


def test_rendered_master_is_what_docxtpl_makes_of_it() -> None:
    master = compose(parts())
    ours, theirs = members(CompiledTemplate(master).render(CONTEXT)), by_docxtpl(master, CONTEXT)
    assert ours.keys() == theirs.keys()
    compared = [name for name in ours if name.startswith(("word/document", "word/header", "word/footer"))]
    assert len(compared) == 7
    for name in compared:
        assert c14n(ours[name]) == c14n(theirs[name]), name


def test_column_loops_and_merged_cells_are_what_docxtpl_makes_of_them() -> None:
    def tables(document: Any) -> None:
        for row in (document.add_table(2, 4)).rows:
            for cell, text in zip(
                row.cells, ("{%tc for c in cols %}", "{{ c }}", "{%tc endfor %}", "fin"), strict=True
            ):
                cell.text = text
        merged = document.add_table(2, 2)
        merged.cell(0, 0).text = "{% colspan n %}titre"
        merged.cell(1, 0).text = "{% cellbg colour %}x"
        document.add_paragraph("a {{r x }} {%- if 1 %} b{% endif -%} {# commentaire #}")

    template = word(change=tables)
    given = {"cols": ["a", "b", "c", "d"], "n": 2, "colour": "FF0000", "x": "A & B"}
    ours, theirs = members(CompiledTemplate(template).render(given)), by_docxtpl(template, given)
    assert c14n(ours["word/document.xml"]) == c14n(theirs["word/document.xml"])


def test_properties_stand_in_the_order_that_word_insists_on() -> None:
    charte = word("Code", change=lambda d: d.add_paragraph("un", style="List Number"))
    docx = compose([*parts(), Part(charte, static=True)], watermark="PROJET")
    orders = {"rPr": RUN_ORDER, "pPr": (*PARAGRAPH_ORDER, "rPr", "sectPr")}
    for name in members(docx):
        if not name.startswith("word/") or not name.endswith(".xml"):
            continue
        for element in body(docx, name).iter(*map(w, orders)):
            order = orders[etree.QName(element).localname]
            places = [order.index(etree.QName(child).localname) for child in element]
            assert places == sorted(places), name


def test_result_opens_in_python_docx() -> None:
    document = Document(io.BytesIO(CompiledTemplate(compose(parts())).render(CONTEXT)))
    assert len(document.sections) == 3


def test_refusals_name_the_part() -> None:
    with pytest.raises(Invalide, match="« charte » : Ce fichier n’est pas un document Word"):
        compose([Part(word("a")), Part(b"rien", static=True, nom="charte")])
