"""Instruction of a dossier by the centre: answers and files, corrections, messages, actions, history."""

import streamlit as st

from domain.roles import Role
from domain.workflow.reading import steps_forward
from services.adhesion import dossiers, workflow
from services.adhesion.dossier_views import DossierView
from services.centre.consultation_journal import list_dossier_history
from services.convention import conventions
from services.vie import avenants
from ui import page, session
from ui.actions import follow_state, lifting_comes_first, show_actions, show_warnings
from ui.adhesion.connaissance import show_reading
from ui.adhesion.dossier_review import show_request_changes
from ui.adhesion.instruction import show_answers, show_assignment, show_corrections, show_messages, show_summary
from ui.adhesion.words import about, tell_done, wordings
from ui.archives.lien import show_export
from ui.history import show_history
from ui.html import show, tabs


def perform(action: str, motif: str) -> object:
    """Do one action of the workflow; issuing leads to the convention."""
    portail, acteur = session.portail(), session.acteur()
    if action != "emettre":
        return page.run(
            workflow.perform, portail, acteur, view.id, action, motif=motif or None, succes=tell_done(view, action)
        )
    with st.spinner("Émission : numéro, documents, scellement…"):
        if view.adhesion:
            issued = page.run(conventions.issue_convention, portail, acteur, view.id, succes="Convention émise.")
        else:
            issued = page.run(avenants.issue_avenant, portail, acteur, view.id, succes="Avenant émis.")
    if issued:
        page.go("convention", id=issued)
    return None


def lift(code: str, motif: str) -> object:
    """Lift one warning."""
    portail, acteur = session.portail(), session.acteur()
    return page.ran(workflow.lift_warning, portail, acteur, view.id, code, motif, succes="Avertissement levé.")[0]


def main_actions(view: DossierView) -> tuple[str, ...]:
    """The action to put forward: what was prepared is sent before anything is accepted."""
    prepared = any(row.etat == "preparee" for row in view.corrections)
    usual = ("prendre_en_charge", "emettre", "valider", "demander_corrections" if prepared else "accepter")
    forward = steps_forward(view.offer.workflow_dossier, view.etat, view.roles)
    return (*usual, *(line.action for line in forward))


def show_view(view: DossierView, shown: str) -> None:
    """The part of the page that the address asks for."""
    prepared = sum(row.etat == "preparee" for row in view.corrections)
    names = {
        "reponses": "Réponses et pièces",
        "corrections": f"Corrections ({prepared} à envoyer)" if prepared else "Corrections",
        "messages": f"Messages ({view.non_lus} non lu{'s' if view.non_lus > 1 else ''})"
        if view.non_lus
        else "Messages",
        "historique": "Historique",
    }
    shown = shown if shown in names else "reponses"
    urls = {code: page.url_of("instruction", id=view.id, vue=None if code == "reponses" else code) for code in names}
    show(tabs("Parties du dossier", ((text, urls[code], code == shown) for code, text in names.items())))
    if shown == "messages":
        show_messages(view)
    elif shown == "corrections":
        show_corrections(view)
    elif shown == "historique":
        show_history(page.load(list_dossier_history, portail, acteur, view.id), view.centre.fuseau)
        show_export("dossier", view.id, view.roles)
    else:
        show_answers(view)


portail, acteur = session.portail(), session.acteur()
view = page.load(dossiers.open_dossier, portail, acteur, page.required_id())
if not view.cote_centre:
    page.go("dossier", id=view.id)
page.header(view.titre, about(view), retour=("dossiers", "Dossiers"))
follow_state(f"instruction:{view.id}:etat", view.etat)
summary, decision = st.columns([1, 1], gap="large")
with summary:
    show_summary(view)
with decision:
    show_reading(view)
    if view.roles.intersection({Role.INSTRUCTEUR, Role.RESPONSABLE}):
        show_assignment(view)
    show_warnings(
        view.avertissements,
        view.centre.fuseau,
        lift if Role.INSTRUCTEUR in view.roles else None,
        key=f"dossier:{view.id}",
        main=lifting_comes_first(view.actions, view.avertissements, main_actions(view)),
    )
    show_actions(
        view.actions,
        perform,
        wordings(view),
        key=f"dossier:{view.id}:{view.etat}",
        main=main_actions(view),
        warnings=view.avertissements,
    )
show_request_changes(view)
show_view(view, page.param("vue") or "")
