"""What is said next to a field: the correction the centre asked for, mistakes, values waiting for a decision."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from domain.forms.fields import FieldError, parse_value
from services.adhesion.dossier_views import CorrectionRow, SaisieRow
from ui.forms.model import FieldView, Saver
from ui.forms.words import in_words, time_of
from ui.html import day
from ui.page import text


def show_correction(view: FieldView) -> None:
    """The centre's request, above the field it is about."""
    for row in view.model.corrections:
        if row.champ == view.field.id and row.etat in ("envoyee", "traitee"):
            _show_correction(row)


def _show_correction(row: CorrectionRow) -> None:
    said = f" : {text(row.texte)}" if row.texte else "."
    if row.etat == "traitee":
        st.info(f"Correction traitée ({row.motif_libelle.lower()}){said}", icon=":material/check:")
    else:
        st.warning(f"**Correction demandée** – {row.motif_libelle.lower()}{said}", icon=":material/edit:")


def show_messages(view: FieldView) -> None:
    """Mistakes (what was refused, what contradicts another answer), then what only deserves attention."""
    champ, evaluation = view.field.id, view.model.evaluation
    refused = refusal(view)
    problems = [message for message in evaluation.problems.get(champ, ()) if message != refused]
    for message in ([refused] if refused else []) + problems:
        st.error(text(message), icon=":material/error:")
    for message in evaluation.alerts.get(champ, ()):
        st.warning(text(message), icon=":material/warning:")


def refusal(view: FieldView) -> str | None:
    """Why what was typed is not the answer, when it was refused."""
    if not view.refused:
        return None
    try:
        parse_value(view.field, view.shown)
    except FieldError as error:
        return error.message
    return "Cette saisie n’a pas été enregistrée : modifiez-la pour l’enregistrer de nouveau."


def show_waiting(view: FieldView) -> None:
    """Values that wait for a decision: both are shown with their authors, one click keeps one. A value that this person
    typed and that was refused is already in the widget, with its message."""
    for saisie in view.model.saisies:
        if saisie.champ == view.field.id and not (saisie.mienne and saisie.motif == "invalide"):
            _show_waiting(view, saisie)


def _show_waiting(view: FieldView, saisie: SaisieRow) -> None:
    fuseau, field = view.model.fuseau, view.field
    answer = view.model.answers.get(field.id)
    held = "aucune réponse"
    if answer is not None:
        who = f" par {answer.modifiee_par_nom}" if answer.modifiee_par_nom else ""
        held = f"«\u00a0{in_words(field, answer.valeur)}\u00a0», enregistré{who} {_moment(answer.modifiee_le, fuseau)}"
    author = "vous" if saisie.mienne else saisie.auteur
    typed = f"«\u00a0{in_words(field, saisie.valeur)}\u00a0», saisi par {author} {_moment(saisie.le, fuseau)}"
    st.warning(
        f"{_why(saisie)} Choisissez la réponse à garder.\n\n- Dans le dossier : {text(held)}\n- En attente : {text(typed)}",
        icon=":material/call_split:",
    )
    if not view.disabled:
        with st.container(horizontal=True, gap="small"):
            _choice(
                view.saver, saisie, keep=True, label="Garder ma saisie" if saisie.mienne else "Reprendre cette saisie"
            )
            _choice(view.saver, saisie, keep=False, label="Garder la réponse du dossier")


def _why(saisie: SaisieRow) -> str:
    if saisie.motif == "session":
        return "La session avait expiré quand ce champ a été rempli."
    if saisie.motif == "invalide":
        return "Une saisie n’a pas pu être enregistrée."
    return "Ce champ a été changé par ailleurs pendant qu’on le remplissait."


def _moment(moment: datetime, fuseau: str) -> str:
    return f"le {day(moment, fuseau)} à {time_of(moment, fuseau)}"


def _choice(saver: Saver, saisie: SaisieRow, *, keep: bool, label: str) -> None:
    key = f"{saver.prefix}{saisie.champ}:{'garder' if keep else 'laisser'}-{saisie.id}"
    st.button(label, key=key, on_click=_on_choice, args=(saver, saisie, keep))


def _on_choice(saver: Saver, saisie: SaisieRow, keep: bool) -> None:
    saver.resolve(saisie, keep=keep)
    saver.settle()
