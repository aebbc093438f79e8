"""What a collectivité follows of its convention: hours, costs, published figures, statements, reports, service dégradé."""

import streamlit as st

from services.pilotage.suivi import list_choices, open_suivi
from ui import page, session
from ui.activite.degrade import show_degrade
from ui.suivi.chiffres import show_months, show_tables
from ui.suivi.convention import show_choices, show_exports, show_files, show_summary

portail, acteur = session.portail(), session.acteur()
choices = page.load(list_choices, portail, acteur)
asked = page.uuid_param("convention")
if not choices and asked is None:
    page.header("Suivi", "Les heures, les coûts et les bilans de vos conventions.")
    st.info(
        "Aucune convention n’est encore signée par les deux parties. Le suivi des heures et des coûts commence à la prise d’effet "
        "de votre convention."
    )
    page.link("conventions", "Voir les conventions", icon=":material/contract:")
    st.stop()
year = page.param("annee")
annee = int(year) if year and year.isascii() and year.isdigit() and len(year) == 4 else None
view = page.load(open_suivi, portail, acteur, asked or choices[0].id, annee)
page.header(f"Suivi {view.annee}", f"{view.offre} – {view.collectivite}")
show_choices(choices, view)
if not view.commencee:
    st.info("Cette convention n’a pas encore pris effet : les heures s’afficheront à partir de sa prise d’effet.")
show_summary(view)
show_months(view.publication)
show_tables(view.publication)
if view.publication.mois:
    show_exports(view)
show_files(view)
show_degrade(view.convention_id)
