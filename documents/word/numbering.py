"""Numbered lists and headings of a part, made independent of those of the parts before it.

Each appended part gets list instances (`w:num`) of its own that start again, so that the articles of an annex begin at 1.
Paragraphs numbered by their style only are given the number directly, since the style sheet is shared.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

from lxml import etree

from documents.word.cleaning import remove
from documents.word.opc import WORD_TYPE, WordPackage, relation_type, serialize, w

EMPTY_NUMBERING = serialize(etree.Element(w("numbering"), nsmap={"w": w("")[1:-1]}))
IDENTITY_TAGS = (w("nsid"), w("tmpl"), w("name"))
# Elements that stand before w:numPr and w:ind in paragraph properties (order of the schema, which Word insists on).
BEFORE_NUMBERING = ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl")
BEFORE_INDENT = (
    *BEFORE_NUMBERING,
    *("numPr", "suppressLineNumbers", "pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap"),
    *("overflowPunct", "topLinePunct", "autoSpaceDE", "autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid"),
    *("spacing",),
)


def numbering_root(package: WordPackage, create: bool = False) -> etree._Element | None:
    name = package.related("numbering")
    if name is None:
        if not create:
            return None
        name = package.add_part("word/numbering", ".xml", f"{WORD_TYPE}numbering+xml", EMPTY_NUMBERING, only=True)
        package.relate(package.main, relation_type("numbering"), name)
    return package.tree(name)


def value(parent: etree._Element | None, *path: str) -> str | None:
    """The w:val of the element found by going down `path`, or None."""
    for step in path:
        parent = None if parent is None else parent.find(w(step))
    return None if parent is None else parent.get(w("val"))


def insert_ordered(properties: etree._Element, child: etree._Element, before: Iterable[str]) -> None:
    """Inserts a property after those that the schema puts before it."""
    known = {w(name) for name in before}
    index = sum(1 for element in properties if element.tag in known)
    properties.insert(index, child)


class StyleSheet:
    """The paragraph styles of a package, for what they inherit."""

    def __init__(self, package: WordPackage) -> None:
        name = package.related("styles")
        root = package.tree(name) if name else etree.Element(w("styles"))
        self.by_id = {style.get(w("styleId"), ""): style for style in root.iter(w("style"))}
        self.default = next(
            (
                style.get(w("styleId"))
                for style in root.iter(w("style"))
                if style.get(w("type")) == "paragraph" and style.get(w("default")) in ("1", "true")
            ),
            None,
        )

    def chain(self, style_id: str | None) -> Iterator[tuple[str, etree._Element]]:
        """The style and those it is based on, nearest first."""
        seen: set[str] = set()
        while style_id and style_id in self.by_id and style_id not in seen:
            seen.add(style_id)
            yield style_id, self.by_id[style_id]
            style_id = value(self.by_id[style_id], "basedOn")

    def numbering_of(self, style_id: str | None) -> tuple[str, str | None, etree._Element | None] | None:
        """(numId, level or None, indent that the style sets itself) when the style numbers its paragraphs."""
        level: str | None = None
        indent: etree._Element | None = None
        for _, style in self.chain(style_id):
            properties = style.find(w("pPr"))
            if properties is None:
                continue
            if indent is None and properties.find(w("ind")) is not None:
                indent = properties.find(w("ind"))
            level = level or value(properties, "numPr", "ilvl")
            number = value(properties, "numPr", "numId")
            if number is not None:
                return None if number == "0" else (number, level, indent)
        return None


class NumberingMerge:
    """Gives one appended part its own lists inside the master."""

    def __init__(self, master: WordPackage, guest: WordPackage, style_ids: dict[str, str]) -> None:
        self.master = master
        self.guest_root = numbering_root(guest)
        self.style_ids = style_ids
        self._nums: dict[tuple[str, str], str] = {}
        self._abstracts: dict[str, str] = {}
        self._started: set[str] = set()

    def apply(self, root: etree._Element, shared_styles: bool) -> None:
        """Renumbers the lists of one part of the guest, in place (style ids are already those of the master)."""
        sheet = StyleSheet(self.master)
        for paragraph in root.iter(w("p")):
            properties = paragraph.find(w("pPr"))
            direct = value(properties, "numPr", "numId")
            if direct is not None:
                if direct != "0":
                    self._set(properties, self.number(direct, "guest"), None)
            elif shared_styles:
                self._number_by_style(paragraph, sheet)

    def _number_by_style(self, paragraph: etree._Element, sheet: StyleSheet) -> None:
        properties = paragraph.find(w("pPr"))
        style = value(properties, "pStyle") or sheet.default
        found = sheet.numbering_of(style)
        if found is None:
            return
        number, level, indent = found
        level = value(properties, "numPr", "ilvl") or level or self._level_of_style(number, style) or "0"
        if properties is None:
            properties = etree.Element(w("pPr"))
            paragraph.insert(0, properties)
        self._set(properties, self.number(number, "master"), level)
        # A number given directly brings the indent of its level, which the style's own indent used to override.
        if indent is not None and properties.find(w("ind")) is None:
            insert_ordered(properties, copy.deepcopy(indent), BEFORE_INDENT)

    def _set(self, properties: etree._Element | None, number: str | None, level: str | None) -> None:
        if properties is None or number is None:
            return
        num_pr = properties.find(w("numPr"))
        if num_pr is None:
            num_pr = etree.Element(w("numPr"))
            insert_ordered(properties, num_pr, BEFORE_NUMBERING)
        ilvl, num_id = num_pr.find(w("ilvl")), num_pr.find(w("numId"))
        if ilvl is None and level is not None:
            ilvl = etree.Element(w("ilvl"))
            ilvl.set(w("val"), level)
            num_pr.insert(0, ilvl)
        if num_id is None:
            num_id = etree.Element(w("numId"))
            num_pr.insert(1 if ilvl is not None else 0, num_id)
        num_id.set(w("val"), number)

    def apply_to_styles(self, styles: Iterable[etree._Element], shared_styles: bool) -> None:
        """Renumbers the lists that newly added styles refer to."""
        for style in styles:
            reference = style.find(f"{w('pPr')}/{w('numPr')}/{w('numId')}")
            if reference is not None:
                # Paragraphs of shared styles get a list of their own, so the list of the style itself is left unused.
                number = self.number(reference.get(w("val"), "0"), "style" if shared_styles else "guest")
                reference.set(w("val"), number or "0")

    def number(self, num_id: str, source: str) -> str | None:
        """The list of the master that stands for list `num_id` of the guest (or of the master itself)."""
        key = (source, num_id)
        if key in self._nums:
            return self._nums[key]
        root = numbering_root(self.master) if source == "master" else self.guest_root
        num = _find(root, "num", "numId", num_id)
        target = numbering_root(self.master, create=True)
        abstract = value(num, "abstractNumId")
        if num is None or target is None or abstract is None:
            return None  # the list does not exist: Word shows such a paragraph without a number
        if source != "master":
            abstract = self._import_abstract(abstract, target)
        new = copy.deepcopy(num)
        new_id = _next_id(target, "num", "numId", 1)
        new.set(w("numId"), new_id)
        reference = new.find(w("abstractNumId"))
        if abstract is None or reference is None:
            return None
        reference.set(w("val"), abstract)
        if source != "style" and abstract not in self._started:
            self._started.add(abstract)
            _restart(new, _find(target, "abstractNum", "abstractNumId", abstract))
        _insert_after_last(target, new, "num")
        self._nums[key] = new_id
        return new_id

    def _import_abstract(self, abstract_id: str, target: etree._Element) -> str | None:
        if abstract_id in self._abstracts:
            return self._abstracts[abstract_id]
        source = _find(self.guest_root, "abstractNum", "abstractNumId", abstract_id)
        if source is None:
            return None
        link = value(source, "numStyleLink")
        if link is not None:  # the list is defined by a list style: take the definition itself
            definitions = self.guest_root.findall(w("abstractNum")) if self.guest_root is not None else []
            source = next((item for item in definitions if value(item, "styleLink") == link), source)
        new = copy.deepcopy(source)
        for element in [child for child in new if child.tag in IDENTITY_TAGS]:
            new.remove(element)
        for element in list(new.iter(w("lvlPicBulletId"))):  # picture bullets are not carried over: the character is
            remove(element)
        for element in new.iter(w("pStyle"), w("styleLink"), w("numStyleLink")):
            element.set(w("val"), self.style_ids.get(element.get(w("val"), ""), element.get(w("val"), "")))
        known = _same_abstract(target, new)
        if known is None:
            known = _next_id(target, "abstractNum", "abstractNumId", 0)
            new.set(w("abstractNumId"), known)
            _unlink_known_styles(target, new)
            _insert_after_last(target, new, "abstractNum")
        self._abstracts[abstract_id] = known
        return known

    def _level_of_style(self, num_id: str, style: str | None) -> str | None:
        root = numbering_root(self.master)
        abstract = value(_find(root, "num", "numId", num_id), "abstractNumId")
        definition = _find(root, "abstractNum", "abstractNumId", abstract or "")
        levels = [] if definition is None else definition.findall(w("lvl"))
        return next((level.get(w("ilvl")) for level in levels if value(level, "pStyle") == style), None)


def _find(root: etree._Element | None, tag: str, attribute: str, wanted: str) -> etree._Element | None:
    elements = [] if root is None else root.findall(w(tag))
    return next((element for element in elements if element.get(w(attribute)) == wanted), None)


def _next_id(root: etree._Element, tag: str, attribute: str, first: int) -> str:
    used = [int(element.get(w(attribute), "0")) for element in root.findall(w(tag))]
    return str(max(used, default=first - 1) + 1)


def _insert_after_last(root: etree._Element, element: etree._Element, tag: str) -> None:
    """abstractNum elements all stand before num elements."""
    same = root.findall(w(tag))
    if same:
        same[-1].addnext(element)
    elif tag == "abstractNum":
        root.insert(len(root.findall(w("numPicBullet"))), element)
    else:
        root.append(element)


def _canonical(abstract: etree._Element) -> bytes:
    clone = copy.deepcopy(abstract)
    clone.attrib.clear()
    for element in [child for child in clone if child.tag in IDENTITY_TAGS]:
        clone.remove(element)
    return bytes(etree.tostring(clone, method="c14n", exclusive=True))


def _same_abstract(root: etree._Element, abstract: etree._Element) -> str | None:
    wanted = _canonical(abstract)
    for candidate in root.findall(w("abstractNum")):
        if _canonical(candidate) == wanted:
            return str(candidate.get(w("abstractNumId")))
    return None


def _unlink_known_styles(root: etree._Element, abstract: etree._Element) -> None:
    """A style can belong to one list definition only: the first one keeps it."""
    linked = {element.get(w("val")) for element in root.iter(w("pStyle"), w("styleLink"))}
    for element in list(abstract.iter(w("pStyle"), w("styleLink"))):
        if element.get(w("val")) in linked:
            remove(element)


def _restart(num: etree._Element, abstract: etree._Element | None) -> None:
    """Makes a list instance start again at the first value of each of its levels."""
    starts = {level.get(w("ilvl")): value(level, "start") for level in ([] if abstract is None else abstract)}
    overrides = {element.get(w("ilvl")): element for element in num.findall(w("lvlOverride"))}
    for index in map(str, range(9)):
        override = overrides.get(index)
        if override is None:
            override = etree.SubElement(num, w("lvlOverride"))
            override.set(w("ilvl"), index)
        if override.find(w("startOverride")) is None:
            start = etree.Element(w("startOverride"))
            start.set(w("val"), value(override, "lvl", "start") or starts.get(index) or "1")
            override.insert(0, start)
