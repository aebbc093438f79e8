"""Depositing a signed document: the file, the date and the name of the signatory; errors next to their field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from domain.errors import PortailError
from ui import page
from ui.dates import day_input, read_day_or_error

Submit = Callable[..., str]
"""Called with nom, data, date_signature, signataire, operation_id; gives the convention's state, or raises PortailError."""

ANNOUNCED = {
    "a_signer": "Rien n’est déposé : la convention est de nouveau à signer par la collectivité.",
    "signee_collectivite": "Convention signée déposée. Elle attend la signature du centre.",
    "annulee": "Rien n’est déposé : la convention est annulée.",
}
"""What is said of the state that a deposit leaves, in place of the usual words: another person may have acted meanwhile."""


def show_signature_form(name: str, label: str, submit: Submit, *, limit: int, done: str, expected: str = "") -> None:
    """The form of one deposit. What was given stays when it is refused; a double click deposits once. `done` is said once
    the convention is signed by both parties; `expected` is the signatory proposed."""
    operation = page.operation_id(name)
    errors: dict[str, str] = st.session_state.setdefault(f"{name}:erreurs", {})
    with st.form(f"{name}:{operation}", border=True, width=720):
        uploaded = st.file_uploader(
            f"Document signé (PDF, {limit} Mo au plus)",
            type=["pdf"],
            key=f"{name}:fichier:{operation}",
            max_upload_size=limit,
        )
        _error(errors, "fichier")
        signed_on = day_input("Date de la signature", key=f"{name}:date:{operation}", width=260)
        _error(errors, "date_signature")
        who = st.text_input(
            "Prénom, nom et qualité du signataire",
            expected[:200],
            max_chars=200,
            key=f"{name}:signataire:{operation}",
        )
        _error(errors, "signataire")
        sent = st.form_submit_button(label, type="primary")
    if sent:
        errors.clear()
        day = _read(errors, uploaded, signed_on, who or "")
        if not errors:
            _submit(name, errors, submit, done, uploaded, day, (who or "").strip(), operation)
        st.rerun()
    _error(errors, "")


def _read(errors: dict[str, str], uploaded: object, signed_on: str, who: str) -> date | None:
    """The day typed; what is missing or wrong goes to `errors`, by field."""
    day, wrong = read_day_or_error(signed_on)
    if uploaded is None:
        errors["fichier"] = "Choisissez le PDF du document signé."
    if wrong:
        errors["date_signature"] = wrong
    elif day is None:
        errors["date_signature"] = "Indiquez la date de la signature."
    if not who.strip():
        errors["signataire"] = "Indiquez qui a signé."
    return day


def _submit(
    name: str,
    errors: dict[str, str],
    submit: Submit,
    done: str,
    uploaded: Any,
    signed_on: Any,
    who: str,
    operation: str,
) -> None:
    try:
        with st.spinner("Vérification du document…"):
            etat = submit(
                nom=uploaded.name,
                data=uploaded.getvalue(),
                date_signature=signed_on,
                signataire=who,
                operation_id=operation,
            )
    except PortailError as error:
        place = error.champ if error.champ in ("fichier", "date_signature", "signataire") else ""
        errors[place or ""] = error.message
        return
    page.renew_operation(name)
    page.notify(ANNOUNCED.get(etat, done))


def _error(errors: dict[str, str], champ: str) -> None:
    if champ in errors:
        st.error(page.text(errors[champ]), icon=":material/error:")
