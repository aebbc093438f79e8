"""Fields that went to another section or form: they moved, they were neither deleted nor added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]


@dataclass(frozen=True)
class Move:
    """A field found in another place: `before` and `after` are what it was and is, `from_` and `to` the titles of the form and
    of the section, `path` where it is now."""

    path: tuple[str, ...]
    from_: tuple[str, str]
    to: tuple[str, str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def take_moves(before: Content, after: Content) -> tuple[Content, Content, list[Move]]:
    """Both contents without the fields that changed place, and these. Contents may be faulty: what has not the shape of a
    field in a section is left where it is."""
    old, new = _places(before), _places(after)
    moved = [ident for ident in new if ident in old and old[ident][0] != new[ident][0]]
    if not moved:
        return before, after, []
    found = [
        Move(
            ("forms", new[ident][0][0], "sections", new[ident][0][1], "fields", ident),
            old[ident][1],
            new[ident][1],
            old[ident][2],
            new[ident][2],
        )
        for ident in moved
    ]
    return _without(before, moved), _without(after, moved), found


def _places(content: Content) -> dict[str, tuple[tuple[str, str], tuple[str, str], Mapping[str, Any]]]:
    """Where each field is: ids, then titles, of its form and of its section. Ids that are there twice are left out."""
    found: dict[str, tuple[tuple[str, str], tuple[str, str], Mapping[str, Any]]] = {}
    twice = set()
    for form, section, field in _fields(content):
        ident = str(field.get("id"))
        if ident in found:
            twice.add(ident)
        ids = str(form.get("id")), str(section.get("id"))
        titles = str(form.get("title") or form.get("id")), str(section.get("title") or section.get("id"))
        found[ident] = ids, titles, field
    return {ident: place for ident, place in found.items() if ident not in twice}


def _fields(content: Content) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    for form in _rows(content.get("forms")):
        for section in _rows(form.get("sections")):
            for field in _rows(section.get("fields")):
                if field.get("id"):
                    yield form, section, field


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list | tuple) else []


def _without(content: Content, moved: list[str]) -> Content:
    kept = deepcopy(content)
    for form in _rows(kept.get("forms")):
        for section in _rows(form.get("sections")):
            if isinstance(section.get("fields"), list):
                section["fields"] = [
                    row for row in section["fields"] if not (isinstance(row, dict) and str(row.get("id")) in moved)
                ]
    return kept
