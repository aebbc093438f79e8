"""The dashboards: hours, costs, capacity. The address says which one, and everything it is narrowed to."""

import streamlit as st

from services.pilotage import vues
from ui import page, session
from ui.html import query_url, show, tabs
from ui.tableaux import barre, capacite, couts, heures
from ui.tableaux.rendu import heading

portail, acteur = session.portail(), session.acteur()
page.header("Tableaux de bord", "Les heures, les coûts et la capacité du service.")
offered = vues.list_vues(acteur)
asked = page.param("vue") or vues.HEURES
chosen = asked if asked in offered else vues.HEURES
if len(offered) > 1:
    kept = {"vue": None, "alerte": None, barre.LISTING.name("page"): None, barre.LISTING.name("tri"): None}
    show(
        tabs(
            "Tableaux de bord",
            ((label, query_url(barre.NOM, {**kept, "vue": code}), code == chosen) for code, label in offered.items()),
        )
    )
top, body, below = st.container(), st.container(), st.container()
texte = ""
if chosen != vues.CAPACITE:
    with below:
        heading("Collectivité par collectivité")
        texte = barre.search_collectivite()
params, wanted = barre.read_params(), barre.read_search(texte)

if chosen == vues.COUTS:
    costs = page.load(vues.open_couts, portail, acteur, params, wanted)
    with top:
        barre.show_filters(costs, mois=False)
    with body:
        couts.show_costs(costs)
    with below:
        couts.show_collectivites(costs, wanted)
elif chosen == vues.CAPACITE:
    posts = page.load(vues.open_capacite, portail, acteur, params, wanted)
    with top:
        barre.show_filters(posts)
    with body:
        capacite.show_capacity(posts)
else:
    hours = page.load(vues.open_heures, portail, acteur, params, wanted)
    with top:
        barre.show_filters(hours)
    with body:
        heures.show_hours(hours)
    with below:
        heures.show_collectivites(hours, wanted)
