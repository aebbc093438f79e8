"""What is removed from a template before it is composed: traces of editing, comments, and characters that would be tags.

Word writes revision marks of its own on every run (`rsid`), spelling marks and paragraph ids. None of them is part of the
document, they multiply its size, and the ids would be repeated by loops.
"""

from __future__ import annotations

import re

from lxml import etree

from documents.word.opc import WordPackage, parse_xml, serialize, w

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
NOISE = {
    w(name)
    for name in (
        "proofErr",
        "lastRenderedPageBreak",
        "commentRangeStart",
        "commentRangeEnd",
        "permStart",
        "permEnd",
        "rsids",
        "attachedTemplate",
    )
}
NOISE_ATTRIBUTES = re.compile(rf"\{{{re.escape(W14)}\}}(paraId|textId)|.*\}}rsid\w*")
DROPPED_RELATIONS = (
    "comments",
    "commentsExtended",
    "commentsIds",
    "commentsExtensible",
    "people",
    "thumbnail",
    "extended-properties",
    "attachedTemplate",
)
# Braces of a static part become these two characters, which no text holds, while the trees are worked on, and character
# references when they are written: Word shows braces, the template engine sees none.
STATIC_BRACES = {ord("{"): "\ufdd0", ord("}"): "\ufdd1"}
BRACE_REFERENCES = (("\ufdd0".encode(), b"&#123;"), ("\ufdd1".encode(), b"&#125;"))


def clean_tree(root: etree._Element) -> None:
    """Removes the traces of editing from one part, in place."""
    for element in list(root.iter()):
        if element.tag in NOISE or _is_comment_mark(element) or _is_last_position(element):
            remove(element)
            continue
        for name in element.attrib:
            if NOISE_ATTRIBUTES.fullmatch(str(name)):
                del element.attrib[name]


def clean_package(package: WordPackage) -> None:
    """Removes the traces of editing from a whole file, in place."""
    package.drop_relations(*DROPPED_RELATIONS)
    names: set[str] = set()
    for name in word_parts(package):
        clean_tree(package.tree(name))
        _drop_repeated_bookmarks(package.tree(name), names)


def word_parts(package: WordPackage) -> list[str]:
    """The parts written in WordprocessingML, the main document first."""
    names = [name for name in package.names if ".wordprocessingml." in package.type_of(name)]
    return sorted(names, key=lambda name: (name != package.main, name))


def protect_braces(root: etree._Element) -> None:
    """Makes braces of texts and attributes invisible to the template engine, in place."""
    for element in root.iter():
        for holder, text in (("text", element.text), ("tail", element.tail)):
            if text and ("{" in text or "}" in text):
                setattr(element, holder, text.translate(STATIC_BRACES))
        for name, value in element.attrib.items():
            if "{" in value or "}" in value:
                element.set(name, value.translate(STATIC_BRACES))


def restore_braces(data: bytes) -> bytes:
    """The serialised part, with protected braces as character references."""
    for mark, reference in BRACE_REFERENCES:
        data = data.replace(mark, reference)
    return data


def hide_references(data: bytes) -> bytes:
    """The opposite of `restore_braces`, for a part that is to be parsed and written again."""
    for mark, reference in BRACE_REFERENCES:
        data = data.replace(reference, mark)
    return data


def normalised_source(data: bytes) -> str:
    """A part as the template engine reads it: parsed and written again, static braces still hidden."""
    return restore_braces(serialize(parse_xml(hide_references(data)))).decode()


def remove(element: etree._Element) -> None:
    """Takes an element out of its parent and keeps the text that follows it."""
    parent = element.getparent()
    if parent is None:
        return
    previous = element.getprevious()
    if element.tail and previous is not None:
        previous.tail = (previous.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _drop_repeated_bookmarks(root: etree._Element, names: set[str]) -> None:
    """Keeps the first bookmark of each name, as Word does; LibreOffice writes some twice."""
    dropped: set[str] = set()
    for element in list(root.iter(w("bookmarkStart"), w("bookmarkEnd"))):
        identifier, name = element.get(w("id"), ""), element.get(w("name"), "")
        if element.tag == w("bookmarkStart"):
            if name in names:
                dropped.add(identifier)
                remove(element)
            names.add(name)
        elif identifier in dropped:
            remove(element)


def _is_comment_mark(element: etree._Element) -> bool:
    return element.tag == w("r") and element.find(w("commentReference")) is not None


def _is_last_position(element: etree._Element) -> bool:
    return bool(element.tag == w("bookmarkStart") and element.get(w("name")) == "_GoBack")
