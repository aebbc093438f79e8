"""The settings form of a centre: typed in a draft of the browser session, saved all at once; and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import streamlit as st

from domain.errors import Conflit, Invalide
from domain.forms.fields import Json
from services.centre.centre_files import attach_annexe, attach_logo, remove_centre_file
from services.centre.parametres import ParametresInvalides, ParametresView, save_parametres
from services.core.piece_rows import PieceRow
from ui import page, session
from ui.forms import FormModel
from ui.forms.memory import MemorySaver
from ui.html import bullet_list, link, note, show
from ui.reading import render_piece

ANNEXE_HELP = (
    "Un document Word est inséré dans la convention ; un PDF est remis à côté et nommé dans la convention avec son"
    " empreinte. Sans fichier, une page d’attente le dit."
)


class SettingsDraft:
    """What is being changed, kept across the parts of the page, with the version it began from."""

    def __init__(self, view: ParametresView) -> None:
        self.view = view
        self.saver = MemorySaver(view.forms, f"parametres:{view.centre.id}:")
        self.version_key = f"{self.saver.prefix}version"
        if self.version_key not in st.session_state or (self.version != view.version and not self.changes):
            self.restart()

    @property
    def version(self) -> int:
        """Version of the settings that the draft began from."""
        return int(st.session_state[self.version_key])

    @property
    def start(self) -> dict[str, Json]:
        """Values that the draft began from."""
        found: dict[str, Json] = st.session_state[f"{self.saver.prefix}depart"]
        return found

    def restart(self) -> None:
        """Forget what was typed, start from what is saved."""
        for key in [key for key in st.session_state if str(key).startswith(self.saver.prefix)]:
            del st.session_state[key]
        st.session_state[self.version_key] = self.view.version
        st.session_state[f"{self.saver.prefix}depart"] = dict(self.view.valeurs)
        for champ, valeur in self.view.valeurs.items():
            if valeur is not None:
                self.saver.put(champ, valeur)

    @property
    def values(self) -> dict[str, Json]:
        """Value of every field; for a refused one, what was typed."""
        held = {champ: answer.valeur for champ, answer in self.saver.draft.answers.items()}
        held.update({champ: saisie.valeur for champ, saisie in self.saver.draft.saisies.items()})
        return {champ: held.get(champ) for champ in self.view.forms.fields}

    @property
    def changes(self) -> dict[str, Json]:
        """Fields whose value is no longer what the draft began from."""
        return {champ: valeur for champ, valeur in self.values.items() if valeur != self.start.get(champ)}

    def model(self, today: date) -> FormModel:
        """What the form renderer shows."""
        return self.saver.model(today, may_edit=lambda champ: self.view.modifiable, fuseau=self.view.centre.fuseau)


def show_save(draft: SettingsDraft, titles: Mapping[str, str]) -> None:
    """What has changed, the button that saves it, and the fields that prevent it."""
    count = len(draft.changes)
    message = "Aucune modification." if not count else f"{count} modification{'s' if count > 1 else ''} à enregistrer."
    note(message)
    with st.container(horizontal=True, gap="small"):
        saved = st.button(
            "Enregistrer les paramètres", type="primary", disabled=not count, key="parametres:enregistrer"
        )
        if count and st.button("Abandonner les modifications", type="tertiary", key="parametres:abandonner"):
            draft.restart()
            st.rerun()
    if saved:
        _save(draft, titles)


def _save(draft: SettingsDraft, titles: Mapping[str, str]) -> None:
    portail, acteur = session.portail(), session.acteur()
    try:
        save_parametres(portail, acteur, draft.view.centre.id, draft.changes, version_vue=draft.version)
    except ParametresInvalides as error:
        _show_faults(draft, error, titles)
        return
    except (Conflit, Invalide) as error:
        page.show_error(error)
        return
    del st.session_state[draft.version_key]
    page.notify("Paramètres enregistrés.")
    st.rerun()


def _show_faults(draft: SettingsDraft, error: ParametresInvalides, titles: Mapping[str, str]) -> None:
    """Each fault with a link to its part of the page; the message itself is also next to the field."""
    page.show_error(error)
    forms = draft.view.forms
    items = []
    for champ, message in error.erreurs.items():
        section = forms.place_of[champ][1] if champ in forms.place_of else ""
        target = page.url_of("parametres", onglet=section or None)
        items.append(link(f"{titles.get(section, 'Paramètres')} – {message}", target, here=True))
    show(bullet_list(items))


@dataclass(frozen=True)
class CentreUpload:
    """One file of the centre: `nom` identifies it, `kinds` are the extensions accepted."""

    nom: str
    titre: str
    aide: str
    kinds: Sequence[str]
    limit: int


def show_centre_files(view: ParametresView, limit: int) -> None:
    """The logo, then each annex that the centre supplies."""
    aide = "PNG ou JPEG, 1 Mo au plus. Il figure en tête du portail et des documents."
    show_upload(view, CentreUpload("logo", "Logo", aide, ["png", "jpg", "jpeg"], 1), view.logo, attach_logo)
    for annexe in view.annexes:
        upload = CentreUpload(annexe.id, annexe.titre, ANNEXE_HELP, ["docx", "pdf"], limit)
        show_upload(view, upload, annexe.piece, attach_annexe, annexe.id)


def show_upload(
    view: ParametresView, upload: CentreUpload, piece: PieceRow | None, attach: Callable[..., None], *target: str
) -> None:
    """The current file, and the form that replaces it. `target` goes to `attach` after the centre."""
    st.subheader(upload.titre, anchor=False)
    note(upload.aide)
    if piece is None:
        st.markdown("Aucun fichier.")
    else:
        show(bullet_list([render_piece(piece, view.centre.fuseau)], "p-fichiers"))
    if not view.modifiable:
        return
    name = f"fichier-centre:{view.centre.id}:{upload.nom}"
    operation = page.operation_id(name)
    with st.form(name, border=False):
        given = st.file_uploader(
            f"{'Remplacer' if piece else 'Déposer'} le fichier ({', '.join(kind.upper() for kind in upload.kinds)})",
            type=list(upload.kinds),
            key=f"{name}:{operation}",
            max_upload_size=upload.limit,
        )
        sent = st.form_submit_button("Enregistrer le fichier")
    if sent:
        _attach(view.centre.id, name, given, attach, target, operation)
    if piece is not None and st.button(
        "Retirer ce fichier", key=f"{name}:retirer", type="tertiary", icon=":material/delete:"
    ):
        page.confirm(
            "Retirer le fichier",
            "Les documents émis ensuite n’en tiendront plus compte. Ceux qui sont déjà émis ne changent pas.",
            "Retirer le fichier",
            lambda _: _remove(piece.id),
            key=f"{name}:retirer",
        )


def _attach(
    centre_id: UUID, name: str, given: Any, attach: Callable[..., None], target: Sequence[str], operation: str
) -> None:
    if given is None:
        st.error("Choisissez d’abord un fichier.", icon=":material/error:")
        return
    with st.spinner("Vérification du fichier…"):
        done, _ = page.ran(
            attach,
            session.portail(),
            session.acteur(),
            centre_id,
            *target,
            nom=given.name,
            data=given.getvalue(),
            operation_id=operation,
            succes="Fichier enregistré.",
        )
    if done:
        page.renew_operation(name)
        st.rerun()


def _remove(piece_id: UUID) -> bool:
    done, _ = page.ran(remove_centre_file, session.portail(), session.acteur(), piece_id, succes="Fichier retiré.")
    return done
