"""The texts of mails: the models of `forms/courriels.yaml`, what may be written in one, and a text filled in.

A text is Jinja of the smallest kind: the tags that its model has, and conditions on them. Nothing else can be read, called or
repeated, so that a text typed on a page can neither be slow nor reach outside its values; what people typed elsewhere is a
value, never a text. Mails are plain text: nothing in them is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field as PydanticField
from pydantic import model_validator

from domain.definitions import DefinitionError, Fault, read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.formatting import date_longue, euros
from domain.forms.types.base import Definition
from domain.text import clean_text, suggestion

MAX_OBJET = 150
"""Characters of a subject as it is written, and of one filled in: longer ones are cut by the programs that show them."""
MAX_CORPS = 4000
MAX_TEXTE = 20_000
"""Characters of a whole mail, filled in."""
MAX_ERREUR = 500
"""Characters kept of why a mail did not leave."""
MAX_DEPTH = 20
"""Conditions and comparisons inside one another: Python itself refuses a hundred."""
CODE = r"^[a-z][a-z0-9_]{0,39}$"
PAGE = "page"
"""The tag that holds the address of the page that a mail is about."""

Genre = Literal["texte", "lignes", "date", "montant"]


class Sujet(Definition):
    """What mails are about. `offre`: they are about an offer, which may word them its own way."""

    code: Annotated[str, PydanticField(pattern=CODE)]
    libelle: str
    offre: bool


class Variable(Definition):
    """A tag. `presence`: in every mail, in those about an offer, or in the models that name it."""

    code: Annotated[str, PydanticField(pattern=CODE)]
    libelle: str
    exemple: str
    genre: Genre = "texte"
    presence: Literal["toujours", "offre", "citee"] = "citee"

    @property
    def montre(self) -> str:
        """Its sample value as a mail shows it."""
        return _show(self.genre, self.exemple)


class Cadre(Definition):
    """What stands around every text."""

    debut: str
    fin: str


class Modele(Definition):
    """A mail that the portal writes. `page`: the address of the page it is about, relative, `{dossier}` being a parameter queued
    with it; `page_centre`: the same for the centre's people. `indispensables`: tags without which it would be of no use."""

    id: Annotated[str, PydanticField(pattern=CODE)]
    sujet: str
    libelle: str
    quand: str
    page: str | None = None
    page_centre: str | None = None
    variables: tuple[str, ...] = ()
    indispensables: tuple[str, ...] = ()
    objet: str
    corps: str


