"""Sections of a composed document: each part begins a page of its own and keeps its page set-up, headers and footers.

A section of Word inherits the headers that it does not define from the one before. Parts must not inherit from each other,
so the first section of every part defines all of its own, empty ones where it had none.
"""

from __future__ import annotations

import copy

from lxml import etree

from documents.word.numbering import insert_ordered
from documents.word.opc import WORD_TYPE, WordPackage, r, relation_type, serialize, w

KINDS = ("header", "footer")
TINY = (
    f'<w:pPr xmlns:w="{w("")[1:-1]}"><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
    '<w:rPr><w:sz w:val="2"/></w:rPr></w:pPr>'
)
CONTENT_TAGS = tuple(
    w(name)
    for name in ("t", "tab", "drawing", "pict", "object", "sym", "fldChar", "fldSimple", "footnoteReference", "br")
) + tuple(w(name) for name in ("bookmarkStart", "sectPr", "sdt", "hyperlink", "endnoteReference", "ptab"))
BLOCKS = (w("p"), w("tbl"), w("sdt"))


def is_on(parent: etree._Element, tag: str) -> bool:
    """A Word switch: present without a value means on."""
    element = parent.find(w(tag))
    return element is not None and element.get(w("val"), "1") not in ("0", "false", "off")


def trim_blank_edges(body: etree._Element) -> None:
    """Removes what would make a blank page at either end: page breaks, and empty paragraphs that end a part."""
    blocks = [element for element in body if element.tag in BLOCKS]
    if blocks and _is_page_break_only(blocks[0]):
        body.remove(blocks.pop(0))
    while len(blocks) > 1 and _is_empty(blocks[-1]) and blocks[-2].tag == w("p") and not _ends_section(blocks[-2]):
        body.remove(blocks.pop())
    if blocks and blocks[-1].tag == w("p"):
        for element in reversed(list(blocks[-1].iter(*CONTENT_TAGS))):
            if element.tag != w("br") or element.get(w("type")) != "page":
                break
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)


def close_section(body: etree._Element) -> None:
    """Moves the closing section properties of the body into its last paragraph, so that another section can follow."""
    section = body.find(w("sectPr"))
    if section is None:
        section = etree.Element(w("sectPr"))
    else:
        body.remove(section)
    blocks = [element for element in body if element.tag in BLOCKS]
    last = blocks[-1] if blocks else None
    if last is None or last.tag != w("p") or _ends_section(last) or "{" in "".join(last.itertext()):
        # After a table, and after a tag that may take its whole paragraph away, the section needs a paragraph of its own.
        last = etree.SubElement(body, w("p"))
        last.append(etree.fromstring(TINY))
    elif _is_empty(last):
        _replace_properties(last)
    properties = last.find(w("pPr"))
    if properties is None:
        properties = etree.Element(w("pPr"))
        last.insert(0, properties)
    change = properties.find(w("pPrChange"))
    if change is not None:
        change.addprevious(section)
    else:
        properties.append(section)


def all_sections(body: etree._Element) -> list[etree._Element]:
    """Section properties in the order of the document."""
    return list(body.iter(w("sectPr")))


def begin_on_new_page(section: etree._Element) -> None:
    """The first section of an appended part: next page, page numbers going on."""
    for element in section.findall(w("type")):
        section.remove(element)
    kind = etree.Element(w("type"))
    kind.set(w("val"), "nextPage")
    insert_ordered(section, kind, ("headerReference", "footerReference", "footnotePr", "endnotePr"))
    for numbers in section.findall(w("pgNumType")):
        numbers.attrib.pop(w("start"), None)


def complete_references(package: WordPackage, section: etree._Element, known: set[tuple[str, str]]) -> None:
    """Gives the section every header and footer it shows and does not define; `known` are those it may inherit."""
    even_and_odd = uses_even_pages(package)
    for kind in KINDS:
        defined = {(kind, e.get(w("type"), "default")): e for e in section.findall(w(f"{kind}Reference"))}
        needed = ["default"] + ["first"] * is_on(section, "titlePg") + ["even"] * even_and_odd
        for page in needed:
            if (kind, page) in defined or (kind, page) in known:
                continue
            reference = etree.Element(w(f"{kind}Reference"))
            reference.set(w("type"), page)
            same = defined.get((kind, "default")) if page == "even" else None
            reference.set(r("id"), same.get(r("id"), "") if same is not None else _blank(package, kind))
            section.insert(0, reference)
            defined[kind, page] = reference
        known.update(defined)


def uses_even_pages(package: WordPackage) -> bool:
    settings = package.related("settings")
    return settings is not None and is_on(package.tree(settings), "evenAndOddHeaders")


def _blank(package: WordPackage, kind: str) -> str:
    """The relation to an empty header or footer of its own."""
    root = etree.Element(w("hdr" if kind == "header" else "ftr"), nsmap={"w": w("")[1:-1]})
    etree.SubElement(root, w("p"))
    name = package.add_part(f"word/{kind}", ".xml", f"{WORD_TYPE}{kind}+xml", serialize(root))
    return package.relate(package.main, relation_type(kind), name)


def _is_empty(block: etree._Element) -> bool:
    return block.tag == w("p") and next(block.iter(*CONTENT_TAGS), None) is None


def _is_page_break_only(block: etree._Element) -> bool:
    if block.tag != w("p"):
        return False
    content = list(block.iter(*CONTENT_TAGS))
    return len(content) == 1 and content[0].tag == w("br") and content[0].get(w("type")) == "page"


def _ends_section(block: etree._Element) -> bool:
    return block.find(f"{w('pPr')}/{w('sectPr')}") is not None


def _replace_properties(paragraph: etree._Element) -> None:
    """An empty last paragraph (Word wants one after a table) must not push out a page of its own."""
    for properties in paragraph.findall(w("pPr")):
        paragraph.remove(properties)
    paragraph.insert(0, copy.deepcopy(etree.fromstring(TINY)))
