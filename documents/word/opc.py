"""Word files as packages of parts: reading what anybody may have sent, safely, and writing it back reproducibly."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from documents.archive import deflate, write_archive
from domain.errors import Invalide

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
DOCUMENT_TYPE = f"{WORD_TYPE}document.main+xml"
MAIN_TYPES = {DOCUMENT_TYPE, f"{WORD_TYPE}template.main+xml"}
CORE_PROPERTIES = "application/vnd.openxmlformats-package.core-properties+xml"
# The parts of a document that templates may write tags in, with the core properties (title, subject).
DYNAMIC_TYPES = {f"{WORD_TYPE}{kind}+xml" for kind in ("document.main", "header", "footer", "footnotes", "endnotes")}
HAS_TAG = re.compile(r"\{(?:<[^>]*>)*[{%#]")  # Word may split a tag over runs
MACRO_TYPES = {
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
}

MAX_FILE = 30_000_000
MAX_PARTS = 2_000
MAX_UNPACKED = 120_000_000
MAX_RATIO = 200  # a part of blanks reaches about 1000, real Word XML stays under 50
RATIO_FLOOR = 5_000_000

UNREADABLE = "Ce fichier n’est pas un document Word lisible (.docx). Ouvrez-le dans Word et enregistrez-le à nouveau."


def w(name: str) -> str:
    """The qualified name of a WordprocessingML element or attribute."""
    return f"{{{W}}}{name}"


def r(name: str) -> str:
    """The qualified name of a relationship attribute."""
    return f"{{{R}}}{name}"


def relation_type(name: str) -> str:
    return f"{R}/{name}"


def xml_parser() -> etree.XMLParser:
    """Strict, without entities, DTD or network."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def parse_xml(data: bytes) -> etree._Element:
    """Parses a part; refuses a document type declaration, which no Word file has and entity bombs need."""
    try:
        root = etree.fromstring(data, xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalide(UNREADABLE) from error
    if root.getroottree().docinfo.doctype:
        raise Invalide("Ce document contient une déclaration de type interdite : il n’a pas été produit par Word.")
    return root


def serialize(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


@dataclass(frozen=True)
class Relation:
    """A link from one part to another, or to an address when `external`."""

    id: str
    type: str
    target: str
    external: bool = False

    @property
    def kind(self) -> str:
        return self.type.rsplit("/", 1)[-1]


class WordPackage:
    """The parts of a Word file, their types and relations. Trees are parsed on first use and written back at the end."""

    def __init__(self, data: bytes) -> None:
        self._parts = read_parts(data)
        self._trees: dict[str, etree._Element] = {}
        self._types = self._read_types()
        self.relations: dict[str, list[Relation]] = {}
        for name in ["", *self._types]:
            self.relations[name] = list(self._read_relations(name))
        self.main = self._find_main()

    def _read_types(self) -> dict[str, str]:
        if "[Content_Types].xml" not in self._parts:
            raise Invalide(UNREADABLE)
        root = parse_xml(self._parts.pop("[Content_Types].xml"))
        defaults = {e.get("Extension", "").lower(): e.get("ContentType", "") for e in root.iter(f"{{{TYPES}}}Default")}
        overrides = {e.get("PartName", "")[1:]: e.get("ContentType", "") for e in root.iter(f"{{{TYPES}}}Override")}
        names = [name for name in self._parts if not name.endswith(".rels")]
        return {name: overrides.get(name) or defaults.get(extension(name), "application/xml") for name in names}

    def _read_relations(self, source: str) -> Iterator[Relation]:
        data = self._parts.pop(relations_name(source), None)
        if data is None:
            return
        for element in parse_xml(data).iter(f"{{{RELATIONS}}}Relationship"):
            target, external = element.get("Target", ""), element.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", posixpath.dirname(source), unquote(target)))[1:]
            yield Relation(element.get("Id", ""), element.get("Type", ""), target, external)

    def _find_main(self) -> str:
        for relation in self.relations[""]:
            if relation.kind != "officeDocument" or relation.target not in self._types:
                continue
            content = self._types[relation.target]
            if content in MACRO_TYPES:
                raise Invalide("Ce document contient des macros. Enregistrez-le au format « Document Word (.docx) ».")
            if content not in MAIN_TYPES:
                raise Invalide("Ce fichier n’est pas un document Word (.docx) mais un autre document bureautique.")
            if parse_xml(self._parts[relation.target]).tag != w("document"):
                raise Invalide(
                    "Ce document est au format « Strict Open XML ». Enregistrez-le au format « Document Word (.docx) »."
                )
            self._types[relation.target] = DOCUMENT_TYPE  # a Word template (.dotx) becomes a document
            return relation.target
        raise Invalide(UNREADABLE)

    @property
    def names(self) -> list[str]:
        return list(self._types)

    def type_of(self, name: str) -> str:
        return self._types[name]

    def data(self, name: str) -> bytes:
        return self._parts[name]

    def tree(self, name: str) -> etree._Element:
        if name not in self._trees:
            self._trees[name] = parse_xml(self._parts[name])
        return self._trees[name]

    def set_tree(self, name: str, root: etree._Element) -> None:
        self._trees[name] = root

    def keep_tree(self, name: str) -> None:
        """Makes what was changed in a tree the data of its part."""
        self._parts[name] = serialize(self.tree(name))

    def related(self, kind: str, source: str | None = None) -> str | None:
        """The first part that `source` (the main document) is related to in this way."""
        for relation in self.relations[self.main if source is None else source]:
            if relation.kind == kind and not relation.external and relation.target in self._types:
                return relation.target
        return None

    def relation(self, source: str, relation_id: str) -> Relation | None:
        return next((item for item in self.relations[source] if item.id == relation_id), None)

    def add_part(self, stem: str, suffix: str, content_type: str, data: bytes, only: bool = False) -> str:
        """Adds a part named stem + first free number + suffix, and returns its name. `only`: there is one of its kind."""
        number: int | str = "" if only else 1
        while f"{stem}{number}{suffix}" in self._types:
            number = int(number or 0) + 1
        name = f"{stem}{number}{suffix}"
        self._parts[name], self._types[name], self.relations[name] = data, content_type, []
        return name

    def relate(self, source: str, type_: str, target: str, external: bool = False) -> str:
        """The id of the relation from `source` to `target`, made when there is none."""
        for relation in self.relations[source]:
            if (relation.type, relation.target, relation.external) == (type_, target, external):
                return relation.id
        used = {relation.id for relation in self.relations[source]}
        number = len(used) + 1
        while f"rId{number}" in used:
            number += 1
        self.relations[source].append(Relation(f"rId{number}", type_, target, external))
        return f"rId{number}"

    def drop_relations(self, *kinds: str) -> None:
        """Forgets relations of these kinds everywhere; parts that nothing refers to any more are not written."""
        for source, relations in self.relations.items():
            self.relations[source] = [relation for relation in relations if relation.kind not in kinds]

    def to_parts(self) -> dict[str, bytes]:
        """Every part that can be reached, in the order they are written."""
        reached: set[str] = set()
        pending = [""]
        while pending:
            source = pending.pop()
            reached.add(source)
            targets = {item.target for item in self.relations[source] if not item.external}
            pending += sorted((targets & self._types.keys()) - reached)
        names = sorted(reached - {""})
        parts = {"[Content_Types].xml": self._write_types(names)}
        for source in ["", *names]:
            if source:
                tree = self._trees.get(source)
                parts[source] = self._parts[source] if tree is None else serialize(tree)
            if self.relations[source]:
                parts[relations_name(source)] = self._write_relations(source)
        return parts

    def to_bytes(self) -> bytes:
        return write_archive(deflate(name, data) for name, data in self.to_parts().items())

    def _write_types(self, names: list[str]) -> bytes:
        root = etree.Element(f"{{{TYPES}}}Types", nsmap={None: TYPES})
        defaults = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
        for name in names:
            if not self._types[name].endswith("xml"):
                defaults.setdefault(extension(name), self._types[name])
        for key in sorted(defaults):
            etree.SubElement(root, f"{{{TYPES}}}Default", Extension=key, ContentType=defaults[key])
        for name in names:
            if defaults.get(extension(name)) != self._types[name]:
                etree.SubElement(root, f"{{{TYPES}}}Override", PartName=f"/{name}", ContentType=self._types[name])
        return serialize(root)

    def _write_relations(self, source: str) -> bytes:
        root = etree.Element(f"{{{RELATIONS}}}Relationships", nsmap={None: RELATIONS})
        for relation in self.relations[source]:
            target = relation.target
            if not relation.external:
                target = posixpath.relpath(f"/{target}", f"/{posixpath.dirname(source)}")
            element = etree.SubElement(
                root, f"{{{RELATIONS}}}Relationship", Id=relation.id, Type=relation.type, Target=target
            )
            if relation.external:
                element.set("TargetMode", "External")
        return serialize(root)


def extension(name: str) -> str:
    return posixpath.splitext(name)[1][1:].lower()


def relations_name(source: str) -> str:
    folder, base = posixpath.split(source)
    return posixpath.join(folder, "_rels", f"{base}.rels")


def read_parts(data: bytes) -> dict[str, bytes]:
    """The members of a ZIP, whatever it claims: refuses broken, encrypted and oversized archives and odd names."""
    if len(data) > MAX_FILE:
        raise Invalide(f"Ce document est trop volumineux ({MAX_FILE // 1_000_000} Mo au plus).")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_members(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise Invalide(UNREADABLE) from error


def _read_members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_PARTS:
        raise Invalide("Ce document contient trop de fichiers pour être un document Word.")
    parts: dict[str, bytes] = {}
    total = 0
    for member in members:
        name = member.filename
        if name in parts or name.startswith("/") or ".." in name.split("/") or "\\" in name or member.flag_bits & 1:
            raise Invalide(UNREADABLE)
        # The sizes in the directory are only claims: reading stops at the limit whatever they say.
        with archive.open(member) as stream:
            content = stream.read(MAX_UNPACKED - total + 1)
        total += len(content)
        suspicious = len(content) > RATIO_FLOOR and len(content) > MAX_RATIO * max(1, member.compress_size)
        if total > MAX_UNPACKED or suspicious:
            raise Invalide("Ce document se décompresse en un volume démesuré : il a été refusé.")
        parts[name] = content
    return parts
