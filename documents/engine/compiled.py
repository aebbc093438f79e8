"""A template compiled once and rendered many times, byte-identical for the same data.

docxtpl parses, patches and compiles the template again for each document and rebuilds the whole file. Here its `patch_xml`
runs once; the parts without tags keep their compressed bytes; only the parts with tags are rendered and compressed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import Template, TemplateError
from lxml import etree

from documents.archive import Entry, deflate, write_archive
from documents.engine.diagnosis import explain
from documents.engine.environment import property_environment, word_environment
from documents.engine.filters import LOWERED, RAISED
from documents.word.cleaning import normalised_source
from documents.word.opc import CORE_PROPERTIES, DYNAMIC_TYPES, HAS_TAG, WordPackage, serialize
from documents.word.safety import refuse_unsafe
from domain.errors import Invalide

# `{{ value }}` inside an attribute: line ends must not become elements there.
ATTRIBUTE_VALUE = re.compile(r'(="[^"<>]*?)\{\{((?:(?!\}\}).)*)\}\}')
LITERAL_BRACES = re.compile(r"\{_[{%]|[}%]_\}")
"""How a template writes braces that are no tag: `{_{`, `}_}`, `{_%`, `%_}`, as docxtpl has it."""
TAGS_OR_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{_[{%]|[}%]_\}", re.DOTALL)
TABLE_TAGS = re.compile(r"\{%\s*(?:tc\s|colspan\s|hm\s)")
MARKUP = re.compile(r"<[^>]+>")
DRAWING_ID = re.compile(r'(<wp:docPr\b[^>]*?\bid=")[^"]*')
RAISED_TEXT = re.compile(f"{RAISED}([^{RAISED}{LOWERED}<]*){LOWERED}")
RUN_PROPERTIES = re.compile(r"<w:r(?: [^>]*)?>\s*<w:rPr>(.*?)</w:rPr>", re.DOTALL)
AFTER_RAISING = re.compile(r"<w:(?:rtl|cs|em|lang|eastAsianLayout|specVanish|oMath|rPrChange)\b")
VERTICAL = re.compile(r"<w:vertAlign\b[^>]*/>")
COMPRESSION = 3  # a tenth larger than level 6, in less than half its time, which was a third of the whole
PLAIN_TYPES = frozenset({str, int, float, bool, Decimal, date, datetime, time, type(None)})


class CompiledTemplate:
    """A Word template ready to be rendered. Immutable: threads may share it."""

    def __init__(self, docx: bytes) -> None:
        package = WordPackage(docx)
        refuse_unsafe(package)
        self.sha256 = hashlib.sha256(docx).hexdigest()
        self._docx = docx
        self._entries: list[Entry | _DynamicPart] = []
        known: dict[tuple[bool, str], Template] = {}
        for name, data in package.to_parts().items():
            content_type = package.type_of(name) if name in package.names else ""
            try:
                part = _dynamic_part(name, content_type, data, known)
            except TemplateError as error:
                raise Invalide(explain(docx, None, error)) from error
            self._entries.append(part if part else deflate(name, data, 9))

    def render(self, context: Mapping[str, Any], check: bool = True) -> bytes:
        """The document for this data: nested dictionaries and lists of plain values.

        `check` parses every rendered part again, strictly. Raises `Invalide`, with the paragraph, when the template asks for
        something that the data does not have.
        """
        _refuse_objects(context)
        rendered: dict[Template, Entry] = {}  # footers that are the same are rendered once
        entries: list[Entry] = []
        try:
            for item in self._entries:
                if isinstance(item, Entry):
                    entries.append(item)
                    continue
                if item.template not in rendered:
                    rendered[item.template] = item.render(context, check)
                entries.append(rendered[item.template]._replace(name=item.name))
        except (TemplateError, Invalide, TypeError, ValueError, ArithmeticError) as error:
            raise Invalide(explain(self._docx, context, error)) from error
        return write_archive(entries)


class _DynamicPart:
    """One part with tags."""

    def __init__(self, name: str, template: Template, source: str) -> None:
        self.name = name.encode()
        self.template = template
        self.has_drawings = "<w:body" in source and "<wp:docPr" in source
        self.fixes_tables = bool(TABLE_TAGS.search(MARKUP.sub("", source)))

    def render(self, context: Mapping[str, Any], check: bool) -> Entry:
        text = self.template.render(context)
        if RAISED in text or LOWERED in text:
            text = raise_texts(text)
        if self.has_drawings:
            numbers = iter(range(1001, 1_000_000))
            text = DRAWING_ID.sub(lambda match: f"{match[1]}{next(numbers)}", text)
        if self.fixes_tables:
            text = _fix_tables(text)
        data = text.encode()
        if check:
            _check_xml(data)
        return deflate("", data, COMPRESSION)


@lru_cache(maxsize=32)
def compile_template(docx: bytes) -> CompiledTemplate:
    """The compiled template of these bytes, kept for the next call."""
    return CompiledTemplate(docx)


def _dynamic_part(
    name: str, content_type: str, data: bytes, known: dict[tuple[bool, str], Template]
) -> _DynamicPart | None:
    """The compiled part, or None when it has no tags. `known` are the templates of earlier parts, by source."""
    if content_type not in DYNAMIC_TYPES and content_type != CORE_PROPERTIES:
        return None
    source = normalised_source(data)
    if not HAS_TAG.search(source) and not LITERAL_BRACES.search(source):
        return None
    key = (content_type == CORE_PROPERTIES, source)
    if key not in known:
        # docxtpl's own patches: tags split over runs, {%p %}, {%tr %}… They need no open document.
        patched = ATTRIBUTE_VALUE.sub(r"\1{{(\2)|_attribute}}", str(DocxTemplate(None).patch_xml(source)))
        patched = TAGS_OR_BRACES.sub(_print_braces, patched)
        environment = property_environment() if content_type == CORE_PROPERTIES else word_environment()
        known[key] = environment.from_string(patched)
    return _DynamicPart(name, known[key], source)


def _print_braces(match: re.Match[str]) -> str:
    """Braces written by the template, never those of the data: docxtpl takes them for the same."""
    text = match[0]
    return f"{{{{ '{text.replace('_', '')}' }}}}" if LITERAL_BRACES.fullmatch(text) else text


def raise_texts(text: str) -> str:
    """Puts what filters marked as raised into runs of their own, with the formatting of the run they stand in."""
    pieces: list[str] = []
    end = 0
    for match in RAISED_TEXT.finditer(text):
        before = text[end : match.start()]
        pieces.append(before)
        end = match.end()
        properties = _properties_at(text, match.start())
        if properties is None:  # not in the text of a run: an attribute, a property, a field code
            pieces.append(match[1])
            continue
        normal = f"<w:rPr>{properties}</w:rPr>" if properties else ""
        pieces.append(
            f"</w:t></w:r><w:r><w:rPr>{_raised(properties)}</w:rPr><w:t>{match[1]}</w:t></w:r>"
            f'<w:r>{normal}<w:t xml:space="preserve">'
        )
    pieces.append(text[end:])
    return "".join(pieces).replace(RAISED, "").replace(LOWERED, "")


def _properties_at(text: str, position: int) -> str | None:
    """The properties of the run whose text stands at `position`; None outside the text of a run."""
    if not text.startswith(("<w:t>", "<w:t "), text.rfind("<", 0, position)):
        return None
    start = max(text.rfind("<w:r>", 0, position), text.rfind("<w:r ", 0, position))
    found = RUN_PROPERTIES.match(text, start)
    return found[1] if found and found.end() < position else ""


def _raised(properties: str) -> str:
    properties = VERTICAL.sub("", properties)
    later = AFTER_RAISING.search(properties)
    index = later.start() if later else len(properties)
    return f'{properties[:index]}<w:vertAlign w:val="superscript"/>{properties[index:]}'


def _fix_tables(text: str) -> str:
    """Column loops change the number of columns: docxtpl's own repair of the table grids."""
    tree = DocxTemplate(None).fix_tables(text.encode())
    return str(serialize(tree), "utf-8")


def _check_xml(data: bytes) -> None:
    try:
        etree.fromstring(data)
    except etree.XMLSyntaxError as error:
        raise Invalide(
            "Le document produit n’est pas un document Word valide : le gabarit doit être corrigé."
        ) from error


def _refuse_objects(context: Mapping[str, Any]) -> None:
    """Templates see plain data only: the public methods of any other object could be called from a template."""
    pending: list[Any] = [context.values()]
    while pending:
        for value in pending.pop():
            kind = type(value)
            if kind in PLAIN_TYPES:
                continue
            if kind is dict:
                pending.append(value.values())
            elif kind is list or kind is tuple:
                pending.append(value)
            else:
                raise TypeError(f"documents are rendered from plain data, not from {kind.__name__}")
