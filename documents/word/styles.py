"""One style sheet for the composed document.

Parts written by the centre share the styles of the first one: the same name means the same style, and styles it lacks are
added. A part that comes from elsewhere (`keep_look`) keeps its own look instead: its styles, with the document defaults
and theme fonts they rely on, are added under names of their own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from lxml import etree

from documents.word.numbering import insert_ordered, value
from documents.word.opc import WordPackage, w

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
USES = {
    w("pStyle"): "paragraph",
    w("rStyle"): "character",
    w("tblStyle"): "table",
}
LINKS = ("basedOn", "next", "link")
# What Word falls back on where neither style nor document defaults say anything.
BARE_FONT = {"ascii": "Times New Roman", "hAnsi": "Times New Roman", "cs": "Times New Roman"}
BARE_SIZE = "20"
BARE_SPACING = {"before": "0", "after": "0", "line": "240", "lineRule": "auto"}
RUN_ORDER = (
    *(
        "rStyle",
        "rFonts",
        "b",
        "bCs",
        "i",
        "iCs",
        "caps",
        "smallCaps",
        "strike",
        "dstrike",
        "outline",
        "shadow",
        "emboss",
    ),
    *(
        "imprint",
        "noProof",
        "snapToGrid",
        "vanish",
        "webHidden",
        "color",
        "spacing",
        "w",
        "kern",
        "position",
        "sz",
        "szCs",
    ),
    *("highlight", "u", "effect", "bdr", "shd", "fitText", "vertAlign", "rtl", "cs", "em", "lang", "eastAsianLayout"),
)
PARAGRAPH_ORDER = (
    *("pStyle", "keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl", "numPr", "suppressLineNumbers"),
    *(
        "pBdr",
        "shd",
        "tabs",
        "suppressAutoHyphens",
        "kinsoku",
        "wordWrap",
        "overflowPunct",
        "topLinePunct",
        "autoSpaceDE",
    ),
    *("autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "mirrorIndents"),
    *("suppressOverlap", "jc", "textDirection", "textAlignment", "textboxTightWrap", "outlineLvl"),
)
STYLE_HEAD = (
    *("name", "aliases", "basedOn", "next", "link", "autoRedefine", "hidden", "uiPriority", "semiHidden"),
    *("unhideWhenUsed", "qFormat", "locked", "personal", "personalCompose", "personalReply", "rsid"),
)


class StyleMerge:
    """Brings the styles that a guest uses into the master; `ids` maps guest style ids to those of the master."""

    def __init__(self, master: WordPackage, guest: WordPackage, keep_look: bool, label: str) -> None:
        self.keep_look = keep_look
        self.label = label
        self.ids: dict[str, str] = {}
        self.added: list[etree._Element] = []
        self._target = _sheet(master)
        self._source = _sheet(guest)
        self._fonts = theme_fonts(guest) if keep_look else {}
        self._guest_styles = {style.get(w("styleId"), ""): style for style in self._source.iter(w("style"))}
        self._known = {_key(style): style.get(w("styleId"), "") for style in self._target.iter(w("style"))}
        self._used_ids = {style.get(w("styleId"), "") for style in self._target.iter(w("style"))}

    def apply(self, roots: Iterable[etree._Element]) -> None:
        """Maps every style reference of these parts, in place, and adds the styles that are missing."""
        for root in roots:
            if self.keep_look:
                self._name_defaults(root)
                resolve_theme(root, self._fonts)
            for element in root.iter(*USES):
                element.set(w("val"), self._map(element.get(w("val"), "")))

    def _map(self, style_id: str) -> str:
        if style_id in self.ids or style_id not in self._guest_styles:
            return self.ids.get(style_id, style_id)
        style = self._guest_styles[style_id]
        if not self.keep_look and _key(style) in self._known:
            self.ids[style_id] = self._known[_key(style)]
            return self.ids[style_id]
        new = copy.deepcopy(style)
        self.ids[style_id] = self._free_id(style_id)
        new.set(w("styleId"), self.ids[style_id])
        new.attrib.pop(w("default"), None)
        if self.keep_look:
            self._detach(new)
        for link in LINKS:
            reference = new.find(w(link))
            if reference is not None:
                reference.set(w("val"), self._map(reference.get(w("val"), "")))
        self._target.append(new)
        self.added.append(new)
        return self.ids[style_id]

    def _free_id(self, style_id: str) -> str:
        candidate, number = (f"{style_id}{self.label}" if self.keep_look else style_id), 1
        while candidate in self._used_ids:
            number += 1
            candidate = f"{style_id}{self.label}{number}"
        self._used_ids.add(candidate)
        return candidate

    def _detach(self, style: etree._Element) -> None:
        """Gives a style its own name, and what it took from the defaults of its document."""
        name = style.find(w("name"))
        if name is not None:
            name.set(w("val"), f"{name.get(w('val'))} ({self.label})")
        for alias in style.findall(w("aliases")):
            style.remove(alias)
        style.set(w("customStyle"), "1")
        if style.get(w("type")) == "paragraph" and style.find(w("basedOn")) is None:
            self._fold_defaults(style)
        resolve_theme(style, self._fonts)

    def _fold_defaults(self, style: etree._Element) -> None:
        defaults = self._source.find(w("docDefaults"))
        run = _child(style, "rPr", (*STYLE_HEAD, "pPr"))
        paragraph = _child(style, "pPr", STYLE_HEAD)
        for target, path, order in (
            (run, ("rPrDefault", "rPr"), RUN_ORDER),
            (paragraph, ("pPrDefault", "pPr"), PARAGRAPH_ORDER),
        ):
            source = defaults
            for step in path:
                source = None if source is None else source.find(w(step))
            for element in [] if source is None else source:
                if target.find(element.tag) is None:
                    insert_ordered(target, copy.deepcopy(element), _before(element, order))
        _complete(run, "rFonts", BARE_FONT, RUN_ORDER)
        for size in ("sz", "szCs"):
            _complete(run, size, {"val": BARE_SIZE}, RUN_ORDER)
        _complete(paragraph, "spacing", BARE_SPACING, PARAGRAPH_ORDER)

    def _name_defaults(self, root: etree._Element) -> None:
        """Paragraphs and tables without a style of their own get the guest's default one by name."""
        defaults = {
            style.get(w("type")): style.get(w("styleId"), "")
            for style in self._source.iter(w("style"))
            if style.get(w("default")) in ("1", "true")
        }
        for tag, properties_tag, reference_tag, kind in (
            ("p", "pPr", "pStyle", "paragraph"),
            ("tbl", "tblPr", "tblStyle", "table"),
        ):
            if kind not in defaults:
                continue
            for element in root.iter(w(tag)):
                properties = _child(element, properties_tag, ())
                if properties.find(w(reference_tag)) is None:
                    reference = etree.Element(w(reference_tag))
                    reference.set(w("val"), defaults[kind])
                    properties.insert(0, reference)


