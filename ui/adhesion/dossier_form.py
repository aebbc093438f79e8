"""The clerk's dossier as the form renderer wants it, and what surrounds a form: steps, time of the last save, buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import streamlit as st
from markupsafe import Markup

from domain.forms.evaluation import Manque
from domain.forms.fields import Field
from domain.forms.formset import Form
from domain.offer import Step
from services.adhesion.dossier_views import DossierView, SaisieRow
from services.core.clock import local_time, today
from ui import page
from ui.forms import FormModel, Link, Saver, ask_focus
from ui.forms.words import time_of
from ui.html import day, link, show

RECAP = "recapitulatif"
BY_CENTRE = "à relever par le centre"


@dataclass(frozen=True)
class StepView:
    """One step on the screen: its name in the address, its title, and how far it is, in words."""

    name: str
    title: str
    state: str
    step: Step
    form: Form | None


def form_model(view: DossierView, saver: Saver) -> FormModel:
    """What the renderer needs of a dossier."""
    return FormModel(
        evaluation=view.evaluation,
        saver=saver,
        answers=view.answers,
        saisies=view.saisies,
        corrections=view.corrections,
        pieces=view.pieces,
        may_edit=view.may_edit,
        documents=lambda field: model_documents(view, field),
        fuseau=view.centre.fuseau,
        deposited=view.etat != "brouillon",
    )


def model_documents(view: DossierView, field: Field) -> Sequence[Link]:
    """The documents to take to the assembly, beside the upload of what it voted."""
    if not field.template:
        return ()
    if not view.adhesion:
        projet = f"dossiers/{view.id}/projet"
        return (Link("Projet d’avenant (Word)", f"{projet}.docx"), Link("Projet d’avenant (PDF)", f"{projet}.pdf"))
    titles = {document.id: document.titre for document in view.offer.documents}
    title = titles.get(field.template, "Modèle")
    base = f"dossiers/{view.id}"
    return (
        Link(f"{title} (Word)", f"{base}/{field.template}.docx"),
        Link(f"{title} (PDF)", f"{base}/{field.template}.pdf"),
        Link("Projet de convention (Word)", f"{base}/projet.docx"),
        Link("Projet de convention (PDF)", f"{base}/projet.pdf"),
    )


def list_steps(view: DossierView) -> list[StepView]:
    """The steps of the offer that show, each with its state in words."""
    found = []
    for step in view.offer.steps:
        if step.visible_if and not _shows(view, step):
            continue
        if step.form is None:
            found.append(StepView(RECAP, step.title or "Récapitulatif", _recap_state(view), step, None))
        else:
            form = view.offer.formset.form(step.form)
            title = step.title or form.short_title or form.title
            found.append(StepView(form.id, title, _form_state(view, form), step, form))
    return found


def _shows(view: DossierView, step: Step) -> bool:
    """Whether something of a step that has a condition shows now."""
    sections = view.evaluation.sections
    return any(shown for (form_id, _), shown in sections.items() if form_id == step.form)


def _form_state(view: DossierView, form: Form) -> str:
    progress = view.evaluation.progress[form.id]
    faults = progress.faults + len(
        [one for one in waiting(view) if view.offer.formset.place_of[one.champ][0] == form.id]
    )
    whole = [one for one in view.evaluation.missing_in(form.id) if one.reason == "manquant"]
    missing = [one for one in whole if one.field_id not in view.autres]
    if faults:
        return f"{faults} à corriger"
    if whole and not missing:
        return BY_CENTRE
    if missing and all(one.required_for != "deposer" for one in missing):
        return "à compléter avant l’acceptation"
    if missing:
        return f"{len(missing)} à compléter" if progress.started else "à remplir"
    return "complet" if progress.started else "facultatif"


def _recap_state(view: DossierView) -> str:
    # What a request changes is checked with its actions, which a form's page does not read: it promises nothing there.
    if to_complete(view) or held_back(view) or not (view.adhesion or view.action("deposer")):
        return "à relire"
    return "prêt à déposer" if view.adhesion else "prêt à envoyer"


def waiting(view: DossierView) -> list[SaisieRow]:
    """Values typed that are not answers yet (refused, or in conflict), of fields that show, one by field."""
    fields = view.evaluation.fields
    rows = {one.champ: one for one in view.saisies if one.champ in fields and fields[one.champ].visible}
    return list(rows.values())


def to_complete(view: DossierView, action: str = "deposer") -> list[Manque]:
    """What keeps the dossier from being deposited, in form order: what is missing, wrong, or waiting for a decision."""
    blocking = {one.field_id: one for one in view.evaluation.blocking(action)}
    for one in waiting(view):
        state = view.evaluation.fields[one.champ]
        message = f"« {state.field.label} » : une saisie attend d’être corrigée."
        blocking[one.champ] = Manque(
            one.champ, state.field.label, state.form_id, state.section_id, "invalide", message, action
        )
    order = list(view.offer.formset.fields)
    return sorted(blocking.values(), key=lambda one: order.index(one.field_id))


def held_back(view: DossierView) -> list[str]:
    """What else keeps this person from depositing, once every field is in order."""
    row = view.action("deposer")
    told = {one.message for one in to_complete(view)}
    return [one for one in row.blocages if one not in told] if row else []


def choose_step(steps: Sequence[StepView], view: DossierView) -> StepView:
    """The step of the address; without one, the first that is not complete, the same until the page is left."""
    asked = st.query_params.get("etape")
    key = f"d{view.id.hex[:12]}:etape"
    if not asked:
        first = next(
            (one for one in steps if one.form and one.state not in ("complet", "facultatif", BY_CENTRE)), steps[-1]
        )
        asked = st.session_state.setdefault(key, first.name)
    return next((one for one in steps if one.name == asked), steps[0])


def follow_address() -> None:
    """An address that names a field leads to it, once each time one arrives by it."""
    champ = st.query_params.get("champ")
    if champ and st.session_state.get("_champ_demande") != champ:
        ask_focus(champ)
    st.session_state["_champ_demande"] = champ


def field_address(view: DossierView, form_id: str, champ: str) -> str:
    """Address of a field in the dossier's page."""
    return page.url_of("dossier", id=view.id, etape=form_id, champ=champ)


