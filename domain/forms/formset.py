"""Forms as data: a form has sections, a section has fields, and checks compare fields with each other.

`Form` is what a YAML file holds. `FormSet` is the forms of one offer together, checked and ready to be evaluated:
everything that can be wrong in a definition is found when it is built, never while a clerk is typing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import field_validator, model_validator

from domain.definitions import DefinitionError, Fault, read_yaml, read_yaml_file, validate_definition
from domain.forms.answers import put_path
from domain.forms.conditions import Condition, ConditionError, compile_condition
from domain.forms.fields import FIELD_TYPES, Field, FieldError, Json, Option, parse_value, sample_value, typed_value
from domain.forms.types.base import Definition, check_id
from domain.text import suggestion

STAGES = ("deposer", "accepter", "emettre")
"""Workflow actions that a missing answer can block, in the order in which a dossier meets them."""

RESERVED_ROOTS = frozenset(
    {"centre", "offre", "convention", "montants", "annexes", "annexes_liste", "avertissements", "aujourdhui", "numero"}
)
"""First words of ids that documents use for something else than answers."""


class Check(Definition):
    """A rule between fields: `message` is shown when `if` is true, or when `unless` is false.

    It is tried only when every one of `fields` is answered and correct. `alerte` informs, `erreur` blocks.
    """

    if_: str | None = None
    unless: str | None = None
    message: str
    fields: tuple[str, ...]
    severity: Literal["erreur", "alerte"] = "erreur"

    model_config = Definition.model_config | {"validate_by_alias": True, "validate_by_name": True}

    @model_validator(mode="before")
    @classmethod
    def _read_if(cls, data: object) -> object:
        """`if` is a word of Python: it is stored as `if_`, and written `if` in the files."""
        if isinstance(data, dict) and "if" in data:
            return {("if_" if key == "if" else key): value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _check_one_rule(self) -> Check:
        if (self.if_ is None) == (self.unless is None):
            raise ValueError("un contrôle a une condition « if » ou une condition « unless », l’une des deux")
        if not self.fields:
            raise ValueError("un contrôle cite les champs (« fields ») qu’il concerne")
        return self


class Section(Definition):
    """A group of fields under one heading, shown when `visible_if` is true. `rempli_par`: which side answers; the other reads."""

    id: str
    title: str
    help: str = ""
    visible_if: str | None = None
    rempli_par: Literal["collectivite", "centre"] = "collectivite"
    fields: tuple[Field, ...]

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return check_id(value, dotted=False)


class Form(Definition):
    """One step's form. `title` heads the page, `short_title` names it in the progress view."""

    id: str
    title: str
    short_title: str = ""
    help: str = ""
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return check_id(value, dotted=False)

    def iter_fields(self) -> Iterator[tuple[Section, Field]]:
        """Every field with its section, in order, retired ones included."""
        for section in self.sections:
            for field in section.fields:
                yield section, field


def load_form(path: Path) -> Form:
    """The form of a YAML file; DefinitionError with the line and the reason."""
    return validate_definition(Form, read_yaml_file(path))


def parse_form(text: str, name: str = "formulaire.yaml") -> Form:
    """As `load_form`, from a text (the web editor, a ZIP)."""
    return validate_definition(Form, read_yaml(text, name))


