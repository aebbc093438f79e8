"""Finds what is wrong with a Word template, in terms its author can act on: a message and the text of the paragraph.

Runs in the limited process of `documents.engine.check`: a template may be hostile, and even parsing it can be made expensive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jinja2
from lxml import etree

from documents.engine.compiled import CompiledTemplate
from documents.engine.diagnosis import BLOCKS, SourcePart, describe, line_of, source_parts
from documents.engine.names import NameChecker
from documents.word.cleaning import word_parts
from documents.word.opc import WordPackage, w
from documents.word.safety import forbidden_fields, unsafe_contents
from domain.errors import Invalide

REVISIONS = (
    "ins",
    "del",
    "moveFrom",
    "moveTo",
    "cellIns",
    "cellDel",
    "rPrChange",
    "pPrChange",
    "tblPrChange",
    "sectPrChange",
)
REVISION_TAGS = tuple(w(name) for name in REVISIONS)
MARKS = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
WHOLE_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
OUTPUT_TAG = re.compile(r"\{\{.*?\}\}")
BLOCK_WORD = re.compile(r"\{%-?\s*(\w+)")
PARAGRAPH_TAG = re.compile(r"(\{%|\{\{)(p|tr|tc) ")
HARMLESS_INSIDE_TAGS = {
    w(name) for name in ("r", "proofErr", "lastRenderedPageBreak", "commentRangeStart", "commentRangeEnd")
}
MAX_ERRORS = 50


class TemplateError(NamedTuple):
    """One thing to correct; `paragraphe` is the text of the paragraph, empty when the whole file is meant."""

    message: str
    paragraphe: str


def lint_template(docx: bytes, schema: Mapping[str, Any]) -> list[TemplateError]:
    """Everything wrong with the template, in the order of the document. `schema` is a sample of the data."""
    try:
        package = WordPackage(docx)
    except Invalide as error:
        return [TemplateError(error.message, "")]
    structure = list(_structure_errors(package))
    broken = list(_tag_errors(package))
    misplaced = list(_layout_errors(package))
    errors = [*structure, *broken, *misplaced, *_source_errors(package, schema, bool(broken or misplaced))]
    if not errors:
        errors += _trial(docx, schema)
    return list(dict.fromkeys(errors))[:MAX_ERRORS]


def _structure_errors(package: WordPackage) -> Iterator[TemplateError]:
    for problem in unsafe_contents(package):
        yield TemplateError(f"Ce document {problem}", "")
    for part in word_parts(package):
        root = package.tree(part)
        yield from _revision_errors(root)
        yield from _field_errors(root)


def _revision_errors(root: etree._Element) -> Iterator[TemplateError]:
    for element in root.iter(*REVISION_TAGS):
        yield TemplateError(
            "Ce document contient des modifications suivies : acceptez-les ou refusez-les toutes, puis désactivez le suivi.",
            paragraph_text(_paragraph_of(element)),
        )
        return


def _field_errors(root: etree._Element) -> Iterator[TemplateError]:
    for field, element in forbidden_fields(root):
        yield TemplateError(
            f"Le champ « {field} » va chercher un contenu extérieur : supprimez-le.",
            paragraph_text(_paragraph_of(element)),
        )


def _tag_errors(package: WordPackage) -> Iterator[TemplateError]:
    """Incomplete tags; their paragraphs are emptied in `package`, so that the rest of the part can still be checked."""
    for part in word_parts(package):
        paragraphs = list(package.tree(part).iter(w("p")))
        texts = [paragraph_text(paragraph) for paragraph in paragraphs]
        split, broken = False, False  # split: a tag of an earlier paragraph is still open
        for index, text in enumerate(texts):
            problem, split = _balance(text, texts[index + 1 :], split)
            if problem:
                yield TemplateError(problem, text)
                broken = True
                for element in _texts(paragraphs[index]):
                    element.text = ""
        if broken:
            package.keep_tree(part)


def _layout_errors(package: WordPackage) -> Iterator[TemplateError]:
    """Complete tags in places where docxtpl would lose text or tear the document apart."""
    for part in word_parts(package):
        for paragraph in package.tree(part).iter(w("p")):
            text = paragraph_text(paragraph)
            if "{" in text:
                yield from _paragraph_errors(paragraph, text)


def _balance(text: str, following: list[str], split: bool) -> tuple[str | None, bool]:
    """What is wrong with the opening and closing marks of one paragraph, and whether a tag is left open at its end."""
    opened: str | None = None
    for mark in MARKS.findall(text):
        if mark in CLOSING:
            if opened:
                return f"La balise ouverte par « {opened} » n’est pas fermée par « {CLOSING[opened]} ».", False
            opened, split = mark, False
        elif split:
            split = False  # the end of a tag already reported
        elif opened is None:
            return f"« {mark} » ferme une balise qui n’est pas ouverte.", False
        elif CLOSING[opened] == mark:
            opened = None
    if opened is None:
        return None, split
    for later in following:
        first = MARKS.search(later)
        if first is not None:
            if first[0] == CLOSING[opened]:
                return "Une balise est coupée sur plusieurs paragraphes : écrivez-la dans un seul.", True
            break
    return f"La balise ouverte par « {opened} » n’est jamais fermée par « {CLOSING[opened]} ».", False


def _paragraph_errors(paragraph: etree._Element, text: str) -> Iterator[TemplateError]:
    special = PARAGRAPH_TAG.search(text)
    if special and special[2] == "p" and not _is_one_tag(text):
        yield TemplateError(
            f"Une balise « {special[1]}p … » doit être seule dans son paragraphe : le reste du texte disparaîtrait.",
            text,
        )
    elif special and special[2] == "tr":
        row = next(paragraph.iterancestors(w("tr")), None)
        cells = "" if row is None else "".join(paragraph_text(item) for item in row.iter(w("p")))
        if row is None:
            yield TemplateError("Une balise « {%tr … » doit être dans une ligne de tableau.", text)
        elif not _is_one_tag(cells):
            yield TemplateError("Une balise « {%tr … » doit être seule dans sa ligne : le reste disparaîtrait.", text)
    yield from _crossing_errors(paragraph, text)


def _is_one_tag(text: str) -> bool:
    match = WHOLE_TAG.fullmatch(text.strip())
    return match is not None and len(MARKS.findall(text)) == 2


def _crossing_errors(paragraph: etree._Element, text: str) -> Iterator[TemplateError]:
    """A bookmark, link or field that begins or ends inside a tag would be torn apart."""
    spans: list[tuple[int, int, etree._Element]] = []
    end = 0
    for element in _texts(paragraph):
        spans.append((end, end + len(element.text or ""), element))
        end += len(element.text or "")
    for tag in WHOLE_TAG.finditer(text):
        inside = [element for start, stop, element in spans if start < tag.end() and stop > tag.start()]
        if len(inside) < 2:
            continue
        first, last = (item.getparent() for item in (inside[0], inside[-1]))
        if first is None or last is None or first.getparent() is not last.getparent():
            yield TemplateError(
                f"La balise « {tag[0]} » traverse un lien ou un champ : retapez-la d’un seul trait.", text
            )
            continue
        between = first
        while between is not None and between is not last:
            if between.tag not in HARMLESS_INSIDE_TAGS:
                yield TemplateError(f"La balise « {tag[0]} » traverse un signet : retapez-la d’un seul trait.", text)
                break
            between = between.getnext()


def _source_errors(package: WordPackage, schema: Mapping[str, Any], incomplete: bool) -> Iterator[TemplateError]:
    """Syntax and names. When tags were `incomplete`, blocks that do not match are a consequence and not reported."""
    reported: set[str] = set()
    for part in source_parts(package):
        yield from _output_errors(part, reported)
        try:
            tree = part.environment.parse(part.text)
        except jinja2.TemplateError as error:
            paragraph = part.paragraph(_unclosed_block(part, error) or line_of(error))
            if paragraph not in reported and not incomplete:
                reported.add(paragraph)
                yield TemplateError(describe(error), paragraph)
            continue
        checker = NameChecker(schema, part.environment)
        for message, line in checker.check(tree):
            yield TemplateError(message, part.paragraph(line))


def _output_errors(part: SourcePart, reported: set[str]) -> Iterator[TemplateError]:
    """The engine stops at the first mistake of a part: printing tags are tried one by one, and the bad ones taken out."""
    source = part.text.splitlines()
    for index, line in enumerate(source):
        for tag in OUTPUT_TAG.findall(line):
            try:
                part.environment.parse(tag)
            except jinja2.TemplateError as error:
                paragraph = part.paragraph(index + 1)
                if paragraph not in reported:
                    reported.add(paragraph)
                    yield TemplateError(describe(error), paragraph)
                source[index] = source[index].replace(tag, "")
    part.text = "\n".join(source)


def _unclosed_block(part: SourcePart, error: jinja2.TemplateError) -> int | None:
    """The line of the block left open: the engine only sees that the end of the document comes too soon."""
    if "Unexpected end of template" not in str(error):
        return None
    opened: list[int] = []
    for number, line in enumerate(part.text.splitlines(), start=1):
        for word in BLOCK_WORD.findall(line):
            if word in BLOCKS:
                opened.append(number)
            elif word in BLOCKS.values() and opened:
                opened.pop()
    return opened[-1] if opened else None


def _trial(docx: bytes, schema: Mapping[str, Any]) -> Iterator[TemplateError]:
    try:
        CompiledTemplate(docx).render(schema, check=True)
    except Invalide as error:
        message, _, paragraph = error.message.partition(" Paragraphe : « ")
        yield TemplateError(message, paragraph.removesuffix(" »"))


def paragraph_text(paragraph: etree._Element | None) -> str:
    """The text of a paragraph as its author sees it, without that of text boxes inside it."""
    return "" if paragraph is None else "".join(element.text or "" for element in _texts(paragraph))


def _texts(paragraph: etree._Element) -> list[etree._Element]:
    return [element for element in paragraph.iter(w("t"), w("delText")) if _paragraph_of(element) is paragraph]


def _paragraph_of(element: etree._Element) -> etree._Element | None:
    return next(element.iterancestors(w("p")), None)
