"""Composes several Word templates into one master, once, when an offer is published.

Composing templates instead of rendered documents is what keeps headers, footers, orientation and fonts right and makes
rendering fast: the master is an ordinary template that is rendered in one pass (`documents.engine.compiled`).

Each part becomes sections of its own. Styles are those of the first part; lists of later parts start again; pages are
numbered through. The bytes depend on the parts only.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from documents.archive import deflate, write_archive
from documents.word import cleaning, sections
from documents.word.notes import merge_notes
from documents.word.numbering import NumberingMerge
from documents.word.opc import R, Relation, WordPackage, extension, w
from documents.word.safety import refuse_unsafe
from documents.word.styles import StyleMerge
from documents.word.watermark import add_watermark
from domain.errors import Invalide

WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
FIRST_DRAWING_ID = (
    1001  # docxtpl numbers the drawings of the body from here on, so its output can be compared with ours
)


@dataclass(frozen=True)
class Part:
    """One template to compose.

    A `static` part is a file that the centre supplies as it is (its code of ethics, say): its braces are text, never tags,
    and it keeps its own look. `nom` names it in messages.
    """

    docx: bytes
    static: bool = False
    nom: str = ""


def compose(parts: Sequence[Part], watermark: str | None = None) -> bytes:
    """The master made of these parts, each beginning a new page.

    `watermark` is written across every page. Raises `Invalide` when a part is no usable Word file.
    """
    if not parts:
        raise ValueError("nothing to compose")
    composer = _Composer(parts[0])
    for number, part in enumerate(parts[1:], start=2):
        composer.append(part, number)
    return composer.finish(watermark)


def open_part(part: Part) -> WordPackage:
    """Reads and cleans one part; the message of a refusal names it."""
    try:
        package = WordPackage(part.docx)
        body = package.tree(package.main).find(w("body"))
        if body is None or not len(body):
            raise Invalide("Ce document Word est vide.")
    except Invalide as error:
        raise Invalide(f"« {part.nom} » : {error.message}" if part.nom else error.message) from error
    cleaning.clean_package(package)
    for name in cleaning.word_parts(package):
        if part.static:
            cleaning.protect_braces(package.tree(name))
    refuse_unsafe(package, part.nom)
    return package


class _Composer:
    def __init__(self, first: Part) -> None:
        self.package = open_part(first)
        self.bookmark_names: set[str] = set()
        self.bookmark_id = 0
        self._media: dict[bytes, str] = {}
        for name in self.package.names:
            if self.package.type_of(name).startswith("image/"):
                self._media.setdefault(_digest(self.package.data(name)), name)
        self._renumber_bookmarks(self.package)
        sections.trim_blank_edges(self.body)
        self._inherited: set[tuple[str, str]] = set()
        for section in sections.all_sections(self.body):
            sections.complete_references(self.package, section, self._inherited)

    @property
    def root(self) -> etree._Element:
        return self.package.tree(self.package.main)

    @property
    def body(self) -> etree._Element:
        body = self.root.find(w("body"))
        assert body is not None  # checked when the part was opened
        return body

    def append(self, part: Part, number: int) -> None:
        guest = open_part(part)
        roots = [guest.tree(name) for name in cleaning.word_parts(guest) if _has_text(guest, name)]
        styles = StyleMerge(self.package, guest, keep_look=part.static, label=f"Partie{number}")
        styles.apply(roots)
        lists = NumberingMerge(self.package, guest, styles.ids)
        lists.apply_to_styles(styles.added, shared_styles=not part.static)
        for root in roots:
            lists.apply(root, shared_styles=not part.static)
        self._renumber_bookmarks(guest)
        body = guest.tree(guest.main).find(w("body"))
        assert body is not None
        sections.trim_blank_edges(body)
        if body.find(w("sectPr")) is None:
            etree.SubElement(body, w("sectPr"))
        merge_notes(self.package, guest, body, self._import_relation)
        self._import_references(guest, guest.main, [body], self.package.main)
        first, inherited = sections.all_sections(body)[0], set[tuple[str, str]]()
        sections.begin_on_new_page(first)
        for section in sections.all_sections(body):
            sections.complete_references(self.package, section, inherited)
        sections.close_section(self.body)
        self._adopt_namespaces(guest.tree(guest.main))
        self.body.extend(list(body))

    def finish(self, watermark: str | None) -> bytes:
        if watermark:
            add_watermark(self.package, watermark)
        self._renumber_drawings()
        etree.cleanup_namespaces(self.root, top_nsmap=dict(self.root.nsmap), keep_ns_prefixes=_ignorable(self.root))
        parts = self.package.to_parts()
        return write_archive(deflate(name, cleaning.restore_braces(data)) for name, data in parts.items())

    def _renumber_bookmarks(self, package: WordPackage) -> None:
        """Ids and names of bookmarks are unique in a document; a name already taken gets a number, with its references."""
        renamed: dict[str, str] = {}
        for name in cleaning.word_parts(package):
            ids: dict[str, str] = {}
            for element in package.tree(name).iter(w("bookmarkStart"), w("bookmarkEnd")):
                old = element.get(w("id"), "")
                if element.tag == w("bookmarkStart"):
                    self.bookmark_id += 1
                    ids[old] = str(self.bookmark_id)
                    wanted = element.get(w("name"), "")
                    element.set(w("name"), self._free_bookmark(wanted))
                    if element.get(w("name")) != wanted:
                        renamed[wanted] = element.get(w("name"), "")
                element.set(w("id"), ids.get(old, old))
        if renamed:
            for name in cleaning.word_parts(package):
                _rename_references(package.tree(name), renamed)

    def _free_bookmark(self, name: str) -> str:
        candidate, number = name, 1
        while candidate.lower() in self.bookmark_names:
            number += 1
            candidate = f"{name[:36]}_{number}"  # Word allows 40 characters
        self.bookmark_names.add(candidate.lower())
        return candidate

    def _import_references(self, guest: WordPackage, source: str, roots: Iterable[etree._Element], target: str) -> None:
        """Rewrites the relation ids that these elements use, and brings over what they refer to."""
        for root in roots:
            for element in root.iter():
                for name, value in element.attrib.items():
                    if not str(name).startswith(f"{{{R}}}"):
                        continue
                    relation = guest.relation(source, value)
                    if relation is not None:
                        element.set(name, self._import_relation(guest, relation, target))

    def _import_relation(self, guest: WordPackage, relation: Relation, target: str) -> str:
        """The id, in part `target` of the master, of the same relation as one of the guest's."""
        if relation.external:
            return self.package.relate(target, relation.type, relation.target, external=True)
        return self.package.relate(target, relation.type, self._import_part(guest, relation.target))

    def _import_part(self, guest: WordPackage, name: str) -> str:
        content_type = guest.type_of(name)
        if content_type.startswith("image/"):
            digest = _digest(guest.data(name))
            if digest not in self._media:
                self._media[digest] = self.package.add_part(
                    "word/media/image", f".{extension(name)}", content_type, guest.data(name)
                )
            return self._media[digest]
        stem, suffix = posixpath.splitext(name)
        new = self.package.add_part(stem.rstrip("0123456789"), suffix, content_type, guest.data(name))
        if name in cleaning.word_parts(guest):
            self.package.set_tree(new, guest.tree(name))
        for relation in guest.relations[name]:
            inner = relation.target if relation.external else self._import_part(guest, relation.target)
            self.package.relations[new].append(Relation(relation.id, relation.type, inner, relation.external))
        return new

    def _adopt_namespaces(self, guest_root: etree._Element) -> None:
        """Declares the guest's prefixes on the master's root: Word resolves `mc:Ignorable` there."""
        root = self.root
        known = dict(root.nsmap)
        missing = {p: uri for p, uri in guest_root.nsmap.items() if p and p not in known and uri not in known.values()}
        if missing:
            new = etree.Element(root.tag, nsmap={**known, **missing})
            for name, value in root.attrib.items():
                new.set(name, value)
            new.extend(list(root))
            self.package.set_tree(self.package.main, new)
            root = new
        declared = {prefix for prefix in root.nsmap if prefix}
        prefixes = [*_ignorable(root), *(p for p in _ignorable(guest_root) if p in declared)]
        if prefixes:
            root.set(f"{{{MC}}}Ignorable", " ".join(dict.fromkeys(prefixes)))

    def _renumber_drawings(self) -> None:
        """Drawings and content controls have ids that must not repeat."""
        names = cleaning.word_parts(self.package)
        others = [name for name in names if name != self.package.main]
        for first, group in ((FIRST_DRAWING_ID, [self.package.main]), (1, others)):
            number = first
            for name in group:
                for element in self.package.tree(name).iter(f"{{{WP}}}docPr"):
                    element.set("id", str(number))
                    number += 1
        used: set[str] = set()
        for name in names:
            for element in self.package.tree(name).iter(w("sdtPr")):
                identifier = element.find(w("id"))
                if identifier is None:
                    continue
                while identifier.get(w("val"), "") in used:
                    identifier.set(w("val"), str(int(identifier.get(w("val"), "0")) % 2_000_000_000 + 1))
                used.add(identifier.get(w("val"), ""))


def _has_text(package: WordPackage, name: str) -> bool:
    return package.tree(name).tag in {w(tag) for tag in ("document", "hdr", "ftr", "footnotes", "endnotes")}


def _rename_references(root: etree._Element, renamed: dict[str, str]) -> None:
    for element in root.iter(w("hyperlink")):
        anchor = element.get(w("anchor"))
        if anchor in renamed:
            element.set(w("anchor"), renamed[anchor])
    for element in root.iter(w("instrText")):
        for old, new in renamed.items():
            if old in (element.text or ""):
                element.text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, element.text or "")


def _ignorable(root: etree._Element) -> list[str]:
    return (root.get(f"{{{MC}}}Ignorable") or "").split()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
