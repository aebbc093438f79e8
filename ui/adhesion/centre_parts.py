"""The sections of a form that one side answers and the other reads."""

from __future__ import annotations

import streamlit as st

from domain.forms.formset import Form, Section
from services.adhesion.dossier_views import DossierView
from ui.forms import FormModel, render_section
from ui.forms.words import show_help
from ui.reading import show_form

READ = {
    "centre": "Le centre remplit cette partie ; vous la lisez ici.",
    "collectivite": "La collectivité remplit cette partie ; vous la lisez ici.",
}


def render_part(model: FormModel, view: DossierView, form: Form, section: Section) -> None:
    """One section as this person has it: to fill in, or to read when it is the other side's."""
    shown = [one for one in section.fields if view.evaluation.fields[one.id].visible]
    if any(view.may_edit(one.id) for one in shown) or not reads(view, section):
        render_section(model, form, section)
    elif shown:
        with st.container(border=True):
            show_form(view, form.model_copy(update={"sections": (section,)}))
            show_help(READ[section.rempli_par])


def reads(view: DossierView, section: Section) -> bool:
    """Whether the section is the other side's to answer."""
    return section.rempli_par != ("centre" if view.cote_centre else "collectivite")
