"""Where the clerk's form sends what is typed: the services, at each change, with the session checked again each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from domain.errors import PortailError
from domain.forms.fields import Json
from services.adhesion import answers, dossiers, pieces, saisie
from services.adhesion.dossier_views import DossierView, SaisieRow, SaveResult
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.tokens import token_hash
from ui import page, session
from ui.adhesion.dossier_parts import Shared
from ui.forms import Found, state
from ui.forms.fills import changes_of_choice, changes_of_collectivite, find_collectivites
from ui.forms.words import in_words

Result = TypeVar("Result")
EXPIRED = "Votre session a expiré. Votre saisie a été mise de côté : elle sera reprise dès votre connexion."
LOST = "Votre session est fermée : reconnectez-vous. {} Recopiez-la si vous en avez besoin."
NOT_SAVED = "Votre dernière saisie, «\u00a0{}\u00a0», n’a pas été enregistrée."


class DossierSaver:
    """A `Saver` for one dossier, made anew at each run. `shared` receives the form as it is after a change, so that
    the parts that run again need not read it; without it the whole page runs again."""

    def __init__(self, view: DossierView, shared: Shared | None = None) -> None:
        self.dossier_id = view.id
        self.shared = shared
        self.parts: list[str] | None = None
        self.fields = view.offer.formset.fields
        self.prefix = f"d{view.id.hex[:12]}:"
        self.departements = tuple(view.centre.parametres.get("departements") or ())
        self.filling = frozenset(one.id for one in self.fields.values() if one.fills and one.options)

    def save(self, champ: str, raw: Json, version_vue: int) -> SaveResult | None:
        try:
            return self._save(champ, raw, version_vue)
        except Exception as error:  # the fields left with this one are still to be saved
            self._tell(page.log_unexpected(error))
            self._regret(champ, raw)
            return None

    def _save(self, champ: str, raw: Json, version_vue: int) -> SaveResult | None:
        acteur = session.current()
        if acteur is None:
            self._park(champ, raw, version_vue)
            return None
        if champ in self.filling:
            return self._save_and_fill(acteur, champ, raw, version_vue)
        if self.shared is None:
            result = self._try(answers.save_answer, acteur, self.dossier_id, champ, raw, version_vue=version_vue)
            if result is None:
                self._regret(champ, raw)
            return result
        saved = self._try(saisie.save_in_form, acteur, self.dossier_id, champ, raw, version_vue=version_vue)
        if saved is None:
            self._regret(champ, raw)
            return None
        self.parts = self.shared.receive(saved[1], champ)
        return saved[0]

    def settle(self) -> None:
        """Run again the parts that a plain change concerns; the whole page after anything else."""
        parts, self.parts = self.parts, None
        running = get_script_run_ctx()
        if self.shared is None or running is None or not running.fragment_ids_this_run:
            return  # a click came with the change, and the whole page is about to run for it: parts would stand in its way
        if parts is not None and len(parts) == 1:
            return  # the field's own part, which runs again by default
        try:
            st.rerun(parts if parts else "app")
        except StreamlitAPIException:
            return  # a part is gone since: the field's own part runs again, which is what happens by default

    def _regret(self, champ: str, raw: Json) -> None:
        """Add to the reason of a refusal what was typed: the field may be gone from the page."""
        self._tell(self._not_saved(champ, raw))

    def _tell(self, sentence: str) -> None:
        """Add a sentence to what the page will say: several fields may be left at once."""
        told = st.session_state.get(self._notice_key)
        st.session_state[self._notice_key] = f"{told} {sentence}" if told else sentence

    def _save_and_fill(self, acteur: Acteur, champ: str, raw: Json, version_vue: int) -> SaveResult | None:
        """As `save`, for a choice whose answer brings usual words with it."""
        before = self._open(acteur)
        result = self._try(answers.save_answer, acteur, self.dossier_id, champ, raw, version_vue=version_vue)
        if before is not None and result is not None and result.etat == "enregistre":
            held = {key: one.valeur for key, one in before.answers.items()}
            changes = changes_of_choice(before.offer.formset, held, champ, result.valeur)
            self._save_others(acteur, before, champ, changes)
        return result

    def choose(self, champ: str, siren: str) -> None:
        acteur = session.acteur()
        view = self._open(acteur)
        if view is not None:
            held = {key: one.valeur for key, one in view.answers.items()}
            self._save_others(acteur, view, "", changes_of_collectivite(view.offer.formset, held, champ, siren))

    def search(self, texte: str) -> Sequence[Found]:
        return find_collectivites(texte, self.departements)

    def attach(self, champ: str, nom: str, data: bytes) -> str | None:
        try:
            result = pieces.attach_file(
                session.portail(),
                session.acteur(),
                self.dossier_id,
                champ,
                nom=nom,
                data=data,
                operation_id=uuid4().hex,
            )
        except PortailError as error:
            return error.message
        return result.message if result.etat == "invalide" else None

    def remove(self, champ: str) -> str | None:
        acteur = session.acteur()
        view = self._open(acteur)
        held = view.answers.get(champ) if view else None
        if held is None or not isinstance(held.valeur, dict):
            return None
        try:
            pieces.remove_file(session.portail(), acteur, self.dossier_id, UUID(str(held.valeur["piece"])))
        except PortailError as error:
            return error.message
        return None

    def resolve(self, row: SaisieRow, *, keep: bool) -> None:
        self._try(answers.resolve_saisie, session.acteur(), row.id, keep=keep)
        state.forget(self, row.champ)

    def take_notice(self) -> str | None:
        """What the last change could not do, once; shown by the page, since callbacks run before it."""
        found: str | None = st.session_state.pop(self._notice_key, None)
        return found

    @property
    def _notice_key(self) -> str:
        return f"{self.prefix}avis"

    def _park(self, champ: str, raw: Json, version_vue: int) -> None:
        """The session is over: keep the value for the next login, when the session is one that only expired."""
        jeton = session.jeton()
        kept = bool(jeton) and answers.park_saisie(
            session.portail(), token_hash(jeton or ""), self.dossier_id, champ, raw, version_vue
        )
        page.notify(EXPIRED if kept else LOST.format(self._not_saved(champ, raw)), warning=True)

    def _not_saved(self, champ: str, raw: Json) -> str:
        """What was typed and is saved nowhere, to be read again."""
        return NOT_SAVED.format(in_words(self.fields[champ], raw))

    def _open(self, acteur: Acteur) -> DossierView | None:
        return self._try(dossiers.open_dossier, acteur, self.dossier_id)

    def _save_others(self, acteur: Acteur, view: DossierView, source: str, changes: Mapping[str, Json]) -> None:
        values = {
            champ: (raw, view.answers[champ].version if champ in view.answers else 0)
            for champ, raw in changes.items()
            if champ != source and view.may_edit(champ)
        }
        if values:
            self._try(answers.save_answers, acteur, self.dossier_id, values)
        for champ in values:
            state.forget(self, champ)

    def _try(self, action: Callable[..., Result], acteur: Acteur, *args: Any, **kwargs: Any) -> Result | None:
        portail: Portail = session.portail()
        try:
            return action(portail, acteur, *args, **kwargs)
        except PortailError as error:
            self._tell(error.message)
            return None


def show_refusal(saver: DossierSaver) -> None:
    """Say what the last change could not do, once."""
    notice = saver.take_notice()
    if notice:
        st.error(page.text(notice), icon=":material/error:")
