"""One intervention alone, on a telephone: few fields, as the last one was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from domain.activite import DIMENSION_LABELS, nomenclature
from domain.errors import PortailError
from domain.formatting import duree
from domain.releve import MAX_DUREE, Valeurs, read_minutes
from services.activite.interventions import record_interventions
from services.activite.semaine import RECENT_DAYS, Saisie, Semaine, open_saisie, open_week
from services.activite.verification import Ligne, LignesRefusees
from ui import page, session
from ui.heures.grille import ORDRE, naming, usual_code
from ui.heures.lignes import render_day
from ui.html import show

OPERATION = "heures-ajout"
HALF = 165
"""Two fields side by side on a telephone, in pixels."""


def show_ajout(centre_id: UUID, assistant_id: UUID) -> None:
    """The form, then what is recorded for the day."""
    portail, acteur = session.portail(), session.acteur()
    saisie = page.load(open_saisie, portail, acteur, centre_id, assistant_id)
    if not saisie.conventions:
        show_unassigned()
        return
    turn = page.operation_id(OPERATION)
    places: dict[str, DeltaGenerator] = {}
    with st.form(f"heures:ajout:{turn}", border=False, width=560):
        line = show_fields(_begin(saisie), turn, places)
        sent = st.form_submit_button("Ajouter l’intervention", type="primary", icon=":material/add:")
    if sent and _record(centre_id, assistant_id, line, places, turn):
        st.rerun()
    day = line.jour or saisie.today
    week = page.load(open_week, portail, acteur, centre_id, day, assistant_id)
    _show_day(week, day)


def show_unassigned() -> None:
    """Why nothing can be recorded."""
    st.info(
        "Aucune affectation pour cette période : les heures s’enregistrent pour les collectivités auxquelles l’assistant est"
        " affecté. Le responsable du service crée les affectations."
    )


@dataclass(frozen=True)
class Depart:
    """What the fields begin with: the days and conventions that may be chosen, a day, a duration, and the values of the last
    intervention (`nature` begins as usual) or of the one that is corrected."""

    du: date
    au: date
    conventions: dict[UUID, str]
    jour: date
    duree: str = ""
    valeurs: Valeurs | None = None
    corrige: bool = False


def _begin(saisie: Saisie) -> Depart:
    first = saisie.today - timedelta(days=RECENT_DAYS)
    asked = asked_day() or st.session_state.get("heures:ajout:jour") or saisie.today
    day = min(max(asked, first), saisie.today)
    return Depart(first, saisie.today, saisie.conventions, day, valeurs=saisie.derniere)


def asked_day() -> date | None:
    """The day that the address asks to type in."""
    try:
        return date.fromisoformat(page.param("jour") or "")
    except ValueError:
        return None


def length_key(turn: str) -> str:
    """Key of the duration among the fields of `turn`: in the session as long as they are shown."""
    return f"heures:ajout:duree:{turn}"


def show_fields(depart: Depart, turn: str, places: dict[str, DeltaGenerator]) -> Ligne:
    """The fields of one intervention, a place for messages under each; what is typed."""
    with st.container(horizontal=True):
        day = st.date_input(
            "Date",
            value=depart.jour,
            min_value=depart.du,
            max_value=depart.au,
            format="DD/MM/YYYY",
            key=f"heures:ajout:jour:{turn}",
            width=HALF,
        )
        length = st.text_input(
            "Durée",
            value=depart.duree,
            key=length_key(turn),
            placeholder="1h30",
            max_chars=MAX_DUREE,
            width=HALF,
        )
    places["jour"], places["minutes"] = st.empty(), st.empty()
    ids = list(depart.conventions)
    last = depart.valeurs
    held = ids.index(last.convention_id) if last and last.convention_id in ids else 0 if len(ids) == 1 else None
    place = st.selectbox(
        "Collectivité",
        ids,
        index=held,
        format_func=lambda one: depart.conventions[one],
        key=f"heures:ajout:convention:{turn}",
        placeholder="Choisissez",
    )
    places["convention_id"] = st.empty()
    with st.container(horizontal=True):
        codes = {name: _code_field(name, depart, turn) for name in ORDRE}
    for name in ORDRE:
        places[name] = st.empty()
    chosen = day if isinstance(day, date) else None
    return Ligne(chosen, place, length, codes, rang=1)


def _code_field(name: str, depart: Depart, turn: str) -> str | None:
    short = nomenclature().labels(name, court=True)
    options = list(short)
    held = getattr(depart.valeurs, name) if depart.valeurs else None
    usual = held if depart.corrige else usual_code(name, held)
    return st.selectbox(
        "Origine" if name == "origine" else DIMENSION_LABELS[name],
        options,
        index=options.index(usual) if usual in short else 0,
        format_func=naming(short),
        key=f"heures:ajout:{name}:{turn}",
        width=HALF,
    )


def _record(centre_id: UUID, assistant_id: UUID, line: Ligne, places: dict[str, DeltaGenerator], turn: str) -> bool:
    try:
        record_interventions(session.portail(), session.acteur(), centre_id, [line], turn, assistant_id=assistant_id)
    except LignesRefusees as refused:
        show_faults(refused, places)
        return False
    except PortailError as error:
        page.show_error(error)
        return False
    st.session_state["heures:ajout:jour"] = line.jour
    st.query_params.pop("jour", None)  # the day just typed is the one to go on with
    page.renew_operation(OPERATION)
    page.notify(f"Intervention ajoutée : {duree(read_minutes(line.duree))}.")
    return True


def show_faults(refused: LignesRefusees, places: dict[str, DeltaGenerator]) -> None:
    """What is wrong, beside the fields."""
    for one in refused.erreurs:
        place = places.get(one.champ)
        text = one.message[:1].upper() + one.message[1:]
        (place.error if place else st.error)(page.text(text), icon=":material/error:")


def _show_day(semaine: Semaine, day: date) -> None:
    lines = [one for one in (*semaine.enregistrees, *semaine.figees) if one.jour == day]
    if lines:
        total = sum(one.minutes or 0 for one in lines)
        st.subheader(f"Ce jour : {duree(total)}", anchor=False)
        show(render_day(semaine, lines))
