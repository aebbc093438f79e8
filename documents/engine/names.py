"""Checks every name a template uses against a sample of the data, following loops and assignments."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, nodes

from documents.engine.environment import JINJA_FILTERS, METHODS
from documents.engine.filters import FILTERS

Found = tuple[str, int]


class _Anything:
    """Stands for what the sample says nothing about: an unanswered field, an empty list, a macro argument."""


ANYTHING = _Anything()
LOOP_NAMES = "index index0 revindex revindex0 first last length cycle depth previtem nextitem changed"
LOOP = dict.fromkeys(LOOP_NAMES.split(), ANYTHING)


class NameChecker:
    """Walks the syntax tree of one part. Shapes are sample values; `ANYTHING` where nothing is known."""

    def __init__(self, schema: Mapping[str, Any], environment: Environment) -> None:
        self.schema = dict(schema)
        self.environment = environment
        self._errors: list[Found] = []
        self._all_paths = list(_paths(self.schema))

    def check(self, tree: nodes.Template) -> list[Found]:
        """Messages with the line each stands at."""
        scope = {**self.schema, **dict.fromkeys(self.environment.globals, ANYTHING)}
        for macro in tree.find_all(nodes.Macro):
            scope[macro.name] = ANYTHING
        self._visit_all(tree.body, scope)
        return self._errors

    def _visit_all(self, children: list[nodes.Node], scope: dict[str, Any]) -> None:
        for child in children:
            self._visit(child, scope)

    def _visit(self, node: nodes.Node, scope: dict[str, Any]) -> None:
        if isinstance(node, nodes.For):
            self._visit_for(node, scope)
        elif isinstance(node, nodes.Assign):
            _bind(node.target, self._shape(node.node, scope), scope)
        elif isinstance(node, nodes.AssignBlock):
            self._visit_all(node.body, dict(scope))
            _bind(node.target, ANYTHING, scope)
        elif isinstance(node, nodes.Macro | nodes.CallBlock):
            inner = {**scope, **{argument.name: ANYTHING for argument in node.args}, "caller": ANYTHING}
            if isinstance(node, nodes.CallBlock):
                self._visit(node.call, scope)
            self._visit_all(node.body, inner)
        elif isinstance(node, nodes.With):
            inner = dict(scope)
            for target, value in zip(node.targets, node.values, strict=True):
                _bind(target, self._shape(value, scope), inner)
            self._visit_all(node.body, inner)
        elif isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends):
            self._error("Un gabarit ne peut pas en inclure un autre.", node)
        elif isinstance(node, nodes.Expr):
            self._shape(node, scope)
        else:
            self._visit_all(list(node.iter_child_nodes()), scope)

    def _visit_for(self, node: nodes.For, scope: dict[str, Any]) -> None:
        inner = {**scope, "loop": LOOP}
        _bind(node.target, _element(self._shape(node.iter, scope)), inner)
        if node.test is not None:
            self._shape(node.test, inner)
        self._visit_all(node.body, inner)
        self._visit_all(node.else_, scope)

    def _shape(self, node: nodes.Node, scope: dict[str, Any]) -> Any:
        """The sample value of an expression; reports the names in it that do not exist."""
        if isinstance(node, nodes.Name):
            return self._name(node, scope)
        if isinstance(node, nodes.Getattr):
            return self._member(node, node.attr, self._shape(node.node, scope))
        if isinstance(node, nodes.Getitem):
            owner = self._shape(node.node, scope)
            if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                return self._member(node, node.arg.value, owner)
            self._shape(node.arg, scope)
            return _element(owner)
        if isinstance(node, nodes.Filter) and node.name in ("default", "d") and node.node is not None:
            return ANYTHING if _is_path(node.node) else self._children(node, scope)
        if isinstance(node, nodes.Test) and node.name in ("defined", "undefined") and _is_path(node.node):
            return ANYTHING
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS:
            self._shape(node.node.node, scope)
            for argument in node.args:
                self._shape(argument, scope)
            return ANYTHING
        return self._children(node, scope)

    def _children(self, node: nodes.Node, scope: dict[str, Any]) -> Any:
        if isinstance(node, nodes.Filter) and node.name not in self.environment.filters:
            hint = _nearest(node.name, [*FILTERS, *JINJA_FILTERS.split()])
            self._error(f"Le filtre « {node.name} » n’existe pas.{hint}", node)
        elif isinstance(node, nodes.Test) and node.name not in self.environment.tests:
            self._error(f"Le test « {node.name} » n’existe pas.", node)
        shapes = [self._shape(child, scope) for child in node.iter_child_nodes()]
        keeps_shape = isinstance(node, nodes.Filter) and node.name in ("list", "sort", "reverse", "unique")
        return shapes[0] if keeps_shape and shapes else ANYTHING

    def _name(self, node: nodes.Name, scope: dict[str, Any]) -> Any:
        if node.name in scope:
            return scope[node.name]
        same_end = [path for path in self._all_paths if path.rsplit(".", 1)[-1] == node.name]
        hint = f" Vouliez-vous dire « {same_end[0]} » ?" if same_end else _nearest(node.name, list(self.schema))
        self._error(f"La variable « {node.name} » n’existe pas dans les données.{hint}", node)
        return ANYTHING

    def _member(self, node: nodes.Getattr | nodes.Getitem, name: str, owner: Any) -> Any:
        if owner is ANYTHING or owner is None:
            return ANYTHING
        path = _path(node.node)
        written = f"{path}.{name}" if path else name
        if isinstance(owner, Mapping):
            if name in owner:
                return ANYTHING if owner[name] is None else owner[name]
            hint = _nearest(name, [str(key) for key in owner], f"{path}." if path else "")
            hint = hint or _nearest(written, self._all_paths)
            self._error(f"La variable « {written} » n’existe pas dans les données.{hint}", node)
        else:
            self._error(f"La variable « {written} » n’existe pas : « {path or name} » n’a pas de détail.", node)
        return ANYTHING

    def _error(self, message: str, node: nodes.Node) -> None:
        self._errors.append((message, node.lineno))


def _bind(target: nodes.Node, shape: Any, scope: dict[str, Any]) -> None:
    if isinstance(target, nodes.Name):
        scope[target.name] = ANYTHING if shape is None else shape
    elif isinstance(target, nodes.Tuple):
        for item in target.items:
            _bind(item, ANYTHING, scope)


def _element(shape: Any) -> Any:
    """What a loop over `shape` gives: the keys of all the sample's elements together."""
    if not isinstance(shape, list | tuple) or not shape:
        return ANYTHING
    if not all(isinstance(item, Mapping) for item in shape):
        return shape[0]
    merged: dict[str, Any] = {}
    for item in shape:
        for key, value in item.items():
            if merged.get(key) is None:
                merged[key] = value
    return merged


def _is_path(node: nodes.Node | None) -> bool:
    return node is not None and _path(node) is not None


def _path(node: nodes.Node) -> str | None:
    """`a.b.c` as written, or None for any other expression."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        parent = _path(node.node)
        return f"{parent}.{node.attr}" if parent else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        parent = _path(node.node)
        return f"{parent}.{node.arg.value}" if parent else None
    return None


def _paths(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            yield path
            yield from _paths(item, path)


def _nearest(name: str, known: list[str], prefix: str = "") -> str:
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Vouliez-vous dire « {prefix}{matches[0]} » ?" if matches else ""
