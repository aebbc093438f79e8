"""The documents of an offer, what each is made of, and its annexes."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.forms.editing import Contenu
from domain.offer.editing import add_part, set_parts
from domain.offer.reading import find_row
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply
from ui.html import link, note, show
from ui.offre.lignes import show_list

VUE = "documents"


def show_documents(lieu: Lieu) -> None:
    """Documents with their parts, then annexes. The Word files themselves have a page of their own."""
    asked = page.param("parties")
    if asked and page.ran(_show_parts, lieu, asked)[0]:
        return
    note(
        "Les fichiers Word se déposent et se vérifient sur la page Gabarits ; ici se décide ce que chaque document contient."
    )
    page.link(
        "gabarits", "Gabarits Word", icon=":material/description:", centre=lieu.offre.centre_id, offre=lieu.offre.code
    )
    show_list(lieu, VUE, "documents")
    st.subheader("Ce que chaque document contient", anchor=False)
    items = Markup("").join(_contents(lieu, document) for document in lieu.contenu["documents"])
    show(Markup('<dl class="p-faits">{}</dl>').format(items))
    show_list(lieu, VUE, "annexes")


def _contents(lieu: Lieu, document: Contenu) -> Markup:
    told = Markup("<br>").join(
        f"{number}. {_label(lieu.contenu, part)}" for number, part in enumerate(document["parts"], 1)
    )
    edit = link(
        "Modifier les parties",
        lieu.url(vue=VUE, parties=document["id"]),
        hidden=f"de « {document['titre']} »",
        here=True,
    )
    return Markup("<div><dt>{}</dt><dd>{}<br>{}</dd></div>").format(document["titre"], told, edit)


def _label(contenu: Contenu, part: Contenu) -> str:
    if not part.get("annexe"):
        return str(part["template"])
    found = next((one for one in contenu["annexes"] if one["id"] == part["annexe"]), None)
    return f"Annexe : {found['titre']}" if found else f"Annexe « {part['annexe']} », qui n’existe plus"


def _show_parts(lieu: Lieu, ident: str) -> None:
    """The parts of one document: their order, those taken away, those added."""
    document = find_row(lieu.contenu, "documents", ident)
    name, slots = f"parties:{ident}", page.Slots()
    lieu.held_version(name)
    st.subheader(f"Parties de « {page.text(document['titre'])} »", anchor=False)
    parts = document["parts"]
    labels = [_label(lieu.contenu, part) for part in parts]
    kept = st.multiselect(
        "Parties, dans l’ordre du document", range(len(parts)), list(range(len(parts))), format_func=labels.__getitem__,
        key=f"{PREFIX}{name}:ordre", placeholder="Choisissez dans l’ordre",
        help="Pour changer l’ordre, retirez les parties puis choisissez-les à nouveau dans l’ordre voulu.",
    )  # fmt: skip
    slots.place("parts")
    with st.container(horizontal=True):
        saved = st.button("Enregistrer les parties", type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir aux documents", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go(vue=VUE)
    if saved:
        apply(
            lieu, name, slots, lambda contenu, _: set_parts(contenu, ident, [parts[one] for one in kept]),
            "Parties enregistrées dans le brouillon.", vue=VUE,
        )  # fmt: skip
    _show_new_part(lieu, ident, document)


def _show_new_part(lieu: Lieu, ident: str, document: Contenu) -> None:
    name, slots = f"partie-nouvelle:{ident}", page.Slots()
    lieu.held_version(name)
    there = {part.get("annexe") for part in document["parts"]}
    annexes = {one["id"]: one["titre"] for one in lieu.contenu["annexes"] if one["id"] not in there}
    with st.expander("Ajouter une partie", icon=":material/add:"):
        codes = [*annexes, ""]
        chosen = st.selectbox(
            "Ce qui s’ajoute", codes, format_func=lambda code: f"Annexe : {annexes[code]}" if code else "Un autre fichier Word",
            key=f"{PREFIX}{name}:quoi",
        )  # fmt: skip
        slots.place("annexe")
        template = ""
        if not chosen:
            template = st.text_input(
                "Nom du fichier Word", key=f"{PREFIX}{name}:fichier", max_chars=80, placeholder="page-de-garde.docx",
                help="Il se dépose ensuite sur la page Gabarits.",
            )  # fmt: skip
            slots.place("template")
        if st.button("Ajouter la partie", key=f"{PREFIX}{name}:ajouter"):
            apply(
                lieu, name, slots,
                lambda contenu, _: add_part(contenu, ident, annexe=chosen or None, template=template),
                "Partie ajoutée au brouillon.", vue=VUE, parties=ident,
            )  # fmt: skip