def theme_fonts(package: WordPackage) -> dict[str, str]:
    """The fonts of the theme: {"major": "Calibri Light", "minor": "Calibri"}."""
    name = package.related("theme")
    if name is None:
        return {}
    root = package.tree(name)
    fonts = {}
    for kind in ("major", "minor"):
        latin = root.find(f".//{{{A}}}{kind}Font/{{{A}}}latin")
        if latin is not None and latin.get("typeface"):
            fonts[kind] = latin.get("typeface", "")
    return fonts


def resolve_theme(root: etree._Element, fonts: dict[str, str]) -> None:
    """Writes theme fonts and colours as plain ones, since the composed document has another theme."""
    for element in root.iter(w("rFonts")):
        for script in ("ascii", "hAnsi", "cs", "eastAsia"):
            theme = element.attrib.pop(w("cstheme" if script == "cs" else f"{script}Theme"), None)
            font = fonts.get("major" if theme and theme.startswith("major") else "minor")
            if theme and font and script in ("ascii", "hAnsi"):
                element.set(w(script), font)
    for element in root.iter():
        for name in ("themeColor", "themeShade", "themeTint", "themeFill", "themeFillShade", "themeFillTint"):
            element.attrib.pop(w(name), None)


def _sheet(package: WordPackage) -> etree._Element:
    name = package.related("styles")
    return package.tree(name) if name else etree.Element(w("styles"))


def _key(style: etree._Element) -> tuple[str, str]:
    """Style ids depend on the language of Word, names of built-in styles do not."""
    return style.get(w("type"), ""), (value(style, "name") or "").lower()


def _before(element: etree._Element, order: tuple[str, ...]) -> tuple[str, ...]:
    name = etree.QName(element).localname
    return order[: order.index(name)] if name in order else order


def _child(parent: etree._Element, tag: str, before: tuple[str, ...]) -> etree._Element:
    child = parent.find(w(tag))
    if child is None:
        child = etree.Element(w(tag))
        insert_ordered(parent, child, before)
    return child


def _complete(properties: etree._Element, tag: str, attributes: dict[str, str], order: tuple[str, ...]) -> None:
    """Adds the attributes that a property does not say, creating it when needed."""
    element = properties.find(w(tag))
    if element is None:
        element = etree.Element(w(tag))
        insert_ordered(properties, element, order[: order.index(tag)])
    for name, text in attributes.items():
        if element.get(w(name)) is None and element.get(w(f"{name}Theme")) is None:
            element.set(w(name), text)
