"""The clerk's dossier outside the forms: the summary before the deposit, the corrections asked for, the dossier to read."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.forms.evaluation import Manque
from domain.workflow.reading import steps_forward, tell_next, tells_reason
from services.adhesion import corrections, messages, workflow
from services.adhesion.dossier_views import CorrectionRow, DossierView
from services.vie.avenants import open_amounts
from services.vie.fil import open_changes
from ui import page, session
from ui.actions import show_actions
from ui.adhesion.dossier_cost import show_commitment
from ui.adhesion.dossier_form import form_model, held_back, list_steps, saved_status, show_missing, to_complete
from ui.adhesion.dossier_saver import DossierSaver
from ui.adhesion.thread import mark_shown, show_message_form, show_thread
from ui.adhesion.words import acte_link, sujet_link, tell_done, tell_expected, wordings
from ui.convention.fil import render_changes
from ui.forms import FormModel, render_field, render_focus
from ui.forms.words import LEGEND, show_help
from ui.html import badge, day_and_time, facts, link, show
from ui.montants import change_lines
from ui.reading import show_form

MAIN = ("deposer", "redeposer")


def perform(view: DossierView, action: str, motif: str) -> object:
    """Do one action of the workflow, with its announcement."""
    done = page.run(
        workflow.perform,
        session.portail(),
        session.acteur(),
        view.id,
        action,
        motif=motif or None,
        succes=tell_done(view, action),
    )
    if done:
        st.query_params.pop("etape", None)
        st.query_params.pop("champ", None)
    return done


def show_state(view: DossierView) -> None:
    """Where the dossier stands, what comes next, and the convention when there is one."""
    fuseau = view.centre.fuseau
    table = view.offer.workflow_dossier
    follows = tell_expected(view) or tell_next(table, view.etat, view.roles) or None
    if view.etat == "a_corriger" and view.editable:
        follows = "Corrigez les champs ci-dessous, ou expliquez votre réponse, puis déposez les corrections."
    elif list_awaited(view):
        follows = "Donnez ci-dessous la délibération dès qu’elle est votée : le centre ne peut pas décider sans elle."
    show(
        facts(
            (
                ("État", badge(view.etat_libelle, view.etat)),
                ("Motif", view.motif if tells_reason(table, view.etat) else None),
                ("La suite", follows),
                ("Convention" if view.adhesion else "Avenant", acte_link(view, "Ouvrir")),
                ("Convention concernée", sujet_link(view)),
                ("Déposé le" if view.adhesion else "Envoyée le", day_and_time(view.depose_le, fuseau) or None),
                ("Votre interlocuteur au centre", view.instructeur_nom),
            )
        )
    )


def show_dossier_actions(view: DossierView, *elsewhere: str) -> None:
    """Buttons of the actions that this person may do, but those that the page shows `elsewhere`."""
    rows = [row for row in view.actions if row.action not in elsewhere]
    forward = steps_forward(view.offer.workflow_dossier, view.etat, view.roles)
    main = (*MAIN, *(line.action for line in forward))
    if rows:
        show_actions(
            rows,
            lambda action, motif: perform(view, action, motif),
            wordings(view),
            key=f"dossier:{view.id}:{view.etat}",
            main=main,
            after_typing=MAIN,
        )


def show_summary(view: DossierView) -> None:
    """Last step: what is missing, the deposit, every answer to read again."""
    for warning in view.avertissements:
        if warning.code.startswith("double:"):
            st.warning(page.text(warning.texte), icon=":material/content_copy:")
    missing = to_complete(view)
    if missing:
        count = f"{len(missing)} points sont" if len(missing) > 1 else "Un point est"
        st.warning(
            f"{count} à compléter avant {'le dépôt' if view.adhesion else 'l’envoi'}. Chaque ligne mène au champ.",
            icon=":material/checklist:",
        )
        show_missing(view, missing)
    elif not held_back(view):
        aim = "le dépôt" if view.adhesion else "l’envoi"
        st.success(f"Tout ce qui est obligatoire pour {aim} est rempli.", icon=":material/check_circle:")
    blocking = {one.field_id for one in missing}
    later = [one for one in view.evaluation.missing if one.field_id not in blocking and one.required_for != "deposer"]
    _show_others(view, "Avant l’acceptation par le centre", [one for one in later if one.field_id not in view.autres])
    _show_others(view, "Recommandé", [one for one in view.evaluation.recommended if one.field_id not in view.autres])
    waiting = [one.label for one in later if one.field_id in view.autres]
    if waiting:
        show_help(f"Le centre relève lui-même, avant d’accepter le dossier : {', '.join(waiting)}.")
    if view.adhesion:
        show_commitment(view)
    show_request_changes(view)
    _show_deposit(view)
    show_answers(view, editable=True)


def _show_others(view: DossierView, title: str, rows: list[Manque]) -> None:
    if rows:
        with st.expander(f"{title} : {len(rows)}"):
            show_missing(view, rows)


def _show_deposit(view: DossierView) -> None:
    row = view.action("deposer")
    if row is None:
        st.info("Le dépôt revient à un gestionnaire ou au signataire de la collectivité.")
        return
    others = held_back(view)
    if others:
        st.warning("\n".join(f"- {page.text(one)}" for one in others), icon=":material/rule:")
    label = "Déposer le dossier" if view.adhesion else "Envoyer la demande"
    if st.button(label, type="primary", disabled=bool(row.blocages), key=f"deposer:{view.id}", icon=":material/send:"):
        page.confirm(
            label, wordings(view)["deposer"].texte, label,
            lambda motif: perform(view, "deposer", motif), key=f"deposer:{view.id}",
        )  # fmt: skip


def show_request_changes(view: DossierView) -> None:
    """What a request changes in the text of its convention, before and after; nothing for an adhesion."""
    if view.adhesion:
        return
    st.subheader("Ce qui change", anchor=False)
    show(render_changes(page.load(open_changes, session.portail(), session.acteur(), view.id)))
    amounts = page.load(open_amounts, session.portail(), session.acteur(), view.id) if view.avenant else None
    if amounts is not None:
        by_hour = view.offer.facturation.mode == "horaire"
        show(facts(change_lines(amounts, previsionnel=by_hour)))
    if view.avenant and view.convention_id is None:
        page.download("Projet d’avenant (Word)", f"/dossiers/{view.id}/projet.docx")


def show_answers(view: DossierView, *, editable: bool = False) -> None:
    """All answers by step; a link to change each step while the dossier is a draft."""
    for one in list_steps(view):
        if one.form is None:
            continue
        change = Markup(" ")
        if editable:
            change = link("Modifier", page.url_of("dossier", id=view.id, etape=one.name), hidden=f"l’étape {one.title}")
        show(Markup('<div class="p-titre-etape"><h3>{}</h3>{}</div>').format(one.form.title, change))
        show_form(view, one.form)


def show_corrections(view: DossierView) -> None:
    """The fields to correct, open on the page, each with the centre's request; then the deposit."""
    asked = [row for row in view.corrections if row.etat in ("envoyee", "traitee")]
    model = form_model(view, DossierSaver(view))
    st.subheader("Corrections demandées par le centre", anchor=False)
    show_help(LEGEND)
    done = sum(row.etat == "traitee" for row in asked)
    st.markdown(f"Corrections traitées : **{done} sur {len(asked)}**.")
    with st.container(width=760, key="p-formulaire"):
        _show_asked(view, model, asked)
    render_focus(model)
    show(saved_status(view))


