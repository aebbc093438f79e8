"""The team: conventions to cover, assignments, posts, periods without an assistant, closed months, service dégradé."""

import streamlit as st

from domain.roles import Role
from services.activite import equipe
from ui import page, session
from ui.equipe import absences, affectations, clotures, couvertures, degrade, deplacements, postes
from ui.equipe.cadre import Cadre
from ui.html import show, tabs

PARTS = {
    couvertures.ONGLET: ("Couverture", couvertures.show_couvertures),
    affectations.ONGLET: ("Affectations", affectations.show_affectations),
    postes.ONGLET: ("Postes", postes.show_postes),
    absences.ONGLET: ("Sans assistant", absences.show_absences),
    deplacements.ONGLET: ("Déplacements", deplacements.show_deplacements),
    clotures.ONGLET: ("Clôtures", clotures.show_clotures),
    degrade.ONGLET: ("Service dégradé", degrade.show_demandes),
}

portail, acteur = session.portail(), session.acteur()
page.header("Équipe", "Les assistants : leurs postes, leurs affectations, et les mois clos.")
centres = page.load(equipe.list_centres, portail, acteur)
if not centres:
    st.info("Vous ne suivez l’équipe d’aucun centre.")
    st.stop()
asked = page.uuid_param("centre")
centre_id = asked if asked in centres else next(iter(centres))
cadre = Cadre(centre_id, Role.RESPONSABLE in acteur.roles_for(centre_id=centre_id), len(centres) > 1)
onglet = page.param("onglet") or couvertures.ONGLET
onglet = onglet if onglet in PARTS else couvertures.ONGLET
if cadre.plusieurs:
    urls = [(nom, page.url_of("equipe", onglet=onglet, centre=one), one == centre_id) for one, nom in centres.items()]
    show(tabs("Centres", urls))
show(tabs("Parties de la page", ((titre, cadre.url(code), code == onglet) for code, (titre, _) in PARTS.items())))
PARTS[onglet][1](cadre)
