"""What a share of a post or hours cost, simulated; kept as scenarios, compared, exported, put into a dossier."""

import streamlit as st

from domain.errors import Invalide
from services.core.access import Acteur
from services.pilotage.cadres import CadreRow, list_cadres, open_cadre
from services.pilotage.parametres import ParametresInvalides, read_parametres
from services.pilotage.scenarios import list_scenarios
from services.pilotage.simulations import Cadre, Simulation, simulate
from ui import page, session
from ui.simulateur.compare import show_comparison
from ui.simulateur.fields import Typed, choose_cadre, show_fields, start
from ui.simulateur.results import show_results
from ui.simulateur.saved import follow_scenario, show_list, show_save
from ui.simulateur.take import show_files, show_take


def compute(cadre: Cadre, row: CadreRow, typed: Typed) -> Simulation | None:
    """The simulation of what is typed; None, and every message beside its field, when something is wrong or missing."""
    missing: list[str] = []
    try:
        return simulate(cadre, read_parametres(typed.texts | row.texts))
    except ParametresInvalides as errors:
        missing = [errors.erreurs[name] for name in errors.erreurs if name in errors.manquants]
        rest = typed.show({name: one for name, one in errors.erreurs.items() if name not in errors.manquants})
    except Invalide as error:
        rest = typed.show({error.champ or "": error.message})
    for message in rest:
        st.error(page.text(message), icon=":material/error:")
    then = missing or ["Corrigez la saisie signalée."]
    st.info(" ".join(["Le résultat s’affiche ici.", *then]), icon=":material/calculate:")
    return None


def show_simulator(acteur: Acteur, rows: list[CadreRow]) -> None:
    """The form on one side, the results on the other, then what is kept."""
    opened = follow_scenario(acteur)
    row = choose_cadre(rows)
    cadre = page.load(open_cadre, session.portail(), acteur, row.centre, row.offre, row.collectivite_id)
    start(cadre)
    form, results = st.columns([2, 3], gap="large")
    with form:
        typed = show_fields(cadre)
    with results:
        simulation = compute(cadre, row, typed)
        if simulation is not None:
            show_results(simulation)
    with form:
        if simulation is not None:
            show_save(opened, simulation.parametres)
            show_files(simulation, opened.nom if opened else "")
            show_take(acteur, simulation)
    show_list(page.load(list_scenarios, session.portail(), acteur), rows, cadre.fuseau)


acteur = session.acteur()
page.header("Simulateur", "Comparer une part d’un temps plein et des heures, pour la première année et toute la durée.")
if page.param("comparer"):
    show_comparison(acteur, page.param("comparer") or "")
else:
    cadres = page.load(list_cadres, session.portail(), acteur)
    if cadres:
        show_simulator(acteur, cadres)
    else:
        st.info("Vous pourrez simuler quand votre collectivité aura un dossier auprès d’un centre de gestion.")
