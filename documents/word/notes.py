"""Footnotes and endnotes of an appended part, moved into the one notes part that a document has."""

from __future__ import annotations

import copy
from collections.abc import Callable

from lxml import etree

from documents.word.opc import WORD_TYPE, R, Relation, WordPackage, relation_type, serialize, w

ImportRelation = Callable[[WordPackage, Relation, str], str]


def merge_notes(master: WordPackage, guest: WordPackage, body: etree._Element, import_relation: ImportRelation) -> None:
    """Copies the notes that `body` refers to into the master and renumbers the references, in place."""
    for kind in ("footnote", "endnote"):
        references = list(body.iter(w(f"{kind}Reference")))
        source = guest.related(f"{kind}s")
        if not references or source is None:
            continue
        target = _notes_part(master, guest, kind, source)
        notes = master.tree(target)
        originals = {note.get(w("id")): note for note in guest.tree(source).iter(w(kind))}
        for reference in references:
            original = originals.get(reference.get(w("id")))
            if original is None:
                continue
            note = copy.deepcopy(original)
            number = str(max((int(item.get(w("id"), "0")) for item in notes.iter(w(kind))), default=0) + 1)
            note.set(w("id"), number)
            reference.set(w("id"), number)
            _move_relations(guest, source, note, target, import_relation)
            notes.append(note)


def _notes_part(master: WordPackage, guest: WordPackage, kind: str, source: str) -> str:
    """The notes part of the master, begun with the guest's separators when it has none."""
    existing = master.related(f"{kind}s")
    if existing is not None:
        return existing
    root = copy.deepcopy(guest.tree(source))
    for note in list(root):
        if note.get(w("type")) is None:
            root.remove(note)
    name = master.add_part(f"word/{kind}s", ".xml", f"{WORD_TYPE}{kind}s+xml", serialize(root), only=True)
    master.relate(master.main, relation_type(f"{kind}s"), name)
    return name


def _move_relations(
    guest: WordPackage, source: str, note: etree._Element, target: str, import_relation: ImportRelation
) -> None:
    for element in note.iter():
        for name, value in element.attrib.items():
            relation = guest.relation(source, value) if str(name).startswith(f"{{{R}}}") else None
            if relation is not None:
                element.set(name, import_relation(guest, relation, target))
