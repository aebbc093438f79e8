"""Filling in a dossier, step by step. Each form is a fragment: a change runs the form again, not the frame around it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from services import dossiers, saisie
from services.dossier_views import DossierView
from ui import page, session
from ui.dossier_cost import show_cost
from ui.dossier_form import StepView, choose_step, follow_address, form_model, list_steps, show_saved, show_steps
from ui.dossier_review import show_summary
from ui.dossier_saver import DossierSaver
from ui.forms import render_form
from ui.html import show

TITLE_CLASS = "p-titre-courant"


def show_wizard(view: DossierView) -> None:
    """The step of the address: a form, or the summary."""
    current = choose_step(list_steps(view), view)
    if current.form is not None:
        follow_address()
        _form_step(view.id, current.name, current.step.panel is not None, [view])
        return
    steps = list_steps(view)
    show_steps(view, steps, current)
    _show_title(view, steps, current)
    show_summary(view)
    _show_bar(view, steps, current)


@st.fragment
def _form_step(dossier_id: UUID, name: str, panel: bool, fresh: list[DossierView]) -> None:
    """One form. `fresh` holds what the page, or the change that causes this run, has just read; otherwise it is read here.
    `panel`: the amounts stand beside the form, which takes more of the dossier."""
    view = fresh.pop() if fresh else None
    if view is None or (panel and view.montants is None):
        opener = dossiers.open_dossier if panel else saisie.open_form
        view = page.load(opener, session.portail(), session.acteur(), dossier_id)
    if not view.editable:
        st.rerun()
    steps = list_steps(view)
    current = next(one for one in steps if one.name == name)
    show_steps(view, steps, current)
    _show_title(view, steps, current)
    saver = DossierSaver(view, None if panel else fresh)
    notice = saver.take_notice()
    if notice:
        st.error(page.text(notice), icon=":material/error:")
    if current.form is not None:
        with st.container(width=760, key="p-formulaire"):
            render_form(form_model(view, saver), current.form)
            if current.step.panel == "simulateur":
                show_cost(view)
    _show_bar(view, steps, current)


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
    """Always in sight: the time of the last save, and the neighbouring steps."""
    place = steps.index(current)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="p-barre"):
        show_saved(view)
        if place > 0:
            _step_button("Étape précédente", steps[place - 1], main=False)
        if place + 1 < len(steps):
            _step_button("Étape suivante", steps[place + 1], main=True)


def _step_button(label: str, target: StepView, *, main: bool) -> None:
    if st.button(label, key=f"p-vers-{'suivante' if main else 'precedente'}", type="primary" if main else "secondary"):
        st.query_params.pop("champ", None)
        st.query_params["etape"] = target.name
        st.rerun()
