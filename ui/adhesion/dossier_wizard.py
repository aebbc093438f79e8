"""Filling in a dossier, step by step. The parts of a form's page run again on their own (see ui.adhesion.dossier_parts)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from domain.forms.formset import Section
from services.adhesion import dossiers, saisie
from services.adhesion.dossier_views import DossierView
from ui import page, session
from ui.adhesion.centre_parts import render_part
from ui.adhesion.dossier_cost import show_cost
from ui.adhesion.dossier_form import (
    RECAP,
    StepView,
    choose_step,
    follow_address,
    form_model,
    list_steps,
    saved_status,
    show_steps,
)
from ui.adhesion.dossier_parts import BAR, COST, STEPS, Shared, part_of
from ui.adhesion.dossier_review import show_summary
from ui.adhesion.dossier_saver import DossierSaver, show_refusal
from ui.adhesion.present import show_present
from ui.forms import render_focus, render_heading
from ui.html import link, show
from ui.simulateur.panel import show_panel

TITLE_CLASS = "p-titre-courant"


def is_form_step(view: DossierView) -> bool:
    """Whether the step of the address is a form; the other is the summary, which shows more of the dossier."""
    return choose_step(list_steps(view), view).form is not None


def show_summary_step(view: DossierView) -> None:
    """The last step: what is missing, the deposit, all answers."""
    steps = list_steps(view)
    current = choose_step(steps, view)
    show_steps(view, steps, current)
    _show_title(view, steps, current)
    show_summary(view)
    _show_bar(view, steps, current)


def show_form_step(view: DossierView) -> None:
    """A form, in parts. `view` is what services.adhesion.saisie.open_form gives."""
    steps = list_steps(view)
    current = choose_step(steps, view)
    if current.form is None:
        return
    follow_address()
    shared = Shared(current.form, current.step.panel is not None, view)
    shared.due = set(shared.parts) - {COST}
    _steps_part(shared)
    show_present(view, current.form)
    with st.container(width=760, key="p-formulaire"):
        mine = any(view.may_edit(field.id) for section in current.form.sections for field in section.fields)
        render_heading(current.form, a_remplir=mine)
        for section in current.form.sections:
            st.fragment(_section_part, key=part_of(section))(shared, section)
        if shared.panel:
            _cost_part(shared)
        render_focus(form_model(view, DossierSaver(view)))
    _bar_part(shared)
    more = page.url_of("dossier", id=view.id, etape=RECAP)
    show(Markup("<p>{}</p>").format(link("Messages avec le centre, retrait de la demande", more)))


def _view(shared: Shared, part: str) -> DossierView:
    """The dossier for one part: just read with the page or with a change, else read now."""
    found = shared.take(part)
    if found is None:
        found = page.load(saisie.open_form, session.portail(), session.acteur(), shared.view.id)
        if not found.editable:
            st.rerun()
    return found


@st.fragment(key=STEPS)
def _steps_part(shared: Shared) -> None:
    view = _view(shared, STEPS)
    steps = list_steps(view)
    current = _current(shared, steps)
    show_steps(view, steps, current)
    _show_title(view, steps, current)  # the number of steps depends on the answers
    shared.shown(STEPS)


def _section_part(shared: Shared, section: Section) -> None:
    view = _view(shared, part_of(section))
    saver = DossierSaver(view, shared)
    with st.container():
        show_refusal(saver)
    render_part(form_model(view, saver), view, shared.form, section)
    shared.shown(part_of(section))


@st.fragment(key=COST)
def _cost_part(shared: Shared) -> None:
    view = page.load(dossiers.open_dossier, session.portail(), session.acteur(), shared.view.id)
    show_cost(view)
    show_panel(view)
    shared.shown(COST)


@st.fragment(key=BAR)
def _bar_part(shared: Shared) -> None:
    view = _view(shared, BAR)
    steps = list_steps(view)
    _show_bar(view, steps, _current(shared, steps))
    shared.shown(BAR)


def _current(shared: Shared, steps: Sequence[StepView]) -> StepView:
    return next(one for one in steps if one.name == shared.form.id)


def _show_title(view: DossierView, steps: Sequence[StepView], current: StepView) -> None:
    """Heading of the step; a change of step brings the person back to it."""
    key = f"d{view.id.hex[:12]}:vue"
    moved = st.session_state.get(key) not in (None, current.name) and "champ" not in st.query_params
    st.session_state[key] = current.name
    title = current.form.title if current.form else current.title
    show(
        Markup('<h2 class="{}" tabindex="-1">Étape {} sur {} : {}</h2>').format(
            TITLE_CLASS, steps.index(current) + 1, len(steps), title
        ),
        Markup('<div data-portail-focus="{}"></div>').format(TITLE_CLASS) if moved else "",
    )


def _show_bar(view: DossierView, steps: Sequence[StepView], current: StepView) -> None:
    """Always in sight: the time of the last save, and the neighbouring steps. They are links: a click that comes while the
    field just left is being saved is not lost."""
    place = steps.index(current)
    links = [_step_link(view, "Étape précédente", steps[place - 1], "p-bouton")] if place > 0 else []
    if place + 1 < len(steps):
        links.append(_step_link(view, "Étape suivante", steps[place + 1], "p-bouton p-principal"))
    with st.container(key="p-barre"):
        show(Markup('<div class="p-barre">{}<nav aria-label="Étapes voisines">{}</nav></div>').format(
            saved_status(view), Markup("").join(links)
        ))  # fmt: skip


def _step_link(view: DossierView, label: str, target: StepView, classe: str) -> Markup:
    return link(label, page.url_of("dossier", id=view.id, etape=target.name), classe=classe, hidden=f": {target.title}")
