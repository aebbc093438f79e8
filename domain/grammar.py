"""French articles before names: « la commune d’Ivry », « du Kremlin-Bicêtre », « au centre communal ». Pure text."""

from __future__ import annotations

import re

from domain.text import fold

# Before an h, "d’" stands only where it is mute. Most names in Ha-, Hau-, Ho- and Hu- are not; these beginnings are.
_MUTE_H = re.compile(r"h(e(?!m\b|m-)|i|y)")
_CONTRACTIONS = {
    "de": (("le ", "du "), ("les ", "des ")),
    "à": (("le ", "au "), ("les ", "aux ")),
}


def typographic(text: str) -> str:
    """`text` with typographic apostrophes."""
    return text.replace("'", "’")


def _starts_with_vowel(name: str) -> bool:
    plain = fold(name)
    return bool(re.match("[aeiou]|y(?![aeiou])|yerres", plain) or _MUTE_H.match(plain))


def de(name: str) -> str:
    """`name` after « de »: « de Sceaux », « d’Ivry », « du Kremlin-Bicêtre », « des Lilas », « de la commune … »."""
    return _contract("de", name)


def a(name: str) -> str:
    """`name` after « à »: « à Sceaux », « au Kremlin-Bicêtre », « aux Lilas », « à la commune … »."""
    return _contract("à", name)


def _contract(preposition: str, name: str) -> str:
    name = typographic(name)
    for article, contracted in _CONTRACTIONS[preposition]:
        if name[: len(article)].lower() == article:
            return contracted + name[len(article) :]
    if preposition == "de" and not re.match("(la |l’)", name, re.IGNORECASE) and _starts_with_vowel(name):
        return f"d’{name}"
    return f"{preposition} {name}"


def strip_prefix(name: str, prefixes: tuple[str, ...]) -> str | None:
    """`name` without the kind that it begins with (« CC du Pays … », « Ville de … »), None when it begins with none."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        found = re.match(rf"{re.escape(prefix)}\s+(?=\S)", typographic(name), re.IGNORECASE)
        if found:
            return typographic(name)[found.end() :]
    return None
