"""Answers: flat, by field id, where they are stored and typed; a tree, by dotted path, where they are read or exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.forms.fields import Field, Json, blank_value, typed_value

Answers = dict[str, Json]
"""Stored answers: JSON value by field id. Absent and None both mean unanswered."""


def put_path(tree: dict[str, Any], path: str, value: Any) -> None:
    """Puts `value` at a dotted `path` of nested dicts, making those in between."""
    *parents, last = path.split(".")
    for key in parents:
        tree = tree.setdefault(key, {})
    tree[last] = value


def get_path(tree: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted `path`, None when there is nothing there."""
    found: Any = tree
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def build_tree(answers: Mapping[str, Json]) -> dict[str, Any]:
    """The JSON tree of flat answers (format of the data files); unanswered fields are left out."""
    tree: dict[str, Any] = {}
    for field_id, value in answers.items():
        if value is not None:
            put_path(tree, field_id, value)
    return tree


def build_typed_tree(fields: Iterable[Field], answers: Mapping[str, Json]) -> dict[str, Any]:
    """The typed tree that documents see: every field is there, blank (None, dict of None, empty list) when unanswered.

    Raw or refused values do not belong here: pass what `evaluate` kept.
    """
    tree: dict[str, Any] = {}
    for field in fields:
        value = answers.get(field.id)
        put_path(tree, field.id, blank_value(field) if value is None else typed_value(field, value))
    return tree


def flatten_tree(fields: Iterable[Field], tree: Mapping[str, Any]) -> tuple[Answers, list[str]]:
    """Flat answers of a JSON `tree`, and the dotted paths in it that no field reads (mistyped names, most likely).

    Values are taken as they are: `parse_value` or `evaluate` judges them.
    """
    answers: Answers = {}
    by_id = {field.id: field for field in fields}
    for field_id in by_id:
        value = get_path(tree, field_id)
        if value is not None:
            answers[field_id] = value
    return answers, list(_leaf_paths(tree, by_id))


def _leaf_paths(tree: Mapping[str, Any], known: Mapping[str, Field], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if path in known:
            continue
        inside = isinstance(value, Mapping) and any(field_id.startswith(f"{path}.") for field_id in known)
        if inside:
            yield from _leaf_paths(value, known, f"{path}.")
        else:
            yield path
