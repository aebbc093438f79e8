"""Reads what a Word file says: its paragraphs in order, with style, tags and bookmarks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from documents.word.cleaning import word_parts
from documents.word.opc import WordPackage, w

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
OPENING = re.compile(r"\{%(?:p|tr)?\s*(for|if)\b")
CLOSING = re.compile(r"\{%(?:p|tr)?\s*end(for|if)\b")


@dataclass(frozen=True)
class Paragraph:
    style: str
    text: str
    keeps_next: bool
    outline: int | None = None
    """Its own level of heading (1 is the highest), when its style does not give it."""


def body(docx: bytes) -> etree._Element:
    package = WordPackage(docx)
    return package.tree(package.main)


def texts(docx: bytes) -> Iterator[str]:
    """The text of every paragraph, headers and footers included."""
    package = WordPackage(docx)
    for name in word_parts(package):
        for paragraph in package.tree(name).iter(w("p")):
            yield _text(paragraph)


def paragraphs(docx: bytes) -> list[Paragraph]:
    """The paragraphs of the body."""
    found = []
    for element in body(docx).iter(w("p")):
        style = element.find(f"{w('pPr')}/{w('pStyle')}")
        keep = element.find(f"{w('pPr')}/{w('keepNext')}")
        name = style.get(w("val")) if style is not None else ""
        outline = element.find(f"{w('pPr')}/{w('outlineLvl')}")
        level = int(outline.get(w("val"))) + 1 if outline is not None else None
        found.append(Paragraph(name, _text(element), keep is not None and keep.get(w("val"), "1") != "0", level))
    return found


def full_text(docx: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in paragraphs(docx))


def points(docx: bytes) -> list[tuple[str, int, str]]:
    """Each point bookmark of a template: its name, how many loops and conditions it starts in, the text it covers."""
    found: list[tuple[str, int, str]] = []
    covered: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    depths: dict[str, int] = {}
    before = ""
    for element in body(docx).iter(w("bookmarkStart"), w("bookmarkEnd"), w("t")):
        if element.tag == w("t"):
            before += element.text or ""
            for pieces in covered.values():
                pieces.append(element.text or "")
        elif element.tag == w("bookmarkStart"):
            mark = element.get(w("id"))
            names[mark], covered[mark] = element.get(w("name")), []
            depths[mark] = len(OPENING.findall(before)) - len(CLOSING.findall(before))
        else:
            mark = element.get(w("id"))
            found.append((names[mark], depths[mark], "".join(covered.pop(mark))))
    assert not covered, "a bookmark never ends"
    return [item for item in found if item[0].startswith("_pt_")]


def _text(paragraph: etree._Element) -> str:
    marks = {w("tab"): "\t", w("br"): "\n"}
    return "".join(
        element.text or "" if element.tag == w("t") else marks[element.tag]
        for element in paragraph.iter(w("t"), w("br"), *([w("tab")]))
        if element.tag == w("t") or element.getparent().tag == w("r")
    )