def show_steps(view: DossierView, steps: Sequence[StepView], current: StepView) -> None:
    """The progress view: every step is a link, with its state in words."""
    items = []
    for number, one in enumerate(steps, start=1):
        here = Markup(' aria-current="step"') if one.name == current.name else ""
        items.append(
            Markup(
                '<li><a data-lien="page" href="{}"{}><span class="p-rang">{}</span> {}<br><small>{}</small></a></li>'
            ).format(page.url_of("dossier", id=view.id, etape=one.name), here, number, one.title, one.state)
        )
    show(
        Markup('<nav class="p-etapes" aria-label="Étapes du dossier"><ol>{}</ol></nav>').format(Markup("").join(items))
    )


def saved_text(view: DossierView) -> str:
    """« Enregistré à 14 h 32 », from the newest answer."""
    last: datetime | None = max((one.modifiee_le for one in view.answers.values()), default=None)
    if last is None:
        return "Chaque réponse est enregistrée quand vous quittez le champ."
    fuseau = view.centre.fuseau
    if local_time(last, fuseau).date() == today(fuseau):
        return f"Enregistré à {time_of(last, fuseau)}"
    return f"Enregistré le {day(last, fuseau)} à {time_of(last, fuseau)}"


def saved_status(view: DossierView) -> Markup:
    """The time of the last save, announced to screen readers when it changes."""
    return Markup('<p role="status" class="p-enregistre">{}</p>').format(saved_text(view))


def show_missing(view: DossierView, rows: Sequence[Manque]) -> None:
    """Each thing to complete, by step, one click from its field."""
    parts = []
    for form_id, group in groupby(rows, key=lambda one: one.form_id):
        form = view.offer.formset.form(form_id)
        items = (
            Markup("<li>{}</li>").format(link(one.message, field_address(view, form_id, one.field_id))) for one in group
        )
        parts.append(
            Markup('<h3>{}</h3><ul class="p-liste">{}</ul>').format(
                form.short_title or form.title, Markup("").join(items)
            )
        )
    show(Markup('<div class="p-manques">{}</div>').format(Markup("").join(parts)))
