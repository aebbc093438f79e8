"""The week day by day, without a grid: what is recorded, a form to correct one line, a link to add one to a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from domain.errors import PortailError
from domain.formatting import duree
from domain.releve import day_label
from services.activite.grille import LigneGrille
from services.activite.interventions import record_interventions
from services.activite.semaine import RECENT_DAYS, Semaine, open_week
from services.activite.verification import Ligne, LignesEnConflit, LignesRefusees, describe
from ui import page, session
from ui.heures.ajout import Depart, length_key, show_faults, show_fields
from ui.heures.lignes import find_line, render_day
from ui.html import link, note, query_url, show

OPERATION = "heures-correction"
HELD = "heures:corrigee"
"""Key of the line being corrected, as it was when it was opened: what somebody else changes meanwhile is a conflict."""


def show_days(semaine: Semaine) -> None:
    """Every day until today, with what is recorded; the days to come say nothing."""
    lines = [*semaine.enregistrees, *semaine.figees]
    for day in semaine.jours:
        if day <= semaine.today:
            _show_day(semaine, day, [one for one in lines if one.jour == day])
    if semaine.today < semaine.lundi:
        st.info("Cette semaine est à venir : les heures s’enregistrent une fois faites.")
        return
    total = sum(one.minutes or 0 for one in lines)
    show(Markup("<p>Semaine : <strong>{}</strong></p>").format(duree(total)))
    if semaine.grille.changee:
        grid = link("ouvrir la grille", query_url("heures", {"vue": "semaine"}), here=True)
        show(Markup('<p class="p-discret">Une saisie de la grille n’est pas enregistrée : {}.</p>').format(grid))


def _show_day(semaine: Semaine, day: date, lines: list[LigneGrille]) -> None:
    total = sum(one.minutes or 0 for one in lines)
    title = f"{day_label(day).capitalize()} : {duree(total)}" if lines else day_label(day).capitalize()
    st.subheader(title, anchor=False)
    if lines:
        show(render_day(semaine, lines))
    if day in semaine.ouverts and (semaine.today - day).days <= RECENT_DAYS:
        target = query_url("heures", {"vue": "ajout", "jour": day.isoformat()})
        show(link("Ajouter une intervention", target, hidden=day_label(day)))
    elif not lines:
        note("Aucune intervention.")


def show_correction(centre_id: UUID, assistant_id: UUID, day: date) -> None:
    """The form that corrects or removes the line of the address, in the week of `day`."""
    semaine = page.load(open_week, session.portail(), session.acteur(), centre_id, day, assistant_id)
    back = query_url("heures", {"vue": "jours", "ligne": None, "jour": None, "semaine": semaine.lundi.isoformat()})
    show(link("Revenir à la semaine", back))
    ident = page.uuid_param("ligne")
    line = find_line(semaine, ident) if ident else None
    if line is None:
        st.info("Cette intervention n’est plus modifiable : elle a été retirée, ou son mois est clos.")
        return
    turn, seen = _hold(line)
    places: dict[str, DeltaGenerator] = {}
    st.subheader("Corriger une intervention", anchor=False)
    with st.form(f"heures:corriger:{turn}", border=False, width=560):
        typed = show_fields(_begin(semaine, seen), turn, places)
        sent = st.form_submit_button("Enregistrer la correction", type="primary", icon=":material/save:")
    if sent and _record(semaine, replace(typed, id=seen.id, version=seen.version), turn, places):
        _leave(semaine, seen, "Intervention corrigée.")
    if st.button("Retirer cette intervention", icon=":material/delete:", key="heures:retirer"):
        _ask_removal(semaine, seen, turn)


def _hold(line: LigneGrille) -> tuple[str, LigneGrille]:
    """The turn of the form, and the line as it was when the form was opened: left and opened again, it starts from what is
    recorded by then."""
    name = f"{OPERATION}:{line.id}"
    turn = page.operation_id(name)
    if length_key(turn) not in st.session_state:  # the last run did not show it
        st.session_state.pop(f"{HELD}:{turn}", None)
        page.renew_operation(name)
        turn = page.operation_id(name)
    seen: LigneGrille = st.session_state.setdefault(f"{HELD}:{turn}", line)
    return turn, seen


def _begin(semaine: Semaine, seen: LigneGrille) -> Depart:
    day = seen.jour or semaine.lundi
    return Depart(
        semaine.ouverts[0],
        semaine.ouverts[-1],
        semaine.conventions,
        min(max(day, semaine.ouverts[0]), semaine.ouverts[-1]),
        seen.duree,
        seen.avant,
        corrige=True,
    )


def _ask_removal(semaine: Semaine, seen: LigneGrille, turn: str) -> None:
    place = semaine.conventions.get(seen.convention_id, "") if seen.convention_id else ""
    told = ", ".join(
        part for part in (day_label(seen.jour) if seen.jour else "", place, duree(seen.minutes or 0)) if part
    )
    line = Ligne(seen.jour, seen.convention_id, seen.duree, seen.codes, seen.id, seen.version, True, 1)

    def remove(_motif: str) -> bool:
        done = _record(semaine, line, turn, {})
        if done:
            _leave(semaine, seen, "Intervention retirée.")
        return done

    page.confirm("Retirer cette intervention ?", f"{told}.", "Retirer", remove, key="heures:retrait")


def _record(semaine: Semaine, line: Ligne, turn: str, places: dict[str, DeltaGenerator]) -> bool:
    """Record what becomes of the line; its faults beside the fields, what somebody else made of it meanwhile."""
    try:
        record_interventions(
            session.portail(), session.acteur(), semaine.centre_id, [line], turn, assistant_id=semaine.assistant_id
        )
    except LignesRefusees as refused:
        show_faults(refused, places)
        return False
    except LignesEnConflit as conflict:
        page.renew_operation(f"{OPERATION}:{line.id}")
        now = conflict.conflits[0].actuelle
        told = f"Elle dit maintenant : {describe(now)}." if now else "Elle n’est plus enregistrée."
        st.warning(
            page.text(
                f"Quelqu’un a modifié cette intervention entre-temps. {told} Rechargez la page pour la corriger."
            ),
            icon=":material/warning:",
        )
        return False
    except PortailError as error:
        page.show_error(error)
        return False
    return True


def _leave(semaine: Semaine, seen: LigneGrille, message: str) -> None:
    page.renew_operation(f"{OPERATION}:{seen.id}")
    page.notify(message)
    page.go("heures", **_kept(), vue="jours", semaine=semaine.lundi.isoformat())


def _kept() -> dict[str, str]:
    """Whose hours, as the address says."""
    return {name: st.query_params[name] for name in ("centre", "assistant") if name in st.query_params}
