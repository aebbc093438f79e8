"""Annual reports: those of a year, and one of them to write, to read over, to publish."""

import streamlit as st

from services.pilotage import bilans
from ui import page, session
from ui.bilans.editeur import show_bilan
from ui.bilans.liste import show_list

portail, acteur = session.portail(), session.acteur()
bilan_id, convention_id = page.uuid_param("id"), page.uuid_param("convention")
years = page.load(bilans.list_years, portail, acteur)
asked = page.param("annee") or ""
chosen = next((one for one in years if str(one) == asked), years[min(1, len(years) - 1)] if years else 0)
if bilan_id:
    view = page.load(bilans.open_bilan, portail, acteur, bilan_id)
    page.header(
        f"Bilan {view.annee} – {view.collectivite}",
        f"Convention n° {view.numero}, {view.etat_libelle.lower()}",
        retour=("bilans", "Tous les bilans"),
    )
    show_bilan(view)
elif convention_id and years:
    page.header(f"Bilan {chosen}", retour=("bilans", "Tous les bilans"))
    st.info(
        f"Le bilan {chosen} de cette convention n’est pas commencé. Les chiffres y entreront à la clôture de l’année."
    )
    if st.button("Commencer le bilan", type="primary", key="commencer-bilan"):
        started = page.run(bilans.start_bilan, portail, acteur, convention_id, chosen)
        if started:
            page.go("bilans", id=started)
else:
    page.header(
        "Bilans annuels", "Un bilan par convention et par année : rédigé par l’assistant, publié par le responsable."
    )
    if years:
        show_list(chosen, years)
    else:
        st.info("Aucune convention à votre charge : un bilan se rédige pour chaque convention en vigueur.")
