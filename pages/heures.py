"""Hours: a week in one grid, one intervention on a telephone, files; one's own, or an assistant's for the responsable."""

import streamlit as st

from domain.roles import Role
from ui import page, session
from ui.heures import vues
from ui.heures.importation import show_files

acteur = session.acteur()
own = acteur.has(Role.ASSISTANT)
page.header(
    "Mes heures" if own else "Heures des assistants",
    "Une ligne par intervention. Aucun nom, aucun texte : seulement une date, une durée et des listes.",
)
centre_id = vues.choose_place()
if centre_id is None:
    st.info("Vous n’enregistrez d’heures dans aucun centre.")
    st.stop()
assistant_id = vues.choose_assistant(centre_id)
if assistant_id is None:
    st.info(
        "Aucun assistant dans ce centre pour le moment. Un administrateur attribue ce rôle depuis « Utilisateurs »."
    )
    st.stop()

vue = vues.choose_view()
if vue == "ajout":
    vues.show_one(centre_id, assistant_id)
elif vue == "jours":
    vues.show_days_of_week(centre_id, assistant_id)
elif vue == vues.CORRECTION:
    vues.show_line(centre_id, assistant_id)
elif vue == "fichiers":
    show_files(centre_id, assistant_id)
else:
    vues.show_week(centre_id, assistant_id)