class Catalogue(Definition):
    """Every mail, its subjects and its tags."""

    sujets: tuple[Sujet, ...]
    variables: tuple[Variable, ...]
    cadre: Cadre
    modeles: tuple[Modele, ...]

    @model_validator(mode="after")
    def _check_whole(self) -> Catalogue:
        faults = [Fault("courriels.yaml", reason) for reason in self._reasons()]
        if faults:
            raise DefinitionError(faults)
        return self

    def _reasons(self) -> Iterator[str]:
        for name, ids in (
            ("sujets", [one.code for one in self.sujets]),
            ("variables", [one.code for one in self.variables]),
            ("modeles", [one.id for one in self.modeles]),
        ):
            for one in sorted({found for found in ids if ids.count(found) > 1}):
                yield f"« {name} » : « {one} » est défini deux fois"
        if PAGE not in self._by_code:
            yield f"« variables » : la balise « {PAGE} » manque"
        for modele in self.modeles:
            place = f"courriel « {modele.id} »"
            if modele.sujet not in self._subjects:
                yield f"{place} : le sujet « {modele.sujet} » n’existe pas{suggestion(modele.sujet, self._subjects)}"
                continue
            unknown = [one for one in modele.variables if one not in self._by_code]
            for code in unknown:
                yield f"{place} : la balise « {code} » n’existe pas{suggestion(code, self._by_code)}"
            if not unknown:
                for fault in self.check(modele.id, modele.objet, modele.corps):
                    yield f"{place} : {fault.message}"

    @cached_property
    def _by_code(self) -> dict[str, Variable]:
        return {one.code: one for one in self.variables}

    @cached_property
    def _subjects(self) -> dict[str, Sujet]:
        return {one.code: one for one in self.sujets}

    @cached_property
    def _by_id(self) -> dict[str, Modele]:
        return {one.id: one for one in self.modeles}

    def modele(self, modele_id: str) -> Modele:
        """The model with this id; KeyError when there is none."""
        return self._by_id[modele_id]

    def sujet(self, modele_id: str) -> Sujet:
        """What this mail is about; KeyError for an unknown model."""
        return self._subjects[self.modele(modele_id).sujet]

    def editable(self, modele_id: str) -> bool:
        """Whether an offer may word this mail its own way; KeyError for an unknown model."""
        return self.sujet(modele_id).offre

    def label(self, modele_id: str) -> str:
        """French name of a model; its id when it is no longer there."""
        return self._by_id[modele_id].libelle if modele_id in self._by_id else modele_id

    def tags(self, modele_id: str) -> tuple[Variable, ...]:
        """The tags that the texts of this model may hold, its own first; KeyError for an unknown model."""
        modele = self.modele(modele_id)
        own = [PAGE] if modele.page else []
        own += [code for code in modele.variables if code not in own]
        wide = ("toujours", "offre") if self.editable(modele_id) else ("toujours",)
        shared = [one.code for one in self.variables if one.presence in wide and one.code not in own]
        return tuple(self._by_code[code] for code in (*own, *shared))

    def check(self, modele_id: str, objet: str, corps: str) -> tuple[Invalide, ...]:
        """What is wrong with a text of this model, in French, each with its field (`objet`, `corps`); KeyError for an unknown
        model."""
        modele, known = self.modele(modele_id), [one.code for one in self.tags(modele_id)]
        found = [*_check_part("objet", objet, known, MAX_OBJET), *_check_part("corps", corps, known, MAX_CORPS)]
        if "\n" in objet.strip():
            found.append(Invalide("L’objet tient sur une seule ligne.", champ="objet"))
        if not found:
            used = _names(corps)
            found = [
                Invalide(
                    f"Le texte doit contenir {{{{ {code} }}}} : sans cela, ce courriel ne sert à rien.", champ="corps"
                )
                for code in modele.indispensables
                if code not in used
            ]
        return tuple(found)

    def samples(self, modele_id: str) -> dict[str, str]:
        """A value for each tag of the model, to show what a text becomes."""
        return {one.code: one.exemple for one in self.tags(modele_id)}

    def write(self, modele_id: str, objet: str, corps: str, values: Mapping[str, str]) -> Texte:
        """The mail that says `corps`, its tags filled in with `values` (see `Variable.genre`), its subject on one line. Invalide
        when a tag has no value, or the text is none of this model; KeyError for an unknown model."""
        tags = {one.code: one for one in self.tags(modele_id)}
        shown = {code: _show(tags[code].genre, value) for code, value in values.items() if code in tags}
        shared = {one.code: shown.get(one.code, "") for one in self.variables if one.presence == "toujours"}
        parts = (_fill(self.cadre.debut, shared), _fill(corps, shown), _fill(self.cadre.fin, shared))
        whole = re.sub(r"\n{3,}", "\n\n", "\n\n".join(part.strip() for part in parts))
        return Texte(clean_text(_fill(objet, shown))[:MAX_OBJET], whole[:MAX_TEXTE] + "\n")


@dataclass(frozen=True)
class Texte:
    """A mail, filled in: a subject of one line, a body of plain text."""

    objet: str
    corps: str


class _Absent(StrictUndefined):
    """A tag that has no value in this mail: a condition may ask for it, a text may not show it."""

    __slots__ = ()
    __bool__ = Undefined.__bool__  # type: ignore[assignment]
    __eq__ = Undefined.__eq__  # type: ignore[assignment]
    __ne__ = Undefined.__ne__  # type: ignore[assignment]
    __hash__ = Undefined.__hash__  # type: ignore[assignment]


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=_Absent, autoescape=False)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters.clear()
_ENVIRONMENT.tests.clear()
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.Const,
)  # fmt: skip
_COMPARISONS = ("eq", "ne")
_ALONE = re.compile(r"(?m)^[ \t]*(\{%(?:(?!%\})[^\n])*%\})[ \t]*(?:\n|\Z)")
"""A line that holds a condition and nothing else: it leaves no empty line."""


