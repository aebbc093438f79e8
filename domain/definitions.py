"""Definitions written in YAML: reading them, and saying in French where one is wrong and why.

The YAML is the plain kind: `true`/`false` are the only booleans, decimals keep their digits, dates stay text until a
model reads them, anchors and repeated keys are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from domain.errors import Invalide
from domain.text import suggestion

MAX_BYTES = 1_000_000
Loc = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Fault:
    """One mistake in a definition: the place (`fiche.yaml, ligne 12, champ « … »`) and the reason, both French."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place} : {self.reason}" if self.place else self.reason


class DefinitionError(Invalide):
    """A form or an offer that cannot be used; `faults` lists every mistake that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Loader(Composer, CParser, SafeConstructor, Resolver):
    """The safe loader with the implicit types of YAML 1.2, without aliases, tags and repeated keys. The text is cut up by
    libyaml, five times faster than in Python; nodes are composed here, so that each place keeps its line."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark: Any = self.peek_event().start_mark  # type: ignore[union-attr]
            raise yaml.constructor.ConstructorError(None, None, "les alias (*) ne sont pas permis", mark)
        event: Any = self.peek_event()
        if getattr(event, "tag", None) is not None:  # they make other kinds of values, or fail in ways of their own
            raise yaml.constructor.ConstructorError(
                None, None, "les étiquettes (!) ne sont pas permises", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "une clé est un mot simple", key.start_mark)
            if key.value in seen:
                message = f"la clé « {key.value} » est écrite deux fois"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(null|~|)$"), ["n", "~", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]{0,17})$"), list("-0123456789"))
Loader.add_implicit_resolver("!decimal", re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789"))
Loader.add_constructor("!decimal", lambda loader, node: Decimal(str(node.value)))


@dataclass(frozen=True)
class Source:
    """A YAML text, read: its plain data, and the line of each place in it."""

    name: str
    data: Any
    lines: dict[Loc, int]


def read_yaml(text: str, name: str) -> Source:
    """The plain data of a YAML `text` called `name` in messages; DefinitionError with the line when it is broken."""
    if len(text) > MAX_BYTES:
        raise DefinitionError([Fault(name, "ce fichier est trop gros")])
    try:
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or ""
        french = (
            reason
            if re.search("alias|clé|étiquettes", reason)
            else "le texte n’est pas du YAML correct (indentation, deux-points, guillemets)"
        )
        raise DefinitionError([Fault(f"{name}, ligne {mark.line + 1}" if mark else name, french)]) from None
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError):
        raise DefinitionError([Fault(name, "le texte n’est pas du YAML correct")]) from None
    lines: dict[Loc, int] = {}
    if node is not None:
        _collect_lines(node, (), lines)
    return Source(name, data, lines)


def read_yaml_file(path: Path) -> Source:
    """As `read_yaml`, from a UTF-8 file; DefinitionError when it cannot be read."""
    try:
        return read_yaml(path.read_text(encoding="utf-8"), path.name)
    except OSError:
        raise DefinitionError([Fault(path.name, "ce fichier ne peut pas être lu")]) from None
    except UnicodeDecodeError:
        raise DefinitionError([Fault(path.name, "ce fichier n’est pas encodé en UTF-8")]) from None


