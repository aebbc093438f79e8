"""The variables that a template may use, for people who write templates in Word: a French label, the tag to copy, and what
it prints for an invented dossier.

Labels of answers are those of the form's fields; the others (amounts, dates of the convention…) are in
`data/variables_gabarits.yaml`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from documents.contexts.echantillons import sample_for
from documents.engine.environment import word_environment
from documents.engine.filters import LOWERED, RAISED
from domain.definitions import read_yaml_file
from domain.forms.types.base import Field
from domain.offer import Centre, Contexte, Offer
from domain.tarifs import Tarif

LABELS = Path(__file__).resolve().parents[2] / "data" / "variables_gabarits.yaml"
LOOP_NAMES = ("ligne", "detail", "element")
"""What a line of a list is called in a loop, then of a list inside it."""
HASH = "sha256"
MARKUP = re.compile(r"<[^>]*>")
FILTERS = {
    "money": "euros",
    "percentage": "pourcentage",
    "duration": "duree",
    "telephone": "telephone",
    "siren": "siren",
}
"""Type of a field → the filter that prints it as French readers expect."""
MINUTES, PERCENT = ("minutes",), ("quotite", "inflation")


@dataclass(frozen=True)
class Variable:
    """One name: its group and label, the tag to paste in Word, what the tag prints, the loop it stands in and when it exists,
    if not always."""

    chemin: str
    groupe: str
    libelle: str
    balise: str
    exemple: str
    boucle: str = ""
    condition: str = ""


@dataclass(frozen=True)
class _Leaf:
    """A value of the sample. `expression`: how a tag reaches it; `loops`: (name, expression of the list) from the outside in."""

    path: str
    expression: str
    value: Any
    loops: tuple[tuple[str, str], ...] = ()


def list_variables(offer: Offer, centre: Centre, contexte: Contexte, tarifs: Sequence[Tarif] = ()) -> list[Variable]:
    """Every variable of a context, in the order of the data: answers first, then what is derived from them."""
    sample = sample_for(offer, centre, contexte, tarifs)
    wording = word_context(offer, contexte)
    return [_variable(leaf, wording, sample) for leaf in _leaves(sample) if _is_told(leaf, wording)]


def word_context(offer: Offer, contexte: Contexte) -> _Wording:
    """The French words of the variables of a context: those of the offer's forms where these are its data."""
    return _Wording(offer if contexte in ("adhesion", "avenant") else None, with_requests=contexte == "avenant")


def _is_told(leaf: _Leaf, wording: _Wording) -> bool:
    """Hashes are for machines; of what may be missing as a whole, details are told; an empty list without words shows nothing
    of its lines."""
    if leaf.path.rsplit(".", 1)[-1] == HASH or wording.condition(leaf.path):
        return False
    return not (leaf.loops and leaf.value is None) or bool(wording.field_of(leaf.path) or wording.listed(leaf.path))


def _variable(leaf: _Leaf, wording: _Wording, sample: Mapping[str, Any]) -> Variable:
    tag = _tag(leaf, wording.field_of(leaf.path))
    condition = next(filter(None, map(wording.condition, _parents(leaf.path))), "")
    if condition:
        tag = f"{{% if {leaf.expression.rsplit('.', 1)[0]} %}}{tag}{{% endif %}}"
    return Variable(
        chemin=leaf.path,
        groupe=wording.group(leaf.path),
        libelle=wording.label(leaf.path),
        balise=tag,
        exemple=_printed(leaf, tag, sample),
        boucle=_loop(leaf),
        condition=condition,
    )


