"""The Word and PDF engine: compose templates, compile the master, render it, check what comes in.

Independent of the database and of the screens. Typical use, once per published offer and then once per document:

    master = compose([Part(convention), Part(annexe), Part(charte, static=True)])
    docx = compile_template(master).render(context)
"""

from documents.bookmarks import list_bookmarks
from documents.compiled import CompiledTemplate, compile_template
from documents.compose import Part, compose

__all__ = ["CompiledTemplate", "Part", "compile_template", "compose", "list_bookmarks"]