def _collect_lines(node: yaml.Node, loc: Loc, lines: dict[Loc, int]) -> None:
    lines[loc] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _collect_lines(value, (*loc, key.value), lines)
            lines[(*loc, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect_lines(value, (*loc, index), lines)


def validate_definition(model: type[M], source: Source) -> M:
    """`source` as a `model`; DefinitionError listing every mistake with its line and the French reason."""
    if not isinstance(source.data, dict):
        raise DefinitionError([Fault(source.name, "ce fichier doit contenir des clés et des valeurs")])
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        faults = [_fault(model, source, one) for one in error.errors(include_url=False)]
        raise DefinitionError(faults) from None


def validate_content(model: type[M], data: Any) -> M:
    """`data` that comes from no file (a draft of the web editor) as a `model`; DefinitionError naming the place of each
    mistake by the things around it: « formulaire « locaux », champ « locaux.adresse » »."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [(tuple(one["loc"]), _reason(model, one)) for one in error.errors(include_url=False)]
        raise DefinitionError(
            [Fault(_describe(data, loc).removeprefix(", "), reason) for loc, reason in found]
        ) from None


def _fault(model: type[BaseModel], source: Source, error: Any) -> Fault:
    loc: Loc = tuple(error["loc"])
    while loc and loc not in source.lines:
        loc = loc[:-1]
    place = f"{source.name}, ligne {source.lines.get(loc, 1)}" + _describe(source.data, loc)
    return Fault(place, _reason(model, error))


_WORDS = {
    "forms": "formulaire",
    "sections": "section",
    "fields": "champ",
    "options": "option",
    "items": "case",
    "columns": "colonne",
    "checks": "contrôle",
    "steps": "étape",
    "documents": "document",
    "annexes": "annexe",
    "parts": "partie",
    "parties": "type de collectivité",
    "transitions": "action",
}
_NAMES = ("id", "code", "action", "form")
"""Keys that name a row of these lists, the first that it has."""


def _describe(data: Any, loc: Loc) -> str:
    """The named things along `loc`: « , section « locaux », champ « locaux.adresse » »."""
    found: list[str] = []
    for depth, step in enumerate(loc):
        if isinstance(step, int) and depth and loc[depth - 1] in _WORDS:
            row = data[step] if isinstance(data, list) and step < len(data) else None
            name = next((row[key] for key in _NAMES if row.get(key)), None) if isinstance(row, dict) else None
            found.append(f", {_WORDS[str(loc[depth - 1])]} " + (f"« {name} »" if name else f"n° {step + 1}"))
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
    return "".join(found)


_REASONS = {
    "string_type": "un texte est attendu",
    "bool_type": "true ou false est attendu",
    "bool_parsing": "true ou false est attendu",
    "int_type": "un nombre entier est attendu",
    "int_parsing": "un nombre entier est attendu",
    "int_from_float": "un nombre entier est attendu",
    "decimal_parsing": "un nombre est attendu",
    "decimal_type": "un nombre est attendu",
    "date_from_datetime_parsing": "une date AAAA-MM-JJ est attendue",
    "date_parsing": "une date AAAA-MM-JJ est attendue",
    "date_type": "une date AAAA-MM-JJ est attendue",
    "tuple_type": "une liste est attendue",
    "list_type": "une liste est attendue",
    "dict_type": "des clés et des valeurs sont attendues",
    "model_type": "des clés et des valeurs sont attendues",
    "model_attributes_type": "des clés et des valeurs sont attendues",
}


def _reason(model: type[BaseModel], error: Any) -> str:
    kind, last = error["type"], str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return f"la clé « {last} » n’existe pas{suggestion(last, _known_keys(model))}"
    if kind == "missing":
        return f"la clé « {last} » manque"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in ("literal_error", "enum"):
        return f"« {error['input']} » n’est pas une valeur possible de « {last} » (attendu : {_in_french(error['ctx']['expected'])})"
    return f"« {last} » : {_REASONS.get(kind, 'valeur incorrecte')}"


def _in_french(expected: str) -> str:
    """`'mois', 'trimestre' or 'an'` as French writes it."""
    return re.sub(r"'([^']*)'", r"« \1 »", expected).replace("» or «", "» ou «")


def _known_keys(model: type[BaseModel]) -> set[str]:
    """Every key of `model` and of the models inside it: enough for a suggestion."""
    found: set[str] = set()
    todo: list[Any] = [model]
    seen: set[Any] = set()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        if isinstance(one, type) and issubclass(one, BaseModel):
            found.update(one.model_fields)
            todo.extend(info.annotation for info in one.model_fields.values())
        else:
            todo.extend(getattr(one, "__args__", ()))
    return found