def _leaves(
    value: Any, path: str = "", expression: str = "", loops: tuple[tuple[str, str], ...] = ()
) -> Iterator[_Leaf]:
    """The values that can be printed; of a list of lines, those of one line."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            member = f"{path}.{key}" if path else str(key)
            yield from _leaves(inner, member, f"{expression}.{key}" if expression else str(key), loops)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        name = LOOP_NAMES[min(len(loops), len(LOOP_NAMES) - 1)]
        merged: dict[str, Any] = {}
        for line in value:
            merged |= {key: inner for key, inner in line.items() if merged.get(key) is None}
        yield from _leaves(merged, f"{path}[]", name, (*loops, (name, expression)))
    elif isinstance(value, list | tuple):
        name = LOOP_NAMES[min(len(loops), len(LOOP_NAMES) - 1)]
        yield _Leaf(path, name, value[0] if value else None, (*loops, (name, expression)))
    else:
        yield _Leaf(path, expression, value, loops)


def _tag(leaf: _Leaf, field: Field | None) -> str:
    chosen = _filter(leaf, field)
    return f"{{{{ {leaf.expression}{'|' + chosen if chosen else ''} }}}}"


def _filter(leaf: _Leaf, field: Field | None) -> str:
    """The filter that prints this value as it is read in French; none for plain text."""
    last = leaf.path.rsplit(".", 1)[-1]
    if field is not None and field.id == _own(leaf.path) and field.type in FILTERS:
        return FILTERS[field.type]
    if isinstance(leaf.value, bool):
        return "coche"
    if isinstance(leaf.value, date):
        return "date_longue"
    if last in MINUTES:
        return "duree"
    if last in ("telephone", "telecopie", "siren"):
        return "siren" if last == "siren" else "telephone"
    if isinstance(leaf.value, Decimal):
        return "pourcentage" if last in PERCENT else "euros" if field is None else "nombre"
    if isinstance(leaf.value, str) and re.fullmatch(r"\d\d:\d\d", leaf.value):
        return "heure"
    return ""


def _loop(leaf: _Leaf) -> str:
    """The tags that begin the loops around a variable of a list."""
    kind = "tr" if "[]" in leaf.path else "p"
    return " ".join(f"{{%{kind} for {name} in {owner} %}}" for name, owner in leaf.loops)


def _printed(leaf: _Leaf, tag: str, sample: Mapping[str, Any]) -> str:
    """What the tag prints for the sample, once for a line of a list."""
    begin = "".join(f"{{% for {name} in {owner} %}}{{% if loop.first %}}" for name, owner in leaf.loops)
    source = begin + tag + "{% endif %}{% endfor %}" * len(leaf.loops)
    try:
        text = word_environment().from_string(source).render(sample)
    except (jinja2.TemplateError, ValueError, TypeError):
        return ""  # a value of the sample that this filter does not read: no example rather than a wrong one
    text = MARKUP.sub(" ", text).replace(RAISED, "").replace(LOWERED, "")
    return " ".join(html.unescape(text).split(" "))


class _Wording:
    """Labels and groups of paths; `offer` for the documents of an adhesion or an avenant, whose data are the answers of its
    forms. What is under `avant` is worded as it is without it, and said to be the former text."""

    def __init__(self, offer: Offer | None, *, with_requests: bool = False) -> None:
        sets = [offer.formset, *(one.formset for one in offer.variants.values() if with_requests)] if offer else []
        self.fields = {key: field for one in reversed(sets) for key, field in one.fields.items()}
        self.titles = {
            field.id: form.title for form in (offer.forms if offer else ()) for _, field in form.iter_fields()
        }
        self.annexes = {annexe.id: annexe.titre for annexe in (offer.annexes if offer else ())}
        self.words = _read_labels()

    def field_of(self, path: str) -> Field | None:
        """The field whose answer holds this value."""
        names = _own(path).replace("[]", "").split(".")
        for size in range(len(names), 0, -1):
            if (found := self.fields.get(".".join(names[:size]))) is not None:
                return found
        return None

    def group(self, path: str) -> str:
        """The title of the form of the answer, or what the name begins with stands for."""
        field = self.field_of(path)
        if path != _own(path):
            return self.words["groupes"][path.split(".")[0]]
        if field is not None:
            return self.titles[field.id]
        first = re.split(r"[.\[]", path, maxsplit=1)[0]
        same_form = next((title for key, title in self.titles.items() if key.startswith(f"{first}.")), None)
        return same_form or self.words["groupes"].get(first, _readable(first))

    def label(self, path: str) -> str:
        field = self.field_of(path)
        if field is None:
            found = self.listed(path) or _readable(path.rsplit(".", 1)[-1])
            annexe = self.annexes.get(path.split(".")[1]) if path.startswith("annexes.") else None
            return f"{found} « {annexe} »" if annexe else found
        rest = _own(path).replace("[]", "")[len(field.id) + 1 :]
        if not rest:
            return field.label
        return f"{field.label} : {self._part(field, rest)}"

    def _part(self, field: Field, rest: str) -> str:
        labels = {item.id: item.label for item in field.items} | {column.id: column.label for column in field.columns}
        return labels.get(rest) or self.words["parties"].get(rest, _readable(rest))

    def condition(self, path: str) -> str:
        """When a dossier has this, in French; empty for what every dossier has."""
        if self.field_of(path) is not None:
            return ""
        own = _own(path)
        found = (words for pattern, words in self.words["facultatifs"].items() if _matches(own, pattern))
        return next(found, "")

    def listed(self, path: str) -> str:
        path, labels = _own(path), self.words["libelles"]
        if path in labels:
            return str(labels[path])
        for pattern, label in labels.items():
            if _matches(path, pattern):
                return str(label).replace("{}", path.rsplit(".", 1)[-1].replace("_", " "))
        return ""


def _own(path: str) -> str:
    """The same path in the present text, for what an avenant says of the former one."""
    return path.removeprefix("avant.")


def _matches(path: str, pattern: str) -> bool:
    # A star is one name; a bracket means a set of signs to fnmatch: written out, it is itself.
    same_depth = pattern.startswith("*") or path.count(".") == pattern.count(".")
    return same_depth and fnmatchcase(path, pattern.replace("[", "[[]"))


def _parents(path: str) -> Iterator[str]:
    """Every path that this one is a detail of."""
    while "." in path:
        path = path.rsplit(".", 1)[0]
        yield path


@lru_cache(maxsize=1)
def _read_labels() -> dict[str, dict[str, str]]:
    """`data/variables_gabarits.yaml`: groups, parts of answers, labels."""
    found: dict[str, dict[str, str]] = read_yaml_file(LABELS).data
    return found


def _readable(name: str) -> str:
    """A name that nobody worded: better than nothing."""
    words = name.replace("[]", "").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
