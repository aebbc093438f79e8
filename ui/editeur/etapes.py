"""Steps of the collectivité's journey, and sections of a form: their titles, their order."""

from __future__ import annotations

from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.forms.editing import Contenu, find_form, find_section
from domain.forms.structure_editing import (
    SIDES,
    STEP_KINDS,
    add_step,
    delete_section,
    delete_step,
    move_section,
    move_step,
    set_step_condition,
    update_form,
    update_section,
)
from ui import page
from ui.editeur.condition import ConditionEditor, describe_condition
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import link, note, show


def show_steps(lieu: Lieu) -> None:
    """The journey, step by step, then the form that adds one."""
    titles = {form["id"]: form["title"] for form in lieu.contenu["forms"]}
    rows = []
    for step in lieu.contenu["steps"]:
        if step["form"] in titles:
            title = titles[step["form"]]
            questions = link("Questions", lieu.url(formulaire=step["form"]), hidden=f"de « {title} »", here=True)
            edit = link(
                "Modifier", lieu.url(formulaire=step["form"], etape=step["form"]), hidden=f"« {title} »", here=True
            )
            about = Markup("{} · {} · {}").format(STEP_KINDS.get(step["kind"], ""), questions, edit)
            if step.get("visible_if"):
                about += Markup("<br>Montrée quand {}").format(describe_condition(step["visible_if"], lieu.fields))
        else:
            title, about = step["title"] or "Récapitulatif", Markup("Récapitulatif et dépôt, toujours en dernier")
        rows.append(Markup("<li><strong>{}</strong><br>{}</li>").format(title, about))
    show(Markup('<ol class="p-liste">{}</ol>').format(Markup("").join(rows)))
    _show_new_step(lieu)


def _show_new_step(lieu: Lieu) -> None:
    name, slots = "etape", page.Slots()
    with st.expander("Ajouter une étape", icon=":material/add:"):
        titre = st.text_input("Titre de l’étape", key=f"{PREFIX}{name}:titre", max_chars=200)
        slots.place("title")
        kind = st.selectbox(
            "Ce qu’elle fait", list(STEP_KINDS), format_func=STEP_KINDS.__getitem__, key=f"{PREFIX}{name}:genre"
        )
        if st.button("Ajouter l’étape", key=f"{PREFIX}{name}:ajouter"):
            apply(
                lieu,
                name,
                slots,
                lambda contenu, permanents: add_step(contenu, titre, kind=kind, taken=permanents.formulaires)[0],
                "Étape ajoutée au brouillon, avant le récapitulatif.",
                vue="etapes",
            )


def show_step(lieu: Lieu, form_id: str) -> None:
    """The panel of one step: its titles and its place."""
    form = find_form(lieu.contenu, form_id)
    name, slots = f"etape:{form_id}", page.Slots()
    st.subheader(f"Étape « {page.text(form['title'])} »", anchor=False)
    given: dict[str, Any] = {}
    given["title"] = st.text_input("Titre", form["title"], max_chars=200, key=f"{PREFIX}{name}:titre")
    slots.place("title")
    given["short_title"] = st.text_input(
        "Titre court, dans la liste des étapes", form["short_title"], max_chars=60, key=f"{PREFIX}{name}:court"
    )
    given["help"] = st.text_area(
        "Ce qu’il faut savoir avant de répondre", form["help"], max_chars=2000, key=f"{PREFIX}{name}:aide"
    )
    order = [step["form"] for step in lieu.contenu["steps"] if step["form"]]
    place: int | None = None
    condition: ConditionEditor | None = None
    if form_id in order:  # the form of a request has its place and its condition in the request
        step = next(one for one in lieu.contenu["steps"] if one["form"] == form_id)
        condition = ConditionEditor(f"{PREFIX}{name}:visible_if", "visible_if", step.get("visible_if"), lieu.fields)
        condition.show("Cette étape est montrée", "Toujours", "Selon les autres réponses", slots)
        place = st.selectbox(
            "Place",
            range(len(order)),
            order.index(form_id),
            format_func=lambda one: f"Étape {one + 1}",
            key=f"{PREFIX}{name}:place",
        )
    with st.container(horizontal=True):
        saved = st.button("Enregistrer l’étape", type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir aux étapes", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go(vue="etapes")
    if saved:
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: _save_step(contenu, form_id, given, place, condition),
            "Étape enregistrée dans le brouillon.",
            vue="etapes",
        )
    if place is None:
        note("Ce formulaire sert à une demande : il s’y déplace et s’en retire, sur la page Offres, onglet Demandes.")
    elif st.button("Supprimer l’étape", key=f"{PREFIX}{name}:supprimer", icon=":material/delete:"):
        confirm(
            lieu,
            name,
            "Supprimer l’étape",
            "Une étape se supprime quand elle n’a plus de question.",
            "Supprimer l’étape",
            lambda contenu, permanents: delete_step(contenu, form_id, published=permanents.champs),
            "Étape supprimée du brouillon.",
        )


def _save_step(
    contenu: Contenu, form_id: str, given: dict[str, Any], place: int | None, condition: ConditionEditor | None
) -> Contenu:
    changed = update_form(contenu, form_id, given)
    if place is None or condition is None:
        return changed
    return move_step(set_step_condition(changed, form_id, condition.read()), form_id, place)


def show_section(lieu: Lieu, section_id: str) -> None:
    """The panel of one section: title, help, condition and place."""
    section = find_section(lieu.contenu, lieu.form_id, section_id)
    name, slots = f"partie:{lieu.form_id}:{section_id}", page.Slots()
    st.subheader(f"Partie « {page.text(section['title'])} »", anchor=False)
    note("Une partie est un titre et les questions qu’il regroupe.")
    given: dict[str, Any] = {}
    given["title"] = st.text_input("Titre", section["title"], max_chars=200, key=f"{PREFIX}{name}:titre")
    slots.place("title")
    given["help"] = st.text_area("Aide", section["help"], max_chars=2000, key=f"{PREFIX}{name}:aide")
    given["rempli_par"] = st.radio(
        "Qui la remplit",
        list(SIDES),
        list(SIDES).index(section.get("rempli_par", "collectivite")),
        format_func=SIDES.__getitem__,
        key=f"{PREFIX}{name}:cote",
    )
    slots.place("rempli_par")
    condition = ConditionEditor(f"{PREFIX}{name}:visible_if", "visible_if", section["visible_if"], lieu.fields)
    condition.show("Cette partie est montrée", "Toujours", "Selon les autres réponses", slots)
    order = [one["id"] for one in lieu.form["sections"]]
    place = st.selectbox(
        "Place dans l’étape",
        range(len(order)),
        order.index(section_id),
        format_func=lambda one: f"Partie {one + 1}",
        key=f"{PREFIX}{name}:place",
    )
    with st.container(horizontal=True):
        saved = st.button("Enregistrer la partie", type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir à la liste", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go()
    if saved:
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: move_section(
                update_section(contenu, lieu.form_id, section_id, {**given, "visible_if": condition.read()}),
                lieu.form_id,
                section_id,
                place,
            ),
            "Partie enregistrée dans le brouillon.",
        )
    if st.button("Supprimer la partie", key=f"{PREFIX}{name}:supprimer", icon=":material/delete:"):
        confirm(
            lieu,
            name,
            "Supprimer la partie",
            "Une partie se supprime quand elle n’a plus de question, posée ou retirée.",
            "Supprimer la partie",
            lambda contenu, _: delete_section(contenu, lieu.form_id, section_id),
            "Partie supprimée du brouillon.",
        )