def _check_part(champ: str, source: str, known: list[str], longest: int) -> Iterator[Invalide]:
    name = "L’objet" if champ == "objet" else "Le texte"
    if not source.strip():
        yield Invalide(f"{name} est vide.", champ=champ)
    elif len(source) > longest:
        yield Invalide(f"{name} est trop long : {longest} caractères au plus, il en a {len(source)}.", champ=champ)
    else:
        try:
            tree = _parse(source)
        except Invalide as error:
            yield Invalide(f"{name} : {error.message}", champ=champ)
            return
        for line, tag in _used(tree):
            if tag not in known:
                where = f", ligne {line}" if champ == "corps" else ""
                yield Invalide(
                    f"{name}{where} : {{{{ {tag} }}}} n’est pas une balise de ce courriel{suggestion(tag, known)}.",
                    champ=champ,
                )


def _parse(source: str) -> nodes.Template:
    """The syntax tree of a text; Invalide when it does not read, or holds more than tags and conditions."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise Invalide(
            f"une balise ne se lit pas, ligne {error.lineno} (une balise s’écrit {{{{ nom }}}}, une condition"
            " {% if nom %}…{% endif %})."
        ) from None
    except RecursionError:
        raise Invalide("trop de conditions l’une dans l’autre.") from None
    todo: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise Invalide("trop de conditions l’une dans l’autre.")
        compared = isinstance(node, nodes.Operand) and node.op not in _COMPARISONS
        if not isinstance(node, _ALLOWED) or compared:
            raise Invalide(
                f"ligne {node.lineno}, seules des balises {{{{ nom }}}} et des conditions {{% if nom %}} sont permises."
            )
        todo.extend((child, depth + 1) for child in node.iter_child_nodes())
    return tree


def _used(tree: nodes.Template) -> list[tuple[int, str]]:
    """Line and name of each tag, the first time it is there."""
    found: dict[str, int] = {}
    for node in tree.find_all(nodes.Name):
        found.setdefault(node.name, node.lineno)
    return sorted((line, name) for name, line in found.items())


def _names(source: str) -> set[str]:
    return {name for _, name in _used(_parse(source))}


@lru_cache(maxsize=512)
def _compile(source: str) -> Template:
    _parse(source)  # whatever it comes from, only what is checked is compiled
    return _ENVIRONMENT.from_string(_ALONE.sub(r"\1", source))


def _fill(source: str, values: Mapping[str, str]) -> str:
    try:
        return _compile(source).render(values)
    except TemplateError as error:
        missing = re.search("'(.+)' is undefined", error.message or "")
        what = f"la balise {{{{ {missing[1]} }}}} n’a pas de valeur" if missing else "son texte ne se lit pas"
        raise Invalide(f"Ce courriel ne peut pas être écrit : {what}.") from None


def _show(genre: Genre, value: str) -> str:
    """A value as it is read. What is not of its kind is shown as it is: a mail leaves rather than not."""
    try:
        if genre == "date" and value:
            return date_longue(date.fromisoformat(value))
        if genre == "montant" and value:
            return euros(Decimal(value))
    except (ValueError, ArithmeticError):
        return clean_text(value)
    return clean_text(value, multiline=genre == "lignes")


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The models of `forms/courriels.yaml`, read once; DefinitionError listing what is wrong with them."""
    path = Path(__file__).resolve().parents[1] / "forms" / "courriels.yaml"
    return validate_definition(Catalogue, read_yaml_file(path))


def check_textes(textes: Mapping[str, Any]) -> list[str]:
    """What is wrong with the texts of an offer (`objet` and `corps` by model), in French, each with its model."""
    found = []
    known = [one.id for one in catalogue().modeles if catalogue().editable(one.id)]
    for modele_id, texte in textes.items():
        if modele_id not in known:
            found.append(
                f"courriel « {modele_id} » : une offre ne récrit aucun courriel de ce nom{suggestion(modele_id, known)}"
            )
            continue
        faults = catalogue().check(modele_id, texte.objet, texte.corps)
        found += [f"courriel « {catalogue().label(modele_id)} » : {fault.message}" for fault in faults]
    return found
