"""What changes in the text of a Word file from one version to the next, paragraph by paragraph, as somebody who reads the
two side by side would tell it. Compared in a limited process: a file may hold as many paragraphs as it likes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lxml import etree

from documents.sandbox import TooHeavy, run_limited
from documents.word.opc import WordPackage, w
from domain.errors import Invalide

TIMEOUT = 60.0
MAX_CHANGES = 200
MAX_WORDS = 2_000
WORDS = re.compile(r"\s+|\{\{.*?\}\}|\{%.*?%\}|[^\s{]+|\{")
TEXT_TAGS = (w("t"), w("tab"), w("br"))
KEPT, REMOVED, ADDED = "egal", "retire", "ajoute"

Segment = tuple[str, str]
"""(`KEPT`, `REMOVED` or `ADDED`, text)."""


@dataclass(frozen=True)
class Ecart:
    """One paragraph that changed; `numero` is its rank in the new version (in the old one when it disappeared)."""

    numero: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Comparaison:
    """The changes, and whether there are more than are told."""

    ecarts: tuple[Ecart, ...]
    incomplete: bool = False


def compare_texts(before: bytes, after: bytes, timeout: float = TIMEOUT) -> Comparaison:
    """The paragraphs that differ between two Word files. Invalide when one cannot be read, or the work is out of measure."""
    request = json.dumps([base64.b64encode(one).decode() for one in (before, after)])
    try:
        found = run_limited("documents.engine.differences_worker", request.encode(), timeout)
    except TooHeavy as error:
        raise Invalide("Ces deux gabarits sont trop différents ou trop longs pour être comparés ici.") from error
    if "message" in found:
        raise Invalide(found["message"])
    ecarts = tuple(
        Ecart(numero, tuple((kind, text) for kind, text in segments)) for numero, segments in found["ecarts"]
    )
    return Comparaison(ecarts, found["incomplete"])


def find_changes(before: bytes, after: bytes) -> list[tuple[int, list[Segment]]]:
    """The work of `compare_texts`, in its process: rank and segments of each paragraph that changed."""
    old, new = paragraphs_of(before), paragraphs_of(after)
    changes: list[tuple[int, list[Segment]]] = []
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            changes += _paired(old[start:end], new[first:last], start, first)
    return changes


def paragraphs_of(docx: bytes) -> list[str]:
    """The text of each paragraph that has some: body first, then headers, footers and notes, each different one once."""
    package = WordPackage(docx)
    names = [name for name in package.names if ".wordprocessingml." in package.type_of(name)]
    names.sort(key=lambda name: (name != package.main, name))
    found: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for name in names:
        if not name.endswith(".xml"):
            continue
        texts = tuple(
            text
            for paragraph in package.tree(name).iter(w("p"))
            if (text := "".join(_text_of(element) for element in paragraph.iter(*TEXT_TAGS)).strip())
        )
        if texts not in seen:
            seen.add(texts)
            found += texts
    return found


def _text_of(element: etree._Element) -> str:
    return element.text or "" if element.tag == w("t") else " "


def _paired(old: Sequence[str], new: Sequence[str], start: int, first: int) -> Iterator[tuple[int, list[Segment]]]:
    """Paragraphs that took the place of others, one by one; then those that have no counterpart."""
    common = min(len(old), len(new))
    for index in range(common):
        yield first + index + 1, _words(old[index], new[index])
    for index in range(common, len(old)):
        yield start + index + 1, [(REMOVED, old[index])]
    for index in range(common, len(new)):
        yield first + index + 1, [(ADDED, new[index])]


def _words(old: str, new: str) -> list[Segment]:
    """What changed inside a paragraph, word by word and tag by tag; as a whole when little is left of it."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    if max(len(before), len(after)) > MAX_WORDS:
        return [(REMOVED, old), (ADDED, new)]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.4:
        return [(REMOVED, old), (ADDED, new)]
    found: list[Segment] = []
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            found.append((KEPT, "".join(before[start:end])))
            continue
        if end > start:
            found.append((REMOVED, "".join(before[start:end])))
        if last > first:
            found.append((ADDED, "".join(after[first:last])))
    return found
