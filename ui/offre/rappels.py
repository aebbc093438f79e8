"""The reminders of an offer: before which deadlines, how many days before, to whom."""

from __future__ import annotations

from typing import Any

import streamlit as st

from domain.offer.editing import read_term
from domain.offer.reminder_editing import list_rappels, update_rappels
from domain.offer.terms import ECHEANCES
from domain.roles import Role
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply
from ui.html import note

NAME = "rappels"


def show_reminders(lieu: Lieu) -> None:
    """Every reminder, saved at once; a last line adds one."""
    slots = page.Slots()
    lieu.held_version(NAME)
    st.subheader("Rappels", anchor=False)
    note(
        "Un courriel part une fois par échéance, délai et personne. Videz les jours d’un rappel pour le retirer ; 0 est le jour même. Les"
        " textes se récrivent sur la page Courriels. Les rappels publiés valent pour toutes les conventions en cours."
    )
    if read_term(lieu.contenu, "denonciation.mode") == "preavis":
        note(
            "Cette offre se dénonce à tout moment : elle n’a pas de dernier jour pour dénoncer, et ce rappel ne part pas."
        )
    rows = list_rappels(lieu.contenu)
    given = [_draw(rank, row, slots) for rank, row in enumerate(rows)]
    with st.expander("Ajouter un rappel", icon=":material/add:", expanded=not rows):
        given.append(_draw(len(rows), {}, slots))
    if st.button("Enregistrer les rappels", type="primary", key=f"{PREFIX}{NAME}:enregistrer"):
        apply(
            lieu,
            NAME,
            slots,
            lambda contenu, _: update_rappels(contenu, given),
            "Rappels enregistrés dans le brouillon.",
            vue=NAME,
        )


def _draw(rank: int, row: dict[str, Any], slots: page.Slots) -> dict[str, Any]:
    """One line: its deadline (chosen when it is new), its days, its roles."""
    key = f"{PREFIX}{NAME}:{rank}"
    kind = row.get("echeance")
    with st.container(border=bool(row)):
        if kind:
            st.markdown(f"**{ECHEANCES.get(kind, kind)}**")
        else:
            kind = st.selectbox(
                "Échéance", list(ECHEANCES), None, format_func=ECHEANCES.__getitem__, key=f"{key}:echeance",
                placeholder="Choisissez une échéance",
            )  # fmt: skip
            slots.place(f"{rank}.echeance")
        named = f" ({ECHEANCES[kind].lower()})" if row and kind in ECHEANCES else ""
        typed = st.text_input(
            "Jours avant" + named, ", ".join(str(day) for day in row.get("jours_avant", ())), key=f"{key}:jours",
            placeholder="60, 30, 7", max_chars=60, width=360,
        )  # fmt: skip
        slots.place(f"{rank}.jours_avant")
        with st.container(horizontal=True, gap="small"):
            roles = [
                role.value
                for role in Role
                if st.checkbox(role.label, role in row.get("roles", ()), key=f"{key}:{role.value}", width="content")
            ]
        slots.place(f"{rank}.roles")
    return {"echeance": kind, "jours_avant": typed, "roles": roles}
