"""Where one is in the form editor: everything is in the address, so that links, F5 and the Back button work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from domain.errors import Conflit
from domain.forms.check_editing import setting_fields
from domain.forms.editing import Contenu, find_form, nature_of, readable_fields
from domain.forms.fields import Field
from services.offres.edition_formulaires import EditionView, OffreEditable, Operation, edit_offer, open_edition
from ui import page, session
from ui.html import href

PREFIX = "editeur:"
PANELS = ("champ", "ajouter", "partie", "etape", "controle", "etat", "action", "ligne", "nouveau")
"""Parameters of the address that open a panel in place of the list."""
VUES = {
    "questions": "Questions",
    "etapes": "Étapes",
    "apercu": "Aperçu",
    "changements": "Changements et publication",
}


@dataclass(frozen=True)
class Lieu:
    """An offer being edited and the form that is shown. `ecran` is the page that shows it: its forms, or all the rest."""

    offre: OffreEditable
    view: EditionView
    form_id: str = ""
    ecran: str = "formulaires"

    @property
    def contenu(self) -> Contenu:
        return self.view.contenu

    @property
    def form(self) -> Contenu:
        return find_form(self.contenu, self.form_id)

    @property
    def fields(self) -> dict[str, Field]:
        """What conditions may read: the fields, with their options, then what the offer is set to."""
        nature = nature_of(self.contenu, self.form_id)
        return readable_fields(self.contenu, nature) | setting_fields(self.contenu)

    def url(self, **params: object) -> str:
        """Address of another part of the editor, of the same offer and form unless `params` say otherwise."""
        here = {"centre": self.offre.centre_id, "offre": self.offre.code, "formulaire": self.form_id}
        return href(self.ecran, **(here | params))

    def go(self, **params: object) -> None:
        """Go there."""
        here = {"centre": self.offre.centre_id, "offre": self.offre.code, "formulaire": self.form_id}
        page.go(self.ecran, **{key: value for key, value in (here | params).items() if value != ""})

    def held_version(self, name: str) -> int | None:
        """Version of the draft that the panel `name` was opened with: what is typed there is about that one."""
        found: int | None = st.session_state.setdefault(f"{PREFIX}{name}:version", self.view.version)
        return found


def forget(name: str) -> None:
    """Forget what was typed in the panel `name`: it starts again from what is kept."""
    for key in [key for key in st.session_state if str(key).startswith(f"{PREFIX}{name}:")]:
        del st.session_state[key]


def enter(name: str) -> None:
    """The part of the editor that is shown now. One that was left and is opened again starts from what is kept, or a change
    of one's own made meanwhile elsewhere would pass for somebody else's."""
    if st.session_state.get(f"{PREFIX}ici") != name:
        st.session_state[f"{PREFIX}ici"] = name
        for key in [key for key in st.session_state if str(key).startswith(PREFIX)]:
            if str(key).endswith((":version", ":lignes")):
                del st.session_state[key]


def apply(lieu: Lieu, name: str, slots: page.Slots, operation: Operation, succes: str, **then: Any) -> None:
    """Make one change typed in the panel `name`, then go where `then` says. What is refused is said beside its field; after
    a conflict what was typed stays, and may be saved again over the other person's changes."""
    conflicts: list[Conflit] = []
    done, changed = slots.run(_edit, lieu, name, operation, conflicts)
    if conflicts:
        now = page.load(open_edition, session.portail(), session.acteur(), lieu.offre.centre_id, lieu.offre.code)
        by = f" par {now.modifiee_par}" if now.draft_id and now.modifiee_par else ""
        page.show_error(
            Conflit(
                f"Le brouillon a changé entre-temps{by}. Ce que vous avez saisi est encore là : vérifiez, puis"
                " enregistrez de nouveau."
            )
        )
        st.session_state.pop(f"{PREFIX}{name}:version", None)
    elif done:
        forget(name)
        page.notify(succes if changed else "Rien n’a changé.")
        lieu.go(**then)


def _edit(lieu: Lieu, name: str, operation: Operation, conflicts: list[Conflit]) -> bool:
    portail, acteur = session.portail(), session.acteur()
    try:
        return edit_offer(portail, acteur, lieu.offre.centre_id, lieu.offre.code, lieu.held_version(name), operation)
    except Conflit as error:
        conflicts.append(error)
        return False


def confirm(lieu: Lieu, name: str, titre: str, texte: str, libelle: str, operation: Operation, succes: str) -> None:
    """As `apply`, after a question."""

    def act(_: str) -> bool:
        done, _changed = page.ran(
            edit_offer,
            session.portail(),
            session.acteur(),
            lieu.offre.centre_id,
            lieu.offre.code,
            lieu.held_version(name),
            operation,
            succes=succes,
        )
        if done:
            forget(name)
            for key in PANELS:
                st.query_params.pop(key, None)
        return done

    page.confirm(titre, texte, libelle, act, key=f"{PREFIX}{name}:confirmer")


def choose_offre(offres: list[OffreEditable], ecran: str = "formulaires") -> OffreEditable:
    """The offer that the address names, else the first; a list to choose from when there are several."""
    asked = (str(page.param("centre")), str(page.param("offre")))
    at = next((i for i, one in enumerate(offres) if (str(one.centre_id), one.code) == asked), 0)
    if len(offres) == 1:
        return offres[0]
    several = len({one.centre_id for one in offres}) > 1
    chosen = st.selectbox(
        "Offre",
        range(len(offres)),
        at,
        format_func=lambda i: f"{offres[i].centre} – {offres[i].titre}" if several else offres[i].titre,
        key=f"{PREFIX}offre",
    )
    if chosen != at:
        page.go(ecran, centre=offres[chosen].centre_id, offre=offres[chosen].code)
    return offres[chosen]


def choose_form(lieu: Lieu, vue: str) -> Lieu:
    """The form that the address names, else the first; a list to choose from where a form is shown."""
    titles = {str(form["id"]): f"{i}. {form['title']}" for i, form in enumerate(lieu.contenu["forms"], 1)}
    ids = list(titles)
    at = ids.index(lieu.form_id) if lieu.form_id in ids else 0
    found = replace(lieu, form_id=ids[at])
    opened = [f"{name}:{page.param(name)}" for name in PANELS if page.param(name)]
    enter(" ".join([vue, ids[at], *opened]))
    if vue not in ("questions", "apercu") or (opened and vue == "questions"):
        return found
    chosen = st.selectbox("Étape", ids, at, format_func=titles.__getitem__, key=f"{PREFIX}etape:{vue}:{ids[at]}")
    if chosen != ids[at]:
        page.go("formulaires", centre=lieu.offre.centre_id, offre=lieu.offre.code, formulaire=chosen, vue=vue)
    return found
