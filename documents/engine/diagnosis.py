"""Says in French what is wrong with a template and in which paragraph.

The template engine counts lines, and Word writes a document on one. So the part at fault is compiled a second time with
each paragraph on a line of its own; that costs nothing until something goes wrong.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from documents.engine.environment import ForbiddenOperation, property_environment, word_environment
from documents.word.cleaning import normalised_source
from documents.word.opc import CORE_PROPERTIES, DYNAMIC_TYPES, HAS_TAG, WordPackage
from domain.errors import PortailError

PARAGRAPH_START = re.compile(r"<w:p(?=[ >])")
MARKUP = re.compile(r"<[^>]+>")
MAX_EXCERPT = 160
BLOCKS = {
    "if": "endif",
    "for": "endfor",
    "set": "endset",
    "macro": "endmacro",
    "call": "endcall",
    "filter": "endfilter",
}


class SourcePart:
    """The source of one part, each paragraph on its own line."""

    def __init__(self, name: str, content_type: str, source: str) -> None:
        self.name = name
        self.environment = property_environment() if content_type == CORE_PROPERTIES else word_environment()
        lined = PARAGRAPH_START.sub("\n<w:p", source.replace("\n", " "))
        self.text = str(DocxTemplate(None).patch_xml(lined))

    def paragraph(self, line: int | None) -> str:
        """The text of the paragraph at this line of the source."""
        lines = self.text.splitlines()
        text = MARKUP.sub("", lines[line - 1]) if line and 0 < line <= len(lines) else ""
        text = " ".join(unescape(text).split())
        return text if len(text) <= MAX_EXCERPT else f"{text[:MAX_EXCERPT]}…"


def source_parts(package: WordPackage) -> Iterator[SourcePart]:
    """The parts of a template that have tags, the main document first."""
    names = [n for n in package.names if package.type_of(n) in DYNAMIC_TYPES or package.type_of(n) == CORE_PROPERTIES]
    for name in sorted(names, key=lambda name: (name != package.main, name)):
        source = normalised_source(package.data(name))
        if HAS_TAG.search(source):
            yield SourcePart(name, package.type_of(name), source)


def explain(docx: bytes, context: Mapping[str, Any] | None, error: Exception) -> str:
    """Why compiling (`context` None) or rendering failed, with the paragraph when it can be found."""
    for part in source_parts(WordPackage(docx)):
        try:
            template = part.environment.from_string(part.text)
            if context is not None:
                template.render(context)
        except Exception as again:  # whatever failed the first time fails here, and tells its line
            return with_paragraph(describe(again), part.paragraph(line_of(again)))
    return describe(error)


def with_paragraph(message: str, paragraph: str) -> str:
    return f"{message} Paragraphe : « {paragraph} »" if paragraph else message


def line_of(error: Exception) -> int | None:
    """The line of the template that an error came from."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in ("<template>", "<unknown>")]
    return frames[-1].lineno if frames else None


def describe(error: Exception) -> str:
    """What an error of the template engine means to the author of the template."""
    message = str(getattr(error, "message", None) or error)
    if isinstance(error, PortailError):
        return error.message
    if isinstance(error, TemplateSyntaxError):
        return _describe_syntax(message)
    if isinstance(error, UndefinedError):
        return _describe_undefined(message)
    if isinstance(error, SecurityError):
        told = message if isinstance(error, ForbiddenOperation) else _quoted(message)
        what = f" ({told})" if told else ""
        return f"Une balise demande une opération interdite dans un gabarit{what}."
    return "Une balise applique à une valeur une opération qui ne lui convient pas."


def _describe_undefined(message: str) -> str:
    names = re.findall(r"'([^']*)'", message)
    if message.startswith(("'None'", "None")) and len(names) > 1:
        return f"« {names[-1]} » est demandé à une donnée qui n’est pas renseignée : ajoutez une condition."
    return f"« {names[-1]} » n’existe pas dans les données." if names else "Une donnée demandée n’existe pas."


def _describe_syntax(message: str) -> str:
    if match := re.search(r"No (filter|test) named '([^']*)'", message):
        kind = "Le filtre" if match[1] == "filter" else "Le test"
        return f"{kind} « {match[2]} » n’existe pas."
    if match := re.search(r"innermost block that needs to be closed is '(\w+)'", message):
        closing = BLOCKS.get(match[1], f"end{match[1]}")
        unknown = re.search(r"unknown tag '(\w+)'", message)
        seen = f" avant « {unknown[1]} »" if unknown else ""
        return f"Le bloc « {match[1]} » n’est pas fermé{seen} : il manque « {closing} »."
    if match := re.search(r"unknown tag '(\w+)'", message):
        opening = next((key for key, end in BLOCKS.items() if end == match[1]), None)
        return (
            f"« {match[1]} » ferme un bloc « {opening} » qui n’est pas ouvert."
            if opening
            else f"« {match[1]} » n’est pas une instruction connue."
        )
    if match := re.search(r"unexpected char '(.)'", message):
        return f"Balise mal écrite : le caractère « {match[1]} » n’y a pas sa place."
    if match := re.search(r"got '([^']*)'", message):
        return f"Balise mal écrite : « {match[1]} » est inattendu."
    if match := re.search(r"unexpected '([^']*)'", message):
        return f"Balise mal écrite : « {match[1]} » est inattendu."
    return "Balise mal écrite ou jamais fermée."


def _quoted(message: str) -> str:
    names = re.findall(r"'([^']*)'", message)
    return f"« {names[0]} »" if names else ""
