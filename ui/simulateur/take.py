"""What is done with a simulation: its files, its address, and the dossier that takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from domain.errors import Conflit, PortailError
from services.core.access import Acteur
from services.pilotage.parametres import Parametres, to_texts
from services.pilotage.reprises import DossierCible, list_cibles, reprendre
from services.pilotage.simulations import Simulation
from ui import page, session
from ui.html import facts, show

OUTCOME = "simulateur:repris"


@dataclass(frozen=True)
class Outcome:
    """What became of a click: whether the dossier is to be shown, and what to say (`warning`: it is not all done)."""

    shown: bool
    message: str
    warning: bool = False


def show_files(simulation: Simulation, titre: str = "") -> None:
    """The workbook and the note for the budget, of what is shown."""
    texts = to_texts(simulation.parametres)
    with st.container(horizontal=True):
        page.download(
            "Note pour le budget (Word)", f"/exports/note-simulation.docx?{urlencode(texts | {'titre': titre})}"
        )
        page.download("Simulation (XLSX)", f"/exports/simulation.xlsx?{urlencode(texts)}")


def show_take(acteur: Acteur, simulation: Simulation) -> None:
    """Put the simulation into a dossier that the person may fill in now."""
    cibles = list_cibles(session.portail(), acteur, simulation.cadre)
    if not cibles:
        return
    with st.expander("Reprendre dans un dossier"):
        names = {one.id: f"{one.reference} – {one.collectivite}" for one in cibles}
        chosen = st.selectbox("Dossier", list(names), format_func=lambda ident: names[ident], key="simulateur:dossier")
        cible = next(one for one in cibles if one.id == chosen)
        st.write("Ce dossier indique aujourd’hui :")
        show(facts(cible.actuel))
        st.button(
            "Reprendre dans le dossier",
            key="simulateur:reprendre",
            on_click=_take,
            args=(simulation.parametres, cible),
        )
        if settle(OUTCOME):
            champ = simulation.cadre.offer.facturation.champ
            form_id = simulation.cadre.offer.formset.place_of[champ][0]
            page.go("dossier", id=cible.id, etape=form_id)


def _take(parametres: Parametres, cible: DossierCible) -> None:
    """Save the answers. A callback, with what the page showed when the button was drawn: the click's own run would read
    the dossier again, and overwrite what a colleague has just typed."""
    st.session_state[OUTCOME] = take_into(cible.id, parametres, cible.versions)


def take_into(dossier_id: UUID, parametres: Parametres, versions: Mapping[str, int]) -> Outcome:
    """Put a simulation into a dossier. A conflict is shown in the dossier, with both values."""
    try:
        reprendre(session.portail(), session.acteur(), dossier_id, parametres, versions)
    except Conflit as error:
        return Outcome(True, error.message, warning=True)
    except PortailError as error:
        return Outcome(False, error.message)
    return Outcome(True, "Simulation reprise dans le dossier.")


def settle(key: str) -> bool:
    """What the callback left under `key`: True, and announced, when the dossier is to be shown; else why not, if anything."""
    outcome: Outcome | None = st.session_state.pop(key, None)
    if outcome is None:
        return False
    if outcome.shown:
        page.notify(outcome.message, warning=outcome.warning)
    else:
        st.error(page.text(outcome.message), icon=":material/error:")
    return outcome.shown
