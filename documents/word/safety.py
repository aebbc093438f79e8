"""What a Word file may not contain, whoever wrote it: programs, embedded files, and links to files outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from documents.word.opc import WordPackage, parse_xml, w
from domain.errors import Invalide

MACROS = "contient des macros : enregistrez-le au format « Document Word (.docx) »."
EMBEDDED_OBJECT = "contient un objet incorporé (tableur, paquet…) : remplacez-le par une image ou un tableau."
ACTIVE_X = "contient un contrôle ActiveX : supprimez-le."
REFUSED_RELATIONS = {
    "vbaProject": MACROS,
    "wordVbaData": MACROS,
    "oleObject": EMBEDDED_OBJECT,
    "package": EMBEDDED_OBJECT,
    "control": ACTIVE_X,
    "activeXControlBinary": ACTIVE_X,
    "aFChunk": "contient un autre fichier inséré tel quel : copiez-collez son contenu à la place.",
    "subDocument": "est un document maître : insérez le texte des sous-documents à la place.",
}
FORBIDDEN_FIELDS = re.compile(
    r"^\s*(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|RD|DATABASE|LINK|MACROBUTTON)\b", re.I
)


def unsafe_contents(package: WordPackage) -> Iterator[str]:
    """What is wrong with the file as a whole; each sentence goes after "ce document"."""
    for source, relations in package.relations.items():
        of_chart = bool(source) and "chart" in package.type_of(source)
        for relation in relations:
            if relation.kind == "attachedTemplate":
                yield (
                    f"est attaché à un modèle extérieur ({relation.target[:80]}) : dans Word, onglet Développeur, "
                    "« Modèle de document », détachez-le."
                )
            elif relation.external and relation.kind != "hyperlink":
                # Whoever opens the document would fetch it: Word, LibreOffice, a preview.
                yield (
                    f"fait référence à un fichier extérieur ({relation.target[:80]}) : insérez l’image ou l’objet dans "
                    "le document au lieu de le lier."
                )
            elif relation.kind in REFUSED_RELATIONS and not (of_chart and relation.kind == "package"):
                yield REFUSED_RELATIONS[relation.kind]
    if any("macroEnabled" in package.type_of(name) or name.endswith("vbaProject.bin") for name in package.names):
        yield MACROS


def forbidden_fields(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Field codes that fetch something from elsewhere, with the element that holds them."""
    for element, text in _field_codes(root):
        if match := FORBIDDEN_FIELDS.match(text):
            yield match[1].upper(), element


def _field_codes(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Field codes, each with the element that it begins in. Word cuts a code into pieces wherever it likes: those between
    the beginning of a field and its result are put together, less what a field nested in it holds."""
    open_fields: list[list[etree._Element]] = []
    for element in root.iter(w("fldSimple"), w("fldChar"), w("instrText"), w("delInstrText")):
        kind = element.get(w("fldCharType"))
        if element.tag == w("fldSimple"):
            yield element, element.get(w("instr"), "")
        elif element.tag != w("fldChar"):
            if open_fields:
                open_fields[-1].append(element)
            else:
                yield element, element.text or ""
        elif kind == "begin":
            open_fields.append([])
        elif kind in ("separate", "end") and open_fields:
            # The result of a field holds no code of it: after "separate", only its "end" is waited for.
            yield from _joined(open_fields[-1])
            open_fields[-1] = []
            if kind == "end":
                open_fields.pop()
    for pieces in open_fields:
        yield from _joined(pieces)


def _joined(pieces: list[etree._Element]) -> Iterator[tuple[etree._Element, str]]:
    if pieces:
        yield pieces[0], "".join(piece.text or "" for piece in pieces)


def refuse_unsafe(package: WordPackage, nom: str = "") -> None:
    """Raises `Invalide` for the first unsafe thing in the file; `nom` names it in the message."""
    subject = f"« {nom} » : ce document" if nom else "Ce document"
    for problem in unsafe_contents(package):
        raise Invalide(f"{subject} {problem}")
    for name in package.names:
        # Parsed whatever the bytes look like: in UTF-16, no name of an element can be found in them.
        kind = package.type_of(name)
        if ".wordprocessingml." in kind and kind.endswith("+xml"):
            for field, _ in forbidden_fields(parse_xml(package.data(name))):
                raise Invalide(f"{subject} contient le champ « {field} », qui va chercher un contenu extérieur.")
