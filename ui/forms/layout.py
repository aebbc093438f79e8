"""A whole form on the page: its sections, and for each field the widget of its type with what is said around it."""

from __future__ import annotations

import re

import streamlit as st

from domain.forms.fields import ADDRESS_PARTS, Field
from domain.forms.formset import Form, Section
from ui.forms import state
from ui.forms.address import render_address
from ui.forms.choices import render_checklist, render_choice, render_choices, render_yes_no
from ui.forms.collectivite import render_collectivite
from ui.forms.dates import render_date
from ui.forms.files import render_file
from ui.forms.model import FieldRenderer, FormModel
from ui.forms.notices import show_correction, show_messages, show_waiting
from ui.forms.rows import render_rows, render_time_slots
from ui.forms.text import render_long_text, render_text
from ui.forms.words import LEGEND, show_help

RENDERERS: dict[str, FieldRenderer] = {
    "text": render_text,
    "email": render_text,
    "telephone": render_text,
    "siren": render_text,
    "siret": render_text,
    "postal_code": render_text,
    "insee_code": render_text,
    "integer": render_text,
    "decimal": render_text,
    "money": render_text,
    "percentage": render_text,
    "duration": render_text,
    "long_text": render_long_text,
    "date": render_date,
    "yes_no": render_yes_no,
    "choice": render_choice,
    "choices": render_choices,
    "checklist": render_checklist,
    "address": render_address,
    "collectivite": render_collectivite,
    "time_slots": render_time_slots,
    "rows": render_rows,
    "file": render_file,
}
"""One renderer by type of `domain.forms.fields.FIELD_TYPES`; a test checks that none is missing."""


def render_form(model: FormModel, form: Form) -> None:
    """Every visible field of `form`, by section, then the focus that a link asked for."""
    render_heading(form)
    for section in form.sections:
        render_section(model, form, section)
    render_focus(model)


def render_heading(form: Form, *, a_remplir: bool = True) -> None:
    """What the form is for, and how to read its labels when there is something to fill in (`a_remplir`)."""
    if form.help:
        st.markdown(form.help)
    if a_remplir:
        show_help(LEGEND)


def render_section(model: FormModel, form: Form, section: Section) -> None:
    """The visible fields of one section; nothing when there is none."""
    if not model.evaluation.sections[form.id, section.id]:
        return
    fields = [field for field in section.fields if model.evaluation.fields[field.id].visible]
    if not fields:
        return
    st.subheader(section.title, anchor=False)
    if section.help:
        show_help(section.help)
    for field in fields:
        render_field(model, field)


def render_field(model: FormModel, field: Field) -> None:
    """One field: the centre's request, the widget, mistakes, values that wait for a decision, its help.

    In a block of its own: a message that comes or goes moves nothing else in the page's structure, or the browser would
    make the fields below anew, an open list closing and half-typed words vanishing.
    """
    view = model.view(field.id)
    with st.container(key=view.part("bloc")):
        if model.corrections:
            show_correction(view)
        RENDERERS[field.type](view)
        show_messages(view)
        if model.saisies:
            show_waiting(view)
        if field.help:
            show_help(field.help)


def render_focus(model: FormModel) -> None:
    """Once, after a click that leads to a field: the page's script scrolls to the element of this class and focuses it."""
    champ = st.session_state.pop(state.FOCUS, None)
    if champ in model.evaluation.fields:
        field = model.evaluation.fields[champ].field
        st.html(f'<div data-portail-focus="{css_class(_first_key(model, field))}"></div>')


def _first_key(model: FormModel, field: Field) -> str:
    """Key of the first widget of a field."""
    view = model.view(field.id)
    first = {
        "address": ADDRESS_PARTS[0].key,
        "checklist": field.items[0].id if field.items else "",
        "choices": field.options[0].id if field.options else "",
        "time_slots": "1.jour",
        "rows": f"1.{field.columns[0].id}" if field.columns else "",
        "collectivite": "recherche",
        "file": f"depot{st.session_state.get(view.part('tour'), 0)}",
    }
    return view.part(first[field.type]) if field.type in first else view.key


def css_class(key: str) -> str:
    """Class that Streamlit gives to the element of the widget `key`."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())