class FormSet:
    """The forms of one offer, checked together and compiled.

    `sources` gives the options of the fields that say `options_from`. `reglages` are what the offer is set to, which
    conditions read as `offre.options.<name>`. Public attributes: `forms` (with these options in place), `fields` by id
    (retired ones included), `place_of` (field id → form id, section id), `du_centre` (ids of the fields that the centre answers).
    """

    def __init__(
        self,
        forms: Sequence[Form],
        sources: Mapping[str, Sequence[Option]] | None = None,
        reglages: Mapping[str, str | bool | int] | None = None,
    ) -> None:
        self._faults: list[Fault] = []
        self.reglages: dict[str, str | bool | int] = dict(reglages or {})
        self.forms: tuple[Form, ...] = tuple(self._resolve(form, sources or {}) for form in forms)
        self.fields: dict[str, Field] = {}
        self._read: dict[str, tuple[str, ...]] = {}
        self.place_of: dict[str, tuple[str, str]] = {}
        self.du_centre: frozenset[str] = frozenset()
        self.visible_if: dict[str, tuple[Condition, ...]] = {}
        self.section_visible_if: dict[tuple[str, str], Condition | None] = {}
        self.required_if: dict[str, Condition | None] = {}
        self.checks: list[tuple[Form, Check, Condition]] = []
        self._collect()
        self._check_roots()
        self._stop_if_faulty()
        self._compile()
        self._stop_if_faulty()
        self.order: tuple[str, ...] = tuple(self._sort())
        self._stop_if_faulty()
        self._try_conditions()
        self._stop_if_faulty()

    def _stop_if_faulty(self) -> None:
        if self._faults:
            raise DefinitionError(self._faults)

    def _resolve(self, form: Form, sources: Mapping[str, Sequence[Option]]) -> Form:
        """`form` with the options that its fields take from the offer."""
        if all(field.options_from is None for _, field in form.iter_fields()):
            return form
        sections = []
        for section in form.sections:
            fields = []
            for field in section.fields:
                if field.options_from is not None:
                    if field.options_from not in sources:
                        self._fault(form, section, field, f"« options_from » ne connaît pas « {field.options_from} »")
                    options = tuple(sources.get(field.options_from, ()))
                    field = field.model_copy(update={"options": options})
                fields.append(field)
            sections.append(section.model_copy(update={"fields": tuple(fields)}))
        return form.model_copy(update={"sections": tuple(sections)})

    def _fault(self, form: Form, section: Section | None, field: Field | None, reason: str) -> None:
        place = f"formulaire « {form.id} »"
        place += f", section « {section.id} »" if section else ""
        place += f", champ « {field.id} »" if field else ""
        self._faults.append(Fault(place, reason))

    def _collect(self) -> None:
        form_ids: set[str] = set()
        for form in self.forms:
            if form.id in form_ids:
                self._fault(form, None, None, "deux formulaires portent cet identifiant")
            form_ids.add(form.id)
            section_ids: set[str] = set()
            for section in form.sections:
                if section.id in section_ids:
                    self._fault(form, section, None, "deux sections portent cet identifiant")
                section_ids.add(section.id)
                for field in section.fields:
                    self._collect_field(form, section, field)
                if section.rempli_par == "centre":
                    self.du_centre |= {field.id for field in section.fields}

    def _collect_field(self, form: Form, section: Section, field: Field) -> None:
        if field.id in self.fields:
            other = "/".join(self.place_of[field.id])
            self._fault(form, section, field, f"cet identifiant sert déjà ailleurs ({other})")
            return
        self.fields[field.id] = field
        self.place_of[field.id] = (form.id, section.id)
        kind = FIELD_TYPES.get(field.type)
        if kind is None:
            self._fault(
                form, section, field, f"le type « {field.type} » n’existe pas{suggestion(field.type, FIELD_TYPES)}"
            )
            return
        reason = kind.check_definition(field)
        if field.required_for not in STAGES:
            reason = f"« required_for » vaut {', '.join(STAGES)}"
        if reason:
            self._fault(form, section, field, reason)
        elif field.default is not None:
            try:
                parse_value(field, field.default)
            except FieldError as error:
                self._fault(form, section, field, f"la valeur par défaut est refusée : {error.message}")

    def _check_roots(self) -> None:
        """An id that is also the beginning of another would be two things at once in the documents."""
        for field_id in self.fields:
            form, section, field = self._locate(field_id)
            root, *rest = field_id.split(".")
            if root in RESERVED_ROOTS:
                self._fault(form, section, field, f"« {root} » est réservé aux documents")
            for depth in range(len(rest)):
                prefix = ".".join([root, *rest[:depth]])
                if prefix in self.fields:
                    self._fault(
                        form, section, field, f"« {prefix} » est déjà un champ : il ne peut pas en contenir d’autres"
                    )

    def _locate(self, field_id: str) -> tuple[Form, Section, Field]:
        form_id, section_id = self.place_of[field_id]
        form = next(form for form in self.forms if form.id == form_id)
        return form, next(s for s in form.sections if s.id == section_id), self.fields[field_id]

    def _compile(self) -> None:
        for form in self.forms:
            for section in form.sections:
                outer = self._condition(form, section, None, section.visible_if)
                self.section_visible_if[form.id, section.id] = outer
                for field in section.fields:
                    own = self._condition(form, section, field, field.visible_if)
                    self.visible_if[field.id] = tuple(c for c in (outer, own) if c is not None)
                    self.required_if[field.id] = self._condition(form, section, field, field.required_if)
                    for target in field.fills:
                        if target not in self.fields:
                            near = suggestion(target, self.fields)
                            self._fault(form, section, field, f"« fills » : le champ « {target} » n’existe pas{near}")
            for check in form.checks:
                self._compile_check(form, check)

    def _compile_check(self, form: Form, check: Check) -> None:
        for field_id in check.fields:
            if field_id not in self.fields:
                near = suggestion(field_id, self.fields)
                self._fault(
                    form, None, None, f"contrôle « {check.message[:60]} » : le champ « {field_id} » n’existe pas{near}"
                )
        condition = self._condition(form, None, None, check.if_ or check.unless)
        if condition is not None:
            self.checks.append((form, check, condition))

    def _condition(
        self, form: Form, section: Section | None, field: Field | None, source: str | None
    ) -> Condition | None:
        if source is None:
            return None
        try:
            condition = compile_condition(source)
        except ConditionError as error:
            self._fault(form, section, field, error.message)
            return None
        given = {"aujourdhui", *(f"offre.options.{name}" for name in self.reglages)}
        for path in sorted(condition.paths - given):
            if not self.fields_read(path):
                near = suggestion(path, [*self.fields, *given])
                self._fault(
                    form, section, field, f"la condition « {source} » lit « {path} », qui n’est pas un champ{near}"
                )
        return condition

    def find_faults(self, source: str) -> list[str]:
        """Why a condition that stands outside of the forms cannot be used with their answers, in French; empty when it can."""
        try:
            condition = compile_condition(source)
            condition(self.sample_tree())
        except ConditionError as error:
            return [error.message]
        given = {"aujourdhui", *(f"offre.options.{name}" for name in self.reglages)}
        unknown = [path for path in sorted(condition.paths - given) if not self.fields_read(path)]
        return [
            f"la condition « {source} » lit « {path} », qui n’est pas un champ{suggestion(path, [*self.fields, *given])}"
            for path in unknown
        ]

    def fields_read(self, path: str) -> tuple[str, ...]:
        """Ids of the fields that a dotted `path` of a condition reads: itself, what contains it, or what it contains."""
        found = self._read.get(path)
        if found is None:
            found = tuple(
                one for one in self.fields if path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.")
            )
            self._read[path] = found
        return found

    def _sort(self) -> Iterator[str]:
        """Field ids so that each comes after those its visibility reads; a fault where that runs in a circle."""
        done: set[str] = set()
        trail: list[str] = []
        needs = {
            field_id: sorted(
                {other for condition in conditions for path in condition.paths for other in self.fields_read(path)}
            )
            for field_id, conditions in self.visible_if.items()
        }

        def visit(field_id: str) -> Iterator[str]:
            if field_id in done:
                return
            if field_id in trail:
                circle = [*trail[trail.index(field_id) :], field_id]
                self._fault(*self._locate(field_id), f"condition circulaire : {' → '.join(circle)}")
                done.update(circle)
                return
            trail.append(field_id)
            for other in needs[field_id]:
                yield from visit(other)
            trail.pop()
            if field_id not in done:
                done.add(field_id)
                yield field_id

        for field_id in self.fields:
            yield from visit(field_id)

    def _try_conditions(self) -> None:
        """Evaluates each condition once on sample answers, so that a comparison of unlike things is found here."""
        tree = self.sample_tree()
        tried: list[tuple[Form, Section | None, Field | None, Condition | None]] = []
        for form in self.forms:
            for section in form.sections:
                tried.append((form, section, None, self.section_visible_if[form.id, section.id]))
                tried.extend((form, section, field, c) for field in section.fields for c in self.visible_if[field.id])
                tried.extend((form, section, field, self.required_if[field.id]) for field in section.fields)
        tried.extend((form, None, None, condition) for form, _, condition in self.checks)
        for where, inside, about, condition in tried:
            if condition is None:
                continue
            try:
                condition(tree)
            except ConditionError as error:
                self._fault(where, inside, about, error.message)

    def sample_tree(self) -> dict[str, object]:
        """A tree of typed sample answers, every field answered, with what conditions read beside them."""
        tree = self.base_tree(date(2026, 1, 15))
        for field in self.fields.values():
            put_path(tree, field.id, typed_value(field, sample_value(field)))
        return tree

    def base_tree(self, today: date) -> dict[str, object]:
        """What conditions read beside the answers: the day, and what the offer is set to."""
        return {"aujourdhui": today, "offre": {"options": dict(self.reglages)}}

    def defaults(self) -> dict[str, Json]:
        """Answers that a new dossier starts with: the defaults of the fields that have one."""
        active = (field for field in self.fields.values() if field.default is not None and not field.retired)
        return {field.id: parse_value(field, field.default) for field in active}

    def form(self, form_id: str) -> Form:
        """The form with this id; KeyError when there is none."""
        for form in self.forms:
            if form.id == form_id:
                return form
        raise KeyError(form_id)
