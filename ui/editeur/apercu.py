"""The form as people will see it, filled in for oneself: nothing typed here is kept anywhere but in the browser session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import streamlit as st

from domain.definitions import DefinitionError
from domain.forms.fields import FieldError, parse_value
from domain.forms.formset import FormSet
from domain.offer import read_offer
from services.core import clock
from ui.editeur.lieu import PREFIX, Lieu
from ui.editeur.liste import show_faults
from ui.forms import render_form
from ui.forms.memory import MemorySaver
from ui.html import note
from ui.reading import show_form

VUS = {"collectivite": "La collectivité, qui répond", "centre": "Le centre, qui relit"}


def show_preview(lieu: Lieu) -> None:
    """The form of the draft, as a collectivité fills it in or as the centre reads it. Both share the same answers."""
    try:
        formset = read_offer(lieu.contenu).formset
    except DefinitionError as error:
        show_faults(error.faults)
        note("L’aperçu reviendra quand ce sera corrigé.")
        return
    vu = st.radio("Vu par", list(VUS), format_func=VUS.__getitem__, horizontal=True, key=f"{PREFIX}apercu:vu")
    note("Aperçu du brouillon : ce que vous saisissez ici n’est enregistré dans aucun dossier.")
    saver = _saver(lieu, formset)
    model = saver.model(clock.today(lieu.view.fuseau), fuseau=lieu.view.fuseau)
    form = formset.form(lieu.form_id)
    if vu == "collectivite":
        render_form(model, form)
        return
    read: Any = SimpleNamespace(
        evaluation=model.evaluation,
        answers=model.answers,
        pieces=tuple(model.pieces),
        corrections=(),
        centre=SimpleNamespace(fuseau=lieu.view.fuseau),
        cote_centre=True,
    )
    show_form(read, form)


def _saver(lieu: Lieu, formset: FormSet) -> MemorySaver:
    """Answers of the preview. Each state of the draft has widgets of its own, for a question may have changed shape; the
    answers that still fit follow."""
    base = f"{PREFIX}apercu:{lieu.offre.centre_id}:{lieu.offre.code}:"
    prefix = f"{base}{lieu.view.numero}:{lieu.view.version or 0}:"
    saver = MemorySaver(formset, prefix)
    former = st.session_state.get(f"{base}courant")
    if former != prefix:
        st.session_state[f"{base}courant"] = prefix
        earlier = st.session_state.get(f"{former}brouillon")
        for champ, answer in earlier.answers.items() if earlier else ():
            if champ in formset.fields and _fits(formset, champ, answer.valeur):
                saver.put(champ, answer.valeur)
        if earlier:
            saver.draft.pieces.update(earlier.pieces)
            _forget(str(former))
        else:
            for champ, valeur in formset.defaults().items():
                saver.put(champ, valeur)
    return saver


def _fits(formset: FormSet, champ: str, valeur: Any) -> bool:
    try:
        return parse_value(formset.fields[champ], valeur) is not None
    except FieldError:
        return False


def _forget(prefix: str) -> None:
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        del st.session_state[key]
