"""The texts of an offer's mails: the list by subject, and one text with its tags and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from domain.courriels import MAX_CORPS, MAX_OBJET, Variable
from domain.errors import Conflit, Invalide, split_faults
from services.courriels.textes import (
    TexteRow,
    TexteView,
    find_texte,
    list_textes,
    preview_texte,
    reset_texte,
    save_texte,
)
from services.offres.edition_formulaires import EditionView, OffreEditable, open_edition
from ui import page, session
from ui.html import bullet_list, day_and_time, href, lines, link, note, show
from ui.tables import Column, Listing, render_table

LISTING = Listing("courriels", "t", tri="libelle")
PREFIX = "courriels:"


@dataclass(frozen=True)
class Lieu:
    """The offer whose mails are shown."""

    offre: OffreEditable
    view: EditionView

    def url(self, **params: object) -> str:
        """Address of another part of the page, of the same offer unless `params` say otherwise."""
        return href("courriels", **({"centre": self.offre.centre_id, "offre": self.offre.code} | params))

    def go(self, **params: object) -> None:
        """Go there."""
        page.go("courriels", **({"centre": self.offre.centre_id, "offre": self.offre.code} | params))


def choose_offre(offres: list[OffreEditable]) -> OffreEditable:
    """The offer that the address names, else the first; a field to choose from when there are several."""
    keys = [f"{one.centre_id}:{one.code}" for one in offres]
    asked = f"{page.param('centre')}:{page.param('offre')}"
    at = keys.index(asked) if asked in keys else 0
    if len(offres) == 1:
        return offres[0]
    several = len({one.centre_id for one in offres}) > 1
    chosen = st.selectbox(
        "Offre",
        range(len(offres)),
        at,
        format_func=lambda i: f"{offres[i].titre} ({offres[i].centre})" if several else offres[i].titre,
        key=f"{PREFIX}offre",
    )
    if chosen != at:
        page.go("courriels", centre=offres[chosen].centre_id, offre=offres[chosen].code)
    return offres[chosen]


def show_textes(offres: list[OffreEditable]) -> None:
    """The list of the texts, or the one that the address names."""
    if not offres:
        st.info("Vous n’administrez aucune offre publiée : il n’y a pas de texte à récrire.")
        return
    offre = choose_offre(offres)
    view = page.load(open_edition, session.portail(), session.acteur(), offre.centre_id, offre.code)
    lieu = Lieu(offre, view)
    _show_status(lieu)
    asked = page.param("modele")
    _enter(f"{offre.centre_id}:{offre.code}:{asked}")
    if asked:
        _show_one(lieu, page.load(find_texte, view, asked))
    else:
        _show_list(lieu)


def _enter(here: str) -> None:
    """A text that was left and is opened again starts from what is kept: a change of one's own made meanwhile elsewhere would
    pass for somebody else's."""
    if st.session_state.get(f"{PREFIX}ici") != here:
        st.session_state[f"{PREFIX}ici"] = here
        for key in [key for key in st.session_state if str(key).startswith(PREFIX) and str(key).endswith(":version")]:
            del st.session_state[key]


def _show_status(lieu: Lieu) -> None:
    """What is in force, and the draft if there is one, with the way to publish it."""
    view = lieu.view
    publish = href("formulaires", centre=view.centre_id, offre=view.code, vue="changements")
    if view.draft_id is None:
        note(f"Version {view.numero} en vigueur. Votre premier changement commencera un brouillon de l’offre.")
        return
    by = f" par {view.modifiee_par}" if view.modifiee_par else ""
    when = f", modifié le {day_and_time(view.modifiee_le, view.fuseau)}{by}" if view.modifiee_le else ""
    text = Markup(
        '<p class="p-discret">Version {} en vigueur. Brouillon en cours{} : les courriels ne changent pas avant sa publication. {}</p>'
    )
    show(text.format(view.numero, when, link("Relire et publier le brouillon", publish)))


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
    here = f"{PREFIX}{lieu.view.centre_id}:{lieu.view.code}:{texte.modele.id}"
    st.session_state.setdefault(f"{here}:version", lieu.view.version)
    slots = page.Slots()
    objet = st.text_input("Objet", texte.objet, max_chars=MAX_OBJET, key=f"{here}:objet")
    slots.place("objet")
    corps = st.text_area("Texte", texte.corps, max_chars=MAX_CORPS, height=360, key=f"{here}:corps")
    slots.place("corps")
    note("Le portail ajoute la salutation, le nom du centre et la mention « message automatique ».")
    if st.button("Enregistrer dans le brouillon", type="primary", key=f"{here}:enregistrer"):
        _apply(lieu, texte, slots, here, objet or "", corps or "")
    if texte.propre and st.button("Revenir au texte du portail", key=f"{here}:retablir"):
        _ask_reset(lieu, texte, here)
    return objet or "", corps or ""


def _apply(lieu: Lieu, texte: TexteView, slots: page.Slots, here: str, objet: str, corps: str) -> None:
    conflicts: list[Conflit] = []

    def save() -> bool:
        try:
            return save_texte(
                session.portail(),
                session.acteur(),
                lieu.offre.centre_id,
                lieu.offre.code,
                st.session_state.get(f"{here}:version"),
                texte.modele.id,
                objet,
                corps,
            )
        except Conflit as error:
            conflicts.append(error)
            return False

    done, changed = slots.run(save)
    if conflicts:
        page.show_error(
            Conflit(
                "Le brouillon de l’offre a changé entre-temps. Ce que vous avez saisi est encore là : vérifiez, puis"
                " enregistrez de nouveau."
            )
        )
        st.session_state.pop(f"{here}:version", None)
    elif done:
        _forget(here)
        page.notify(
            "Texte enregistré dans le brouillon de l’offre : il servira quand le brouillon sera publié."
            if changed
            else "Rien n’a changé."
        )
        st.rerun()


def _ask_reset(lieu: Lieu, texte: TexteView, here: str) -> None:
    def act(_: str) -> bool:
        done, _changed = page.ran(
            reset_texte,
            session.portail(),
            session.acteur(),
            lieu.offre.centre_id,
            lieu.offre.code,
            lieu.view.version,
            texte.modele.id,
            succes="Le texte du portail est remis dans le brouillon : il servira quand le brouillon sera publié.",
        )
        if done:
            _forget(here)
        return done

    page.confirm(
        "Revenir au texte du portail ?",
        "Le texte propre à cette offre sera retiré du brouillon. Les versions publiées le gardent.",
        "Revenir au texte du portail",
        act,
        key=f"{here}:confirmer",
    )


def _forget(here: str) -> None:
    for key in [key for key in st.session_state if str(key).startswith(f"{here}:")]:
        del st.session_state[key]


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
        Markup("<code>{}</code> : {} (par exemple « {} »)").format(f"{{{{ {one.code} }}}}", one.libelle, one.exemple)
        for one in balises
    )
