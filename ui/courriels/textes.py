"""The texts of an offer's mails: the list by subject, and one text with its tags and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from markupsafe import Markup

from domain.courriels import MAX_CORPS, MAX_OBJET, Variable
from domain.errors import Invalide, split_faults
from domain.offer.mail_editing import reset_text, set_text
from services.courriels.textes import TexteRow, TexteView, find_texte, list_textes, preview_texte
from ui import page, session
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm, enter
from ui.editeur.publication import show_publication, show_status
from ui.html import bullet_list, lines, link, note, show
from ui.tables import Column, Listing, render_table

ECRAN = "courriels"
LISTING = Listing(ECRAN, "t", tri="libelle")


def show_textes(lieu: Lieu) -> None:
    """The list of the texts, or the one that the address names."""
    asked = page.param("modele")
    enter(f"{ECRAN} {lieu.offre.centre_id} {lieu.offre.code} {asked}")
    show_status(lieu)
    if asked:
        _show_one(lieu, page.load(find_texte, lieu.view, asked))
    else:
        _show_list(lieu)


def show_changes(lieu: Lieu) -> None:
    """What the offer's draft changes, and its publication."""
    enter(f"{ECRAN} changements")
    show_status(lieu)
    note("Les textes des courriels servent dès la publication, pour les dossiers commencés aussi.")
    with st.container(width=820):
        show_publication(lieu)


def _show_list(lieu: Lieu) -> None:
    for groupe in list_textes(lieu.view):
        st.subheader(groupe.sujet.libelle, anchor=False)
        if not groupe.sujet.offre:
            note("Ces textes sont les mêmes pour toutes les offres ; ils se lisent ici.")
        columns = (
            Column[TexteRow]("Courriel", lambda row: row.libelle, vers=lambda row: lieu.url(modele=row.id)),
            Column[TexteRow]("Envoyé quand", lambda row: row.quand),
            *((Column[TexteRow]("Texte", _tell_state, court=True),) if groupe.sujet.offre else ()),
        )
        show(render_table(LISTING, groupe.textes, columns, groupe.sujet.libelle))


def _tell_state(row: TexteRow) -> str:
    if row.change:
        return "Modifié dans le brouillon"
    return "Récrit pour l’offre" if row.propre else "Texte du portail"


def _show_one(lieu: Lieu, texte: TexteView) -> None:
    """One mail: its text to change on the left, what it becomes on the right."""
    modele = texte.modele
    show(link("Tous les textes", lieu.url(), here=True))
    st.subheader(modele.libelle, anchor=False)
    note(modele.quand)
    left, right = st.columns(2, gap="large")
    with left:
        objet, corps = _fields(lieu, texte) if texte.editable else (texte.objet, texte.corps)
        if not texte.editable:
            st.info("Ce texte est le même pour toutes les offres : il ne se change pas ici.")
    with right:
        _show_preview(lieu, texte, objet, corps)
    if texte.editable:
        show(Markup("<h3>Balises de ce courriel</h3>"), _tags(texte.balises))
        note("Une partie qui dépend d’une balise s’écrit {% if balise %}…{% endif %}.")


def _fields(lieu: Lieu, texte: TexteView) -> tuple[str, str]:
    """The text being typed, and what may be done with it."""
    modele_id = texte.modele.id
    name = f"courriel:{modele_id}"
    lieu.held_version(name)
    slots = page.Slots()
    objet = st.text_input("Objet", texte.objet, max_chars=MAX_OBJET, key=f"{PREFIX}{name}:objet") or ""
    slots.place("objet")
    corps = st.text_area("Texte", texte.corps, max_chars=MAX_CORPS, height=360, key=f"{PREFIX}{name}:corps") or ""
    slots.place("corps")
    note("Le portail ajoute la salutation, le nom du centre et la mention « message automatique ».")
    if st.button("Enregistrer dans le brouillon", type="primary", key=f"{PREFIX}{name}:enregistrer"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _permanents: set_text(contenu, modele_id, objet, corps),
            "Texte enregistré dans le brouillon de l’offre : il servira quand le brouillon sera publié.",
            modele=modele_id,
        )
    if texte.propre and st.button("Revenir au texte du portail", key=f"{PREFIX}{name}:retablir"):
        confirm(
            lieu,
            name,
            "Revenir au texte du portail ?",
            "Le texte propre à cette offre sera retiré du brouillon. Les versions publiées le gardent.",
            "Revenir au texte du portail",
            lambda contenu, _permanents: reset_text(contenu, modele_id),
            "Le texte du portail est remis dans le brouillon : il servira quand le brouillon sera publié.",
        )
    return objet, corps


def _show_preview(lieu: Lieu, texte: TexteView, objet: str, corps: str) -> None:
    st.markdown("**Aperçu, avec des valeurs d’exemple**")
    try:
        written = preview_texte(session.portail(), session.acteur(), lieu.view, texte.modele.id, objet, corps)
    except Invalide as error:
        for fault in split_faults(error):
            page.show_error(fault)
        return
    with st.container(border=True):
        show_mail(written.objet, written.corps)


def show_mail(objet: str, corps: str) -> None:
    """A mail as its recipient reads it: plain text."""
    show(Markup("<p><strong>{}</strong></p><p>{}</p>").format(objet, lines(corps.strip())))


def _tags(balises: Iterable[Variable]) -> Markup:
    return bullet_list(
        Markup("<code>{}</code> : {} (par exemple « {} »)").format(f"{{{{ {one.code} }}}}", one.libelle, one.montre)
        for one in balises
    )
