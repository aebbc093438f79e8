"""What a share of a post or hours cost, simulated; kept as scenarios, compared, exported, put into a dossier."""

import streamlit as st

from domain.errors import Invalide
from services.pilotage.cadres import list_cadres, open_cadre
from services.pilotage.parametres import ParametresInvalides, read_parametres
from services.pilotage.simulations import simulate
from ui import page, session
from ui.simulateur.fields import choose_cadre, show_fields, start
from ui.simulateur.results import show_results

portail, acteur = session.portail(), session.acteur()
page.header("Simulateur", "Comparer une part d’un temps plein et des heures, pour la première année et toute la durée.")
rows = page.load(list_cadres, portail, acteur)
if not rows:
    st.info(
        "Vous pourrez simuler quand votre collectivité aura un dossier ou une convention auprès d’un centre de gestion."
    )
    st.stop()
row = choose_cadre(rows)
cadre = page.load(open_cadre, portail, acteur, row.centre, row.offre, row.collectivite_id)
start(cadre)
form, results = st.columns([2, 3], gap="large")
with form:
    typed = show_fields(cadre)
with results:
    try:
        simulation = simulate(cadre, read_parametres(typed.texts | row.texts))
    except ParametresInvalides as errors:
        rest = typed.show(errors.erreurs)
        st.info("Le résultat s’affiche ici dès que la saisie est complète.", icon=":material/calculate:")
    except Invalide as error:
        rest = typed.show({error.champ or "": error.message})
    else:
        show_results(simulation)
