"""Hours recorded after the end of a convention, at the centre: a list, and what becomes of each."""

from __future__ import annotations

import streamlit as st

from domain.formatting import date_courte, date_longue, duree
from domain.roles import Role
from services.convention.convention_views import ConventionView
from services.vie.heures_apres import RETRAITS, Decision, HeureRow, HeuresApres, open_late_hours, settle_late_hours
from ui import page, session
from ui.html import note

LATER = ""
LATER_LABEL = "Laisser pour le moment"


def show_late_hours(view: ConventionView) -> None:
    """Nothing for anybody but the responsable, nor when no hour is recorded after the last day."""
    if view.avenant or Role.RESPONSABLE not in view.roles:
        return
    late = page.load(open_late_hours, session.portail(), session.acteur(), view.id)
    if late is None:
        return
    st.header("Heures après la fin", anchor=False)
    several = "s" if late.total > 1 else ""
    st.warning(
        f"{late.total} intervention{several} ({duree(late.minutes)}) enregistrée{several} après le dernier jour, le "
        f"{date_longue(late.dernier_jour)}. Décidez de chacune : elles ne relèvent plus de cette convention.",
        icon=":material/history_toggle_off:",
    )
    _show_form(view, late)


def _show_form(view: ConventionView, late: HeuresApres) -> None:
    name = f"heures-apres:{view.id}"
    operation = page.operation_id(name)
    waiting = [row for row in late.lignes if not row.clos]
    if len(waiting) < len(late.lignes):
        note(
            "Les heures d’un mois clos ne changent plus. Le dernier mois clos se rouvre dans « Équipe », tant qu’aucun décompte"
            " émis ne le couvre."
        )
    with st.form(f"{name}:{operation}", border=True):
        whole = _show_whole(waiting, f"{name}:{operation}")
        chosen = {row.id: _show_row(row, f"{name}:{operation}") for row in late.lignes}
        if late.total > len(late.lignes):
            note(f"Les {late.total - len(late.lignes)} suivantes apparaîtront ensuite.")
        sent = st.form_submit_button("Appliquer les décisions", disabled=not waiting)
    if sent:
        found = [_decide(row, chosen[row.id] or whole) for row in waiting]
        decisions = [one for one in found if one is not None]
        done, count = page.ran(
            settle_late_hours, session.portail(), session.acteur(), view.id, decisions, operation_id=operation
        )
        if done:
            page.renew_operation(name)
            page.notify("Heures réglées : 1 ligne." if count == 1 else f"Heures réglées : {count} lignes.")
            st.rerun()


def _show_whole(rows: list[HeureRow], key: str) -> str:
    """One choice for all the lines that have none of their own, where there are several."""
    if len(rows) < 2:
        return LATER
    every = {str(ident): f"Déplacer vers la convention {numero}" for row in rows for ident, numero in row.vers}
    options = {LATER: "Rien de plus", **every, **RETRAITS}
    label = "Pour toutes les lignes laissées sans décision"
    return str(st.selectbox(label, list(options), format_func=lambda code: options[code], key=f"{key}:toutes"))


def _show_row(row: HeureRow, key: str) -> str:
    """One line, and the choice of what becomes of it; empty while nothing is chosen."""
    told, choice = st.columns([3, 2], vertical_alignment="center")
    about = f"{date_courte(row.jour)}, {duree(row.minutes)}, {row.assistant}"
    with told:
        st.markdown(f"{page.text(about)}  \n{page.text(row.nature)}")
    with choice:
        if row.clos:
            note("Mois clos")
            return LATER
        options = {LATER: LATER_LABEL}
        options |= {str(ident): f"Déplacer vers la convention {numero}" for ident, numero in row.vers}
        options |= RETRAITS
        return str(
            st.selectbox(
                f"Décision pour le {about}",
                list(options),
                format_func=lambda code: options[code],
                key=f"{key}:{row.id}",
                label_visibility="collapsed",
            )
        )


def _decide(row: HeureRow, chosen: str) -> Decision | None:
    """What was chosen for a line; None when nothing was, or a convention that does not cover its day."""
    if chosen in RETRAITS:
        return Decision(row.id, row.version, motif=chosen)
    target = next((ident for ident, _ in row.vers if str(ident) == chosen), None)
    return Decision(row.id, row.version, vers=target) if target else None
