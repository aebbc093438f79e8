"""What the centre sees of a dossier: where it stands, answers beside files, and who follows it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.workflow.reading import tells_reason
from services.adhesion import dossiers, messages
from services.adhesion.dossier_lists import list_instructeurs
from services.adhesion.dossier_views import DossierView
from services.adhesion.edition import RELEVEURS
from ui import page, session
from ui.adhesion.corrections import show_prepared, show_request_form
from ui.adhesion.thread import mark_shown, show_message_form, show_thread
from ui.adhesion.words import acte_link, sujet_link
from ui.html import badge, bullet_list, day, facts, link, show
from ui.montants import amount_lines
from ui.reading import render_piece, show_form


def show_summary(view: DossierView) -> None:
    """Where the dossier stands, and who follows it."""
    show(
        facts(
            (
                ("État", badge(view.etat_libelle, view.etat)),
                ("Motif", view.motif if tells_reason(view.offer.workflow_dossier, view.etat) else None),
                ("Convention" if view.adhesion else "Avenant", acte_link(view)),
                ("Convention concernée", sujet_link(view)),
                ("Instructeur", view.instructeur_nom or "À attribuer"),
                _sent(view),
                ("Modifié le", day(view.modifie_le, view.centre.fuseau)),
            )
        )
    )


def _sent(view: DossierView) -> tuple[str, str]:
    name, never = ("Déposé le", "Pas encore déposé") if view.adhesion else ("Envoyée le", "Pas encore envoyée")
    return name, day(view.depose_le, view.centre.fuseau) or never


def show_assignment(view: DossierView) -> None:
    """Entrust the dossier to an instructeur."""
    people = dict(page.load(list_instructeurs, session.portail(), session.acteur()))
    choices = [None, *people]
    chosen = st.selectbox(
        "Confier le dossier à",
        choices,
        choices.index(view.instructeur_id) if view.instructeur_id in people else 0,
        format_func=lambda one: people[one] if one else "Personne pour le moment",
        key=f"confier:{view.id}:{view.instructeur_id}",
    )
    if chosen != view.instructeur_id:
        done, _ = page.ran(
            dossiers.assign_instructeur, session.portail(), session.acteur(), view.id, chosen, succes="Dossier confié."
        )
        if done:
            st.rerun()


def show_answers(view: DossierView) -> None:
    """All answers by step on one side, files and amounts on the other."""
    asks = view.action("demander_corrections") is not None
    if view.offer.formset.du_centre and view.roles.intersection(RELEVEURS):
        show(
            Markup("<p>{}</p>").format(
                link("Séances et entretiens : ce que le centre relève", page.url_of("entretiens", id=view.id))
            )
        )
    answers, beside = st.columns([2, 1], gap="large")
    with answers:
        for form in view.offer.formset.forms:
            if not any(view.evaluation.sections.get((form.id, section.id), True) for section in form.sections):
                continue
            st.subheader(form.short_title or form.title, anchor=False)
            show_form(
                view,
                form,
                ask=(lambda champ: page.url_of("instruction", id=view.id, champ=champ)) if asks else None,
                opened=page.param("champ"),
                correct=(lambda field: show_request_form(view, field)) if asks else None,
            )
    with beside:
        _show_files(view)
        _show_amounts(view.montants)


def show_messages(view: DossierView) -> None:
    """The thread; what is seen is read."""
    show_thread(
        view.messages, view.centre.fuseau, empty="Aucun message. Écrivez ici à la collectivité pour toute question."
    )
    mark_shown(view.id, view.messages)
    if view.roles.intersection(messages.WRITERS):
        show_message_form(view.id)


def show_corrections(view: DossierView) -> None:
    """Corrections prepared and sent."""
    if view.corrections:
        show_prepared(view)
    else:
        st.info("Aucune correction. Dans « Réponses », chaque champ a un lien « Demander une correction ».")


def _show_files(view: DossierView) -> None:
    st.subheader("Pièces", anchor=False)
    if view.pieces:
        show(bullet_list((render_piece(piece, view.centre.fuseau) for piece in view.pieces), "p-fichiers"))
    else:
        show(Markup('<p class="p-discret">Aucune pièce déposée.</p>'))
    if not view.adhesion:
        return
    st.subheader("Documents", anchor=False)
    route = f"/dossiers/{view.id}"
    show(
        bullet_list(
            Markup('<a href="{}/{}" download>{}</a>').format(route, name, label)
            for name, label in (
                ("projet.docx", "Projet de convention (Word)"),
                ("deliberation.docx", "Modèle de délibération (Word)"),
            )
        )
    )


def _show_amounts(montants: dict[str, Any] | None) -> None:
    """What the convention would print, as far as it can be computed."""
    if not montants or montants.get("annuel") is None:
        return
    st.subheader("Montants", anchor=False)
    show(facts(amount_lines(montants)))
