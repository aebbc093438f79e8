"""Text as people type it: what is removed, what is refused, how two texts are compared. Pure functions."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from domain.errors import Invalide

# What no XML document may carry (a Word file is XML): controls, lone surrogates, non-characters. A surrogate that got
# into a document cut the text after it without an error, so nothing of this may reach the database either.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
    # Overrides of the writing direction, which make a name read differently from what it is, and soft hyphens.
    "|[\u00ad\u202a-\u202e\u2066-\u2069\ufeff]"
)
_LINE_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_INLINE_SPACES = re.compile(r"[^\S\n]+")


def clean_text(raw: str, *, multiline: bool = False) -> str:
    """`raw` without what no document may carry, in NFC, with single spaces (line breaks kept when `multiline`).

    Non-breaking spaces become plain ones: typography is the document's work. Applying it twice changes nothing.
    """
    text = _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", raw))
    text = unicodedata.normalize("NFC", text)
    if not multiline:
        return " ".join(text.split())
    lines = (_INLINE_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def drop_controls(raw: str) -> str:
    """`raw` without what no text holds and no database takes (NUL, controls, lone surrogates); its spaces stay."""
    return _FORBIDDEN.sub("", raw)


def refuse_controls(texts: Iterable[str]) -> None:
    """Invalide when one of the parameters of an address holds what no text does: nobody types it, and PostgreSQL fails on
    it."""
    if any(drop_controls(one) != one for one in texts):
        raise Invalide("Cette adresse contient des signes illisibles : repartez de la page qui la propose.")


def fold(text: str) -> str:
    """`text` for comparison: lower case, no accents, words of letters and digits separated by one space."""
    lowered = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE").lower()
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The nearest of `known` to a mistyped `word`, or None when none is near."""
    found = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """French « vouliez-vous … » to add to a message about `word`, or the empty string."""
    near = closest(word, known)
    return f" (vouliez-vous « {near} » ?)" if near else ""
