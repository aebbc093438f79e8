"""The tariffs of a centre: those voted, and the form that records one more year."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.errors import PortailError
from domain.formatting import date_courte, euros
from services.centre.tarifs import FIELDS, TarifRow, list_centre_tarifs, list_codes, save_tarif
from ui import page, session
from ui.html import note, show

EXAMPLES = {"annee": "2027", "montant": "67 980,00", "numero": "2026-51", "date": "JJ/MM/AAAA"}


def show_tarifs(centre_id: UUID, *, modifiable: bool) -> None:
    """Every tariff, then the form. What is issued already keeps the tariff it was made with."""
    portail, acteur = session.portail(), session.acteur()
    st.subheader("Tarifs votés", anchor=False)
    note(
        "Un tarif vaut pour une année. Sans tarif de l’année, une convention ne part qu’après vérification du dernier voté."
    )
    rows = page.load(list_centre_tarifs, portail, acteur, centre_id)
    if rows:
        show(_render(rows))
    else:
        st.info("Aucun tarif n’est enregistré : aucune convention ne peut être acceptée avant le premier.")
    codes = page.load(list_codes, portail, acteur, centre_id)
    if modifiable and codes:
        _show_form(centre_id, codes)


def _render(rows: list[TarifRow]) -> Markup:
    body = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Année">{}</th><td data-titre="Prestation">{}</td>'
            '<td data-titre="Montant" class="p-nombre">{}</td><td data-titre="Délibération">{}</td></tr>'
        ).format(row.annee, row.libelle, euros(row.montant), _act(row))
        for row in rows
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Tarifs votés</caption><thead><tr><th scope="col">Année</th>'
        '<th scope="col">Prestation</th><th scope="col" class="p-nombre">Montant</th><th scope="col">Délibération</th></tr>'
        "</thead><tbody>{}</tbody></table></div>"
    ).format(body)


def _act(row: TarifRow) -> str:
    day = f"du {date_courte(row.date)}" if row.date else ""
    return " ".join(part for part in (f"n° {row.numero}" if row.numero else "", day) if part) or "–"


def _show_form(centre_id: UUID, codes: dict[str, str]) -> None:
    st.subheader("Enregistrer un tarif", anchor=False)
    name = f"tarif:{centre_id}"
    turn = page.operation_id(name)
    errors: dict[str, str] = st.session_state.setdefault(f"{name}:erreurs", {})
    with st.form(f"{name}:{turn}", border=False, width=560):
        code = st.selectbox("Prestation", list(codes), format_func=lambda one: codes[one], key=f"{name}:code:{turn}")
        typed: dict[str, str] = {}
        for champ, field in FIELDS.items():
            label = f"{field.label} en euros" if champ == "montant" else field.label
            typed[champ] = st.text_input(label, key=f"{name}:{champ}:{turn}", placeholder=EXAMPLES[champ]) or ""
            if champ in errors:
                st.error(page.text(errors[champ]), icon=":material/error:")
        sent = st.form_submit_button("Enregistrer le tarif", type="primary")
    if not sent:
        return
    errors.clear()
    try:
        save_tarif(session.portail(), session.acteur(), centre_id, code or "", typed)
    except PortailError as error:
        if error.champ not in FIELDS:
            page.show_error(error)
            return
        errors[error.champ] = error.message
    else:
        page.renew_operation(name)
        page.notify("Tarif enregistré.")
    st.rerun()
