"""Statements: prepared for a quarter, checked and issued by the centre; read by the collectivité once issued."""

import streamlit as st

from services.facturation import consultation
from ui import page, session
from ui.decomptes import liste, lot, regularisations
from ui.html import show, tabs

portail, acteur = session.portail(), session.acteur()
centres = page.load(consultation.list_centres, portail, acteur)
vue = page.param("vue") if centres else None
page.header(
    "Décomptes",
    "Ce qui est facturé à chaque collectivité, par période."
    if centres
    else "Ce que le centre facture à votre collectivité. Le paiement se fait à réception de l’avis des sommes à payer.",
)
lot.show_refused()
exercices = page.load(consultation.list_exercices, portail, acteur)
if centres:
    show(
        tabs(
            "Vues",
            (
                ("Liste", page.url_of("decomptes"), vue != "lot"),
                ("Traiter plusieurs décomptes", page.url_of("decomptes", vue="lot"), vue == "lot"),
            ),
        )
    )
    if vue != "lot":
        regularisations.show_regularisations()
        liste.show_preparation(centres, ouvert=not exercices)
if not exercices:
    st.info(
        "Aucun décompte pour le moment. Préparez ceux du dernier trimestre ci-dessus."
        if centres and vue != "lot"
        else "Aucun décompte pour le moment."
    )
    st.stop()
filtre = liste.ask_filter(exercices, cote_centre=bool(centres))
if vue == "lot":
    lot.show_batch(liste.everything(filtre))
else:
    liste.show_list(filtre, cote_centre=bool(centres))
    left, right = st.columns(2)
    with left:
        page.download("Télécharger cette liste (Excel)", liste.export_url("decomptes.xlsx", filtre))
    with right:
        if centres:
            page.download("Lignes à titrer pour le comptable (CSV)", liste.export_url("titres.csv", filtre))
