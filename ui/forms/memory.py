"""Answers kept in the browser session only: the live preview of a form, and the renderer's own tests.

It behaves as a dossier does: what is refused is kept as typed and shown again, what a colleague changed meanwhile makes a
conflict, a chosen collectivité fills the other fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import streamlit as st

from domain.forms.evaluation import Evaluation, evaluate
from domain.forms.fields import FieldError, Json, parse_value
from domain.forms.formset import FormSet
from models import utc_now
from services.adhesion.dossier_views import Answer, SaisieRow, SaveResult
from services.core.piece_rows import PieceRow
from ui.forms import state
from ui.forms.fills import changes_of_choice, changes_of_collectivite, find_collectivites
from ui.forms.model import FormModel, Found

SELF = "vous"


@dataclass
class Draft:
    """What a preview holds: plain values, in `st.session_state`."""

    answers: dict[str, Answer] = field(default_factory=dict)
    saisies: dict[str, SaisieRow] = field(default_factory=dict)
    pieces: dict[UUID, PieceRow] = field(default_factory=dict)


class MemorySaver:
    """A `Saver` whose answers are those of a draft of the browser session, under the name `prefix`."""

    def __init__(self, formset: FormSet, prefix: str) -> None:
        self.formset = formset
        self.prefix = prefix

    @property
    def draft(self) -> Draft:
        """The draft, made on first use."""
        found: Draft = st.session_state.setdefault(f"{self.prefix}brouillon", Draft())
        return found

    def model(self, today: date, **extra: Any) -> FormModel:
        """What to render now; `extra` goes to `FormModel`."""
        draft = self.draft
        return FormModel(
            evaluation=self.evaluation(today),
            saver=self,
            answers=draft.answers,
            saisies=tuple(draft.saisies.values()),
            pieces=tuple(draft.pieces.values()),
            **extra,
        )

    def evaluation(self, today: date) -> Evaluation:
        """State of every field for the draft's answers."""
        return evaluate(self.formset, {champ: one.valeur for champ, one in self.draft.answers.items()}, today)

    def put(self, champ: str, valeur: Json, auteur: str = SELF) -> Answer:
        """Make `valeur` the answer of `champ`."""
        version = self.draft.answers[champ].version + 1 if champ in self.draft.answers else 1
        self.draft.answers[champ] = Answer(valeur, version, utc_now(), auteur)
        return self.draft.answers[champ]

    def save(self, champ: str, raw: Json, version_vue: int) -> SaveResult:
        draft = self.draft
        held = draft.answers.get(champ)
        version, when = (held.version, held.modifiee_le) if held else (0, None)
        stored = held.valeur if held else None
        try:
            value = parse_value(self.formset.fields[champ], raw)
        except FieldError as error:
            self._wait(champ, "invalide", raw)
            return SaveResult("invalide", stored, version, when, error.message)
        draft.saisies.pop(champ, None)
        if value == stored:
            return SaveResult("inchange", value, version, when)
        if held and held.version != version_vue:
            self._wait(champ, "conflit", value)
            return SaveResult("conflit", stored, version, when, autre=(stored, held.modifiee_par_nom or ""))
        changes = changes_of_choice(self.formset, self._values(), champ, value)
        kept = self.put(champ, value)
        self._save_others(champ, changes)
        return SaveResult("enregistre", value, kept.version, kept.modifiee_le)

    def _values(self) -> dict[str, Json]:
        return {key: one.valeur for key, one in self.draft.answers.items()}

    def _save_others(self, champ: str, changes: Mapping[str, Json]) -> None:
        for target, raw in changes.items():
            if target != champ:
                held = self.draft.answers.get(target)
                self.save(target, raw, held.version if held else 0)
                state.forget(self, target)

    def _wait(self, champ: str, motif: Any, valeur: Json) -> None:
        self.draft.saisies[champ] = SaisieRow(uuid4(), champ, motif, valeur, SELF, utc_now(), mienne=True)

    def attach(self, champ: str, nom: str, data: bytes) -> str | None:
        if not data:
            return "Ce fichier est vide : choisissez-en un autre."
        ident = uuid4()
        self.draft.pieces[ident] = PieceRow(
            ident, nom, len(data), "reponse", champ, "application/octet-stream", utc_now(), None, ()
        )
        digest = hashlib.sha256(data).hexdigest()
        self.put(champ, {"piece": str(ident), "nom": nom, "sha256": digest, "taille": len(data)})
        return None

    def remove(self, champ: str) -> str | None:
        self.draft.answers.pop(champ, None)
        return None

    def resolve(self, row: SaisieRow, *, keep: bool) -> None:
        self.draft.saisies.pop(row.champ, None)
        if keep:
            self.put(row.champ, row.valeur)

    def search(self, texte: str) -> Sequence[Found]:
        return find_collectivites(texte)

    def choose(self, champ: str, siren: str) -> None:
        changes = changes_of_collectivite(self.formset, self._values(), champ, siren)
        self.put(champ, siren)
        self._save_others(champ, changes)

    def settle(self) -> None:
        """The whole form runs again by itself."""
