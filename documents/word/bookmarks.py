"""The hidden bookmarks of a document. Those named `_pt_…` say which point of the domain checklist stands where."""

from __future__ import annotations

from documents.word.cleaning import word_parts
from documents.word.opc import WordPackage, w

POINT_PREFIX = "_pt_"


def list_bookmarks(docx: bytes, prefix: str = POINT_PREFIX) -> list[str]:
    """Names of the bookmarks that begin with `prefix`, in the order of the document, headers and footers last.

    A name that stands twice is listed twice.
    """
    package = WordPackage(docx)
    names = (
        element.get(w("name"), "")
        for part in word_parts(package)
        for element in package.tree(part).iter(w("bookmarkStart"))
    )
    return [name for name in names if name.startswith(prefix)]
