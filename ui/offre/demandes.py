"""The requests about a convention: what each is, and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.forms.check_editing import setting_fields
from domain.forms.editing import Contenu
from domain.forms.fields import Field
from domain.offer.reading import find_row
from domain.offer.request_editing import (
    SUMMARY,
    add_step,
    asked_fields,
    delete_step,
    find_step,
    form_questions,
    list_steps,
    move_step,
    step_title,
    update_step,
    why_kept,
)
from ui import page
from ui.editeur.condition import ConditionEditor, describe_condition
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import href, link, note, show
from ui.offre.lignes import show_list

VUE = "demandes"
NEW = "nouvelle"


def show_requests(lieu: Lieu) -> None:
    """The requests, then the steps of each; or the steps of the one that the address names, or one of these steps."""
    nature, etape = page.param("demande"), page.param("etape")
    if nature and page.ran(_show_asked, lieu, nature, etape)[0]:
        return
    show_list(lieu, VUE, VUE)
    if lieu.contenu["demandes"]:
        st.subheader("Étapes de chaque demande", anchor=False)
        items = Markup("").join(_outline(lieu, demande) for demande in lieu.contenu["demandes"])
        show(Markup('<dl class="p-faits">{}</dl>').format(items))


def _outline(lieu: Lieu, demande: Contenu) -> Markup:
    told = Markup("<br>").join(
        f"{rank}. {step_title(lieu.contenu, step)}" for rank, step in enumerate(demande["steps"], 1)
    )
    edit = link(
        "Modifier les étapes",
        lieu.url(vue=VUE, demande=demande["nature"]),
        hidden=f"de « {demande['titre']} »",
        here=True,
    )
    return Markup("<div><dt>{}</dt><dd>{}<br>{}</dd></div>").format(demande["titre"], told, edit)


def _show_asked(lieu: Lieu, nature: str, etape: str | None) -> None:
    find_row(lieu.contenu, VUE, nature)  # gone: said, and the list comes in its place
    if etape == NEW:
        _show_new(lieu, nature)
    elif etape and etape.isdigit():
        _show_step(lieu, nature, int(etape) - 1)
    else:
        _show_steps(lieu, nature)


# -- the steps of one request -----------------------------------------------------------------------------------------


def _show_steps(lieu: Lieu, nature: str) -> None:
    demande = find_row(lieu.contenu, VUE, nature)
    st.subheader(f"Étapes de « {page.text(demande['titre'])} »", anchor=False)
    fields = _fields(lieu, nature)
    rows = Markup("").join(_row(lieu, nature, fields, rank, step) for rank, step in enumerate(demande["steps"], 1))
    show(Markup('<ol class="p-liste">{}</ol>').format(rows))
    add = link("Ajouter une étape", lieu.url(vue=VUE, demande=nature, etape=NEW), here=True)
    back = link("Revenir aux demandes", lieu.url(vue=VUE), here=True)
    show(Markup("<p>{} · {}</p>").format(add, back))


def _row(lieu: Lieu, nature: str, fields: Mapping[str, Field], rank: int, step: Contenu) -> Markup:
    title = step_title(lieu.contenu, step)
    edit = link("Modifier", lieu.url(vue=VUE, demande=nature, etape=rank), hidden=f"« {title} »", here=True)
    told = Markup(" · ").join([*_about(lieu, fields, step), edit])
    return Markup("<li><strong>{}</strong><br>{}</li>").format(title, told)


def _about(lieu: Lieu, fields: Mapping[str, Field], step: Contenu) -> list[str | Markup]:
    """What a step asks, in a few words."""
    if step["kind"] == SUMMARY:
        return ["Envoi, toujours en dernier"]
    known = form_questions(lieu.contenu, step["form"])
    asked = len([one for one in known if not step["champs"] or one in step["champs"]])
    form = next((one["title"] for one in lieu.contenu["forms"] if one["id"] == step["form"]), step["form"])
    found: list[str | Markup] = [f"Formulaire «\u00a0{form}\u00a0»", f"{asked} question{'s' if asked > 1 else ''}"]
    if asked < len(known):
        found[-1] = f"{found[-1]} sur {len(known)}"
    if step["prerempli"]:
        found.append("préremplie")
    if step["visible_if"]:
        found.append(f"quand {describe_condition(step['visible_if'], fields)}")
    return found


# -- one step ---------------------------------------------------------------------------------------------------------


def _fields(lieu: Lieu, nature: str) -> dict[str, Field]:
    """What the condition of a step may read: what this request asks, and what the offer is set to."""
    return asked_fields(lieu.contenu, nature) | setting_fields(lieu.contenu)


def _draw(lieu: Lieu, name: str, nature: str, form_id: str, step: Contenu, slots: page.Slots) -> dict[str, Any]:
    """The widgets of a step that asks questions; the condition is read when it is saved."""
    given: dict[str, Any] = {}
    given["title"] = st.text_input(
        "Titre" if form_id else "Titre de l’étape", step.get("title", ""), max_chars=200, key=f"{PREFIX}{name}:titre",
        help="Vide : celui du formulaire." if form_id else None,
    )  # fmt: skip
    slots.place("title")
    if form_id:
        given["help"] = st.text_area(
            "Ce qu’il faut savoir avant de répondre", step.get("help", ""), max_chars=2000, key=f"{PREFIX}{name}:aide",
            help="Vide : l’aide du formulaire, si l’étape n’a pas de titre à elle.",
        )  # fmt: skip
        known = form_questions(lieu.contenu, form_id)
        given["champs"] = st.multiselect(
            "Questions posées", list(known), [one for one in step.get("champs", ()) if one in known],
            format_func=known.__getitem__, key=f"{PREFIX}{name}:{form_id}:champs", placeholder="Toutes celles du formulaire",
        )  # fmt: skip
        slots.place("champs")
        given["prerempli"] = st.checkbox(
            "Préremplir avec ce que dit la convention", bool(step.get("prerempli")), key=f"{PREFIX}{name}:prerempli",
            help="La collectivité part des réponses en vigueur et change ce qui change.",
        )  # fmt: skip
    editor = ConditionEditor(f"{PREFIX}{name}:visible_if", "visible_if", step.get("visible_if"), _fields(lieu, nature))
    editor.show("Cette étape est montrée", "Toujours", "Selon les autres réponses de la demande", slots)
    given["visible_if"] = editor
    return given


def _read(given: dict[str, Any]) -> dict[str, Any]:
    return {key: one.read() if isinstance(one, ConditionEditor) else one for key, one in given.items()}


def _show_new(lieu: Lieu, nature: str) -> None:
    """The panel of a new step: an existing form, or a new one."""
    name, slots = f"pas-nouveau:{nature}", page.Slots()
    lieu.held_version(name)
    st.subheader("Nouvelle étape", anchor=False)
    forms = {str(form["id"]): str(form["title"]) for form in lieu.contenu["forms"]}
    form_id = st.selectbox(
        "Formulaire", ["", *forms], format_func=lambda one: forms.get(one, "Un nouveau formulaire"),
        key=f"{PREFIX}{name}:formulaire",
    )  # fmt: skip
    slots.place("form")
    if not form_id:
        note("Ses questions s’ajoutent ensuite sur la page Formulaires.")
    given = _draw(lieu, name, nature, form_id, {}, slots)
    if _buttons(lieu, nature, name, "Ajouter l’étape"):
        apply(
            lieu, name, slots,
            lambda contenu, permanents: add_step(
                contenu, nature, {**_read(given), "form": form_id}, taken=permanents.formulaires
            )[0],
            "Étape ajoutée au brouillon, avant le récapitulatif.", vue=VUE, demande=nature,
        )  # fmt: skip


def _show_step(lieu: Lieu, nature: str, place: int) -> None:
    """The panel of one step: its words, its questions, its condition, its place."""
    step = find_step(lieu.contenu, nature, place)
    name, slots = f"pas:{nature}:{place}", page.Slots()
    lieu.held_version(name)
    st.subheader(f"Étape « {page.text(step_title(lieu.contenu, step))} »", anchor=False)
    if step["kind"] == SUMMARY:
        given: dict[str, Any] = {
            "title": st.text_input("Titre", step["title"], max_chars=200, key=f"{PREFIX}{name}:titre")
        }
        slots.place("title")
        position = place
    else:
        questions = href("formulaires", centre=lieu.offre.centre_id, offre=lieu.offre.code, formulaire=step["form"])
        show(Markup("<p>{}</p>").format(link("Questions de ce formulaire", questions, here=True)))
        given = _draw(lieu, name, nature, step["form"], step, slots)
        count = len(list_steps(lieu.contenu, nature)) - 1
        position = st.selectbox(
            "Place", range(count), min(place, count - 1), format_func=lambda one: f"{one + 1} sur {count}",
            key=f"{PREFIX}{name}:place",
        )  # fmt: skip
    if _buttons(lieu, nature, name, "Enregistrer l’étape"):
        apply(
            lieu, name, slots,
            lambda contenu, _: _save(contenu, nature, place, _read(given), position),
            "Étape enregistrée dans le brouillon.", vue=VUE, demande=nature,
        )  # fmt: skip
    _show_removal(lieu, nature, place, name)


def _save(contenu: Contenu, nature: str, place: int, given: dict[str, Any], position: int) -> Contenu:
    changed = update_step(contenu, nature, place, given)
    return changed if position == place else move_step(changed, nature, place, position)


def _show_removal(lieu: Lieu, nature: str, place: int, name: str) -> None:
    reason = why_kept(lieu.contenu, nature, place, lieu.view.permanents.champs)
    if reason:
        note(f"Ne peut pas être retirée : {reason}.")
    elif st.button("Retirer l’étape", key=f"{PREFIX}{name}:retirer", icon=":material/delete:"):
        confirm(
            lieu, name, "Retirer l’étape", "Les demandes commencées la gardent. Un formulaire qui ne sert qu’à elle disparaît avec elle.",
            "Retirer l’étape",
            lambda contenu, permanents: delete_step(contenu, nature, place, published=permanents.champs),
            "Étape retirée du brouillon.",
        )  # fmt: skip


def _buttons(lieu: Lieu, nature: str, name: str, label: str) -> bool:
    with st.container(horizontal=True):
        saved = st.button(label, type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir aux étapes", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go(vue=VUE, demande=nature)
    return saved
