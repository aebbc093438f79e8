"""The simulator inside the *Besoin* step of a dossier: other ways of telling the need, what they cost, one click to take it.

What is left blank is what the dossier says, so that the panel follows the form above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import streamlit as st

from documents.contexts.montants import CHAMP_AFFILIE, CHAMP_EFFECTIF
from domain.errors import Invalide
from domain.formatting import date_longue, duree, pourcentage
from domain.forms.fields import Field
from services.adhesion.dossier_views import DossierView
from services.pilotage.cadres import open_dossier_cadre
from services.pilotage.parametres import (
    FIELDS,
    NEEDS,
    Mode,
    Parametres,
    ParametresInvalides,
    as_typed,
    read_parametres,
    to_texts,
)
from services.pilotage.reprises import fields_of, values_for
from services.pilotage.simulations import Cadre, Simulation, simulate
from ui import page, session
from ui.adhesion.dossier_saver import DossierSaver
from ui.forms import state
from ui.simulateur.results import show_comparison, show_curve, show_details, show_warnings
from ui.simulateur.take import settle, take_into

KEPT_DAYS = ("effet", "debut")


def show_panel(view: DossierView) -> None:
    """A switch, then the simulator: nothing is read or computed until it is asked for."""
    prefix = f"d{view.id.hex[:12]}:simulateur:"
    _settle(view, prefix)
    if not st.toggle("Comparer une part et des heures, ou partir d’un nombre d’agents", key=f"{prefix}ouvert"):
        return
    cadre = page.load(open_dossier_cadre, session.portail(), session.acteur(), view.id)
    simulation = _show_form(view, cadre, prefix)
    if simulation is None:
        return
    st.write(page.text(simulation.conclusion))
    told = {one.texte for one in view.avertissements}  # the cost above says these already
    show_warnings([one for one in simulation.avertissements if one not in told])
    show_comparison(simulation)
    _show_take(view, simulation, prefix)
    show_curve(simulation)
    show_details(simulation)
    page.link("simulateur", "Ouvrir dans le simulateur", icon=":material/calculate:", **_address(simulation))


def _show_form(view: DossierView, cadre: Cadre, prefix: str) -> Simulation | None:
    """What is simulated; None when something is wrong or missing, which is told beside its field."""
    known = _answers(view, cadre)
    usual = Mode.HEURES if cadre.offer.facturation.mode == "horaire" else Mode.QUOTITE
    modes = sorted(Mode, key=lambda one: one is not usual)
    mode = st.radio(
        "Ce que vous connaissez",
        modes,
        format_func=lambda one: one.label,
        key=f"{prefix}mode",
        horizontal=True,
    )
    names = [NEEDS[mode], *(["ratio"] if mode is Mode.AGENTS else []), *KEPT_DAYS]
    places = {}
    typed: dict[str, str] = {}
    for place, name in enumerate(names):
        if place % 2 == 0:
            columns = st.columns(2, vertical_alignment="bottom")
        with columns[place % 2]:
            usual_text = known.get(name) or (str(cadre.ratio) if name == "ratio" else "")
            typed[name] = _input(FIELDS[name], f"{prefix}{name}", usual_text)
            places[name] = st.empty()
    texts = {name: typed.get(name) or known.get(name, "") for name in (*names, "affiliee", "agents")}
    try:
        return simulate(cadre, read_parametres({**texts, "mode": mode.value, **_place(cadre)}))
    except ParametresInvalides as errors:
        messages = {name: one for name, one in errors.erreurs.items() if name not in errors.manquants}
        if errors.manquants:
            st.info(" ".join(errors.erreurs[name] for name in errors.erreurs if name in errors.manquants))
    except Invalide as error:
        messages = {error.champ or "": error.message}
    for champ, message in messages.items():
        places.get(champ, st).error(page.text(message), icon=":material/error:")
    return None


def _input(field: Field, key: str, known: str) -> str:
    suffix = {"percentage": " (%)", "money": " (€)"}.get(field.type, "")
    placeholder = known or field.example or ("JJ/MM/AAAA" if field.type == "date" else "")
    return (st.text_input(field.label + suffix, key=key, placeholder=placeholder, autocomplete="off") or "").strip()


def _answers(view: DossierView, cadre: Cadre) -> dict[str, str]:
    """What the dossier already says, as one types it."""
    fields = view.evaluation.fields

    def said(champ: str) -> str:
        found = fields.get(champ)
        return str(found.value) if found is not None and found.visible and found.value not in (None, "") else ""

    quantite, effet, debut = fields_of(cadre.offer)
    affiliee = {"True": "oui", "False": "non"}.get(said(CHAMP_AFFILIE), "")
    known = {"effet": said(effet), "debut": said(debut), "agents": said(CHAMP_EFFECTIF), "affiliee": affiliee}
    if cadre.offer.facturation.mode == "quotite":
        known["quotite"] = said(quantite)
    elif cadre.offer.facturation.mode == "horaire" and said(quantite):
        known["heures"] = duree(int(said(quantite)))
    return as_typed(known)


def _place(cadre: Cadre) -> dict[str, str]:
    return {"centre": cadre.centre, "offre": cadre.offer.code}


def _address(simulation: Simulation) -> dict[str, str]:
    """The same simulation in the simulator's page: that of the collectivité, or of the centre."""
    cadre = simulation.cadre
    texts = as_typed(to_texts(simulation.parametres))
    return texts | ({"collectivite": str(cadre.collectivite_id)} if cadre.collectivite_id else {})


def _show_take(view: DossierView, simulation: Simulation, prefix: str) -> None:
    """What the dossier would say, and the button; nothing to click when it says so already, or may not be changed."""
    offer, p = simulation.cadre.offer, simulation.parametres
    champs = fields_of(offer)
    if not all(view.may_edit(champ) for champ in champs):
        return
    values = values_for(offer, simulation)
    held = {champ: view.answers[champ].valeur if champ in view.answers else None for champ in champs}
    if {champ: str(value) for champ, value in values.items()} == {champ: str(value) for champ, value in held.items()}:
        st.caption("Le dossier indique déjà cela.")
        return
    quantite = (
        pourcentage(simulation.quotite)
        if offer.facturation.mode == "quotite" and simulation.quotite is not None
        else simulation.retenue.quantite
    )
    st.write(
        page.text(
            f"Le dossier indiquera : {quantite}, prise d’effet le {date_longue(p.effet)}, début des prestations le "
            f"{date_longue(p.debut)}."
        )
    )
    versions = {champ: view.answers[champ].version if champ in view.answers else 0 for champ in champs}
    st.button(
        "Reprendre dans le dossier",
        key=f"{prefix}reprendre",
        on_click=_take,
        args=(view.id, simulation.parametres, versions, f"{prefix}issue"),
        icon=":material/input:",
    )


def _take(dossier_id: UUID, parametres: Parametres, versions: Mapping[str, int], key: str) -> None:
    """Save, with the answers that the page showed."""
    st.session_state[key] = take_into(dossier_id, parametres, versions)


def _settle(view: DossierView, prefix: str) -> None:
    """After a click: the whole page again, the form's widgets being filled from what is kept; or why not."""
    if settle(f"{prefix}issue"):
        for champ in fields_of(view.offer):
            state.forget(DossierSaver(view), champ)
        st.rerun()
