"""The Word and PDF engine: compose templates, compile the master, render it, check what comes in.

Independent of the database and of the screens. Typical use, once per published offer and then once per document:

    master = compose([Part(convention), Part(annexe), Part(charte, static=True)])
    docx = compile_template(master).render(context)
    manifest = seal(docx, context, {"convention.docx": convention}, version="3")
"""

from documents.bookmarks import list_bookmarks
from documents.check import check_template
from documents.compiled import CompiledTemplate, compile_template
from documents.compose import Part, compose
from documents.lint import TemplateError
from documents.pdf import docx_to_pdf, pdf_available
from documents.seal import seal, sha256
from documents.signed_pdf import PdfReport, SignatureInfo, inspect_pdf
from documents.uploads import UploadKind, check_upload

__all__ = [
    "CompiledTemplate",
    "Part",
    "PdfReport",
    "SignatureInfo",
    "TemplateError",
    "UploadKind",
    "check_template",
    "check_upload",
    "compile_template",
    "compose",
    "docx_to_pdf",
    "inspect_pdf",
    "list_bookmarks",
    "pdf_available",
    "seal",
    "sha256",
]
