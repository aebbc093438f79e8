"""A dossier as its collectivité sees it: filling it in, correcting it, reading it once deposited."""

import streamlit as st

from services.adhesion import dossiers, saisie
from services.adhesion.dossier_views import DossierView
from ui import page, session
from ui.actions import follow_state
from ui.adhesion.bascule import show_banner, show_bascule
from ui.adhesion.dossier_review import (
    show_answers,
    show_awaited,
    show_corrections,
    show_dossier_actions,
    show_messages,
    show_request_changes,
    show_state,
)
from ui.adhesion.dossier_saver import DossierSaver, show_refusal
from ui.adhesion.dossier_wizard import is_form_step, show_form_step, show_summary_step
from ui.adhesion.words import about


def show_header(view: DossierView) -> None:
    """Reference, collectivité, offer and centre; a request leads back to its convention."""
    if view.adhesion or view.sujet is None:
        page.header(view.titre, f"{about(view)}, {view.centre.nom}", retour=("dossiers", "Tous les dossiers"))
    else:
        back = ("convention", f"Convention {view.sujet.numero}")
        page.header(view.titre, about(view), retour=back, retour_id=view.sujet.convention_id)
    follow_state(f"dossier:{view.id}:etat", view.etat)


def show_other(view: DossierView) -> None:
    """Everything but the forms of a draft: its summary, corrections to make, or a dossier to read."""
    show_header(view)
    show_refusal(DossierSaver(view))
    if is_draft(view):
        show_banner(view)
        show_summary_step(view)
        show_messages(view)
        show_dossier_actions(view, "deposer")
        return
    show_state(view)
    show_request_changes(view)
    if view.editable and view.etat == "a_corriger":
        show_corrections(view)
    elif view.editable and not view.cote_centre:
        show_awaited(view)
    show_dossier_actions(view)
    show_messages(view)
    st.subheader("Les réponses du dossier" if view.adhesion else "Les réponses de la demande", anchor=False)
    show_answers(view)


ident = page.required_id()


def is_draft(view: DossierView) -> bool:
    """Whether this person is filling in a dossier that was never deposited."""
    return view.editable and view.etat == "brouillon"


draft = page.load(saisie.open_form, session.portail(), session.acteur(), ident)
if draft.cote_centre and (not draft.editable or draft.editables is not None):
    page.go("instruction", id=ident)
if is_draft(draft) and page.param("vue") == "version":
    show_header(draft)
    show_bascule(draft)
elif is_draft(draft) and is_form_step(draft):
    show_header(draft)
    show_banner(draft)
    show_form_step(draft)
else:
    show_other(page.load(dossiers.open_dossier, session.portail(), session.acteur(), ident))
