"""The Word and PDF engine: compose templates, compile the master, render it, check what comes in.

Independent of the database and of the screens. Typical use, once per published offer and then once per document:

    master = compose([Part(convention), Part(annexe), Part(charte, static=True)])
    docx = compile_template(master).render(context)
    manifest = seal(docx, context, {"convention.docx": convention}, version="3")

Nothing is imported here: each file that somebody sends is examined in a process of its own, which loads only what it needs.
"""
