"""My journeys: an assistant records them, and sees what each one claims."""

from functools import partial

import streamlit as st

from services.activite import deplacement_lists
from ui import page, session
from ui.activite.deplacements import show_change, show_form, show_list, tell_rule
from ui.html import show, tabs

portail, acteur = session.portail(), session.acteur()
centres = page.load(deplacement_lists.list_my_centres, portail, acteur)
row_id = page.uuid_param("id")
page.header(
    "Déplacement" if row_id else "Mes déplacements",
    retour=("deplacements", "Tous mes déplacements") if row_id else None,
)
if not centres:
    st.info("Les déplacements sont enregistrés par les assistants d’un centre.")
    st.stop()
asked = page.uuid_param("centre")
centre_id = asked if asked in centres else next(iter(centres))
address = partial(page.url_of, "deplacements", **({"centre": centre_id} if len(centres) > 1 else {}))
saisie = page.load(deplacement_lists.open_saisie, portail, acteur, centre_id)
typed = page.param("annee") or ""
annee = int(typed) if typed in map(str, saisie.annees) else saisie.today.year
rows = page.load(deplacement_lists.list_deplacements, portail, acteur, centre_id, annee)
if row_id:
    found = next((row for row in rows if row.id == row_id), None)
    if found is None:
        st.info("Ce déplacement n’existe plus.")
    else:
        show_change(centre_id, saisie, found)
    st.stop()

if len(centres) > 1:
    urls = ((nom, page.url_of("deplacements", centre=one), one == centre_id) for one, nom in centres.items())
    show(tabs("Centres", urls))
tell_rule(saisie)
if saisie.conventions:
    show_form(centre_id, saisie, None)
else:
    st.info("Vous n’êtes affecté à aucune collectivité : le responsable du service vous affecte depuis « Équipe ».")
st.subheader(f"Déplacements de {annee}", anchor=False)
if len(saisie.annees) > 1:
    show(tabs("Années", ((str(one), address(annee=one), one == annee) for one in saisie.annees)))
if rows:
    show_list(rows, saisie.zone_incluse)
else:
    st.info(f"Aucun déplacement en {annee}.")