def list_awaited(view: DossierView) -> list[Manque]:
    """What the collectivité may still give after the deposit and the decision waits for."""
    if view.etat in ("brouillon", "a_corriger"):
        return []
    return [one for one in view.evaluation.missing if view.may_edit(one.field_id) and not view.cote_centre]


def show_awaited(view: DossierView) -> None:
    """The délibération, open until the decision when it was not voted at the deposit."""
    if list_awaited(view):
        st.subheader("La délibération reste à donner", anchor=False)
        show_help("Chaque réponse est enregistrée et transmise au centre quand vous quittez le champ.")
    else:
        st.subheader("La délibération donnée depuis l’envoi", anchor=False)
        show_help("Le centre la lit déjà. Vous pouvez la modifier jusqu’à sa décision.")
    model = form_model(view, DossierSaver(view))
    with st.container(width=760, key="p-formulaire"):
        for champ, one in view.evaluation.fields.items():
            if one.visible and view.may_edit(champ):
                render_field(model, one.field)
    render_focus(model)
    show(saved_status(view))


def _show_asked(view: DossierView, model: FormModel, asked: list[CorrectionRow]) -> None:
    for row in asked:
        with st.container(border=True):
            state = view.evaluation.fields.get(row.champ)
            if state is not None and state.visible:
                render_field(model, state.field)
            if row.etat == "envoyee":
                _show_explanation(row)
    shown = {row.champ for row in asked}
    others = [
        one.field_id for one in to_complete(view, "accepter") + view.evaluation.missing if view.may_edit(one.field_id)
    ]
    rest = [champ for champ in dict.fromkeys(others) if champ not in shown]
    if rest:
        st.subheader("Également à compléter", anchor=False)
        for champ in rest:
            render_field(model, view.evaluation.fields[champ].field)


def _show_explanation(row: CorrectionRow) -> None:
    """Handling a request without changing the answer: the centre receives the explanation as a message."""
    with st.expander(f"Répondre sans modifier « {row.libelle_champ} »"):
        name = f"reponse:{row.id}"
        texte = st.text_area(
            f"Votre explication pour « {row.libelle_champ} »",
            key=name,
            max_chars=messages.MAX_LENGTH,
            placeholder="Par exemple : la réponse est exacte parce que…",
        )
        if st.button("Envoyer l’explication", key=f"{name}:envoyer"):
            done, _ = page.ran(
                corrections.answer_correction, session.portail(), session.acteur(), row.id, texte or "",
                succes="Explication envoyée au centre.",
            )  # fmt: skip
            if done:
                st.rerun()


def show_messages(view: DossierView) -> None:
    """The exchange with the centre; opening it marks it read."""
    st.subheader("Messages avec le centre", anchor=False)
    show_thread(
        view.messages,
        view.centre.fuseau,
        empty="Aucun message. Écrivez ici au centre pour toute question sur ce dossier.",
    )
    mark_shown(view.id, view.messages)
    show_message_form(view.id)
