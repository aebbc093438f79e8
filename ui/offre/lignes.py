"""The rows of an offer (documents, annexes, kinds of collectivité, sections of the report, requests): list, change, add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.forms.editing import Contenu
from domain.offer.editing import add_row, delete_row, move_row, update_row
from domain.offer.reading import choices_of, find_row, list_rows, why_kept
from domain.offer.settings import LISTES, Liste, Reglage
from ui import page
from ui.editeur.condition import ConditionEditor
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import link, note, show
from ui.offre.reglages import draw

ADD = {
    "documents": "Ajouter un document",
    "annexes": "Ajouter une annexe",
    "parties": "Ajouter un type de collectivité",
    "bilan": "Ajouter une section",
    "demandes": "Ajouter une demande",
}


def show_list(lieu: Lieu, vue: str, liste: str) -> None:
    """Every row with a link to change it, and the link that adds one."""
    about, rows = LISTES[liste], list_rows(lieu.contenu, liste)
    st.subheader(about.titre, anchor=False)
    if about.aide:
        note(about.aide)
    if rows:
        items = Markup("").join(_row(lieu, vue, liste, row) for row in rows)
        show(Markup('<dl class="p-faits">{}</dl>').format(items))
    else:
        show(Markup('<p class="p-vide">{}</p>').format("Aucune." if about.feminin else "Aucun."))
    show(Markup("<p>{}</p>").format(link(ADD[liste], lieu.url(vue=vue, liste=liste, nouveau="ligne"), here=True)))


def _name(about: Liste, row: Contenu) -> str:
    """What a row is called, as a title."""
    name = str(row[about.nom.chemin])
    return f"{name[:1].upper()}{name[1:]}"


def _row(lieu: Lieu, vue: str, liste: str, row: Contenu) -> Markup:
    about = LISTES[liste]
    name, ident = _name(about, row), row[about.cle]
    told = [text for one in (*about.nouveau, *about.champs[1:]) if (text := _told(lieu.contenu, one, row))]
    edit = link("Modifier", lieu.url(vue=vue, liste=liste, ligne=ident), hidden=f"« {name} »", here=True)
    return Markup("<div><dt>{}</dt><dd>{}{}</dd></div>").format(name, f"{' · '.join(told)} · " if told else "", edit)


def _told(contenu: Contenu, one: Reglage, row: Contenu) -> str:
    """What the list says of one thing: choices, boxes that are ticked; long texts are left to the panel."""
    value = row.get(one.chemin)
    if one.genre == "oui_non":
        return one.libelle.lower() if value else ""
    if one.genre == "choix":
        return choices_of(contenu, one).get(str(value), str(value or ""))
    return str(value) if value and one.chemin in ("template", "organe", "qualite") else ""


def show_panel(lieu: Lieu, vue: str) -> bool:
    """The panel that the address asks for, in place of the lists; False when it asks for none."""
    liste = page.param("liste") or ""
    if liste not in LISTES:
        return False
    if page.param("nouveau") == "ligne":
        return page.ran(_show_new, lieu, vue, liste)[0]
    ident = page.param("ligne")
    return bool(ident) and page.ran(_show_row, lieu, vue, liste, ident)[0]


def _draw_all(
    lieu: Lieu, name: str, fields: tuple[Reglage, ...], row: Mapping[str, Any], slots: page.Slots
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for reglage in fields:
        value = row.get(reglage.chemin)
        if reglage.si and row.get(reglage.si[0]) not in reglage.si[1]:
            continue
        if reglage.genre == "condition":
            given[reglage.chemin] = _condition(lieu, name, reglage, value, slots)
            continue
        given[reglage.chemin] = draw(reglage, lieu.contenu, value, f"{PREFIX}{name}:{reglage.chemin}")
        slots.place(reglage.chemin)
    return given


def _condition(lieu: Lieu, name: str, reglage: Reglage, value: Any, slots: page.Slots) -> ConditionEditor:
    """A condition built without code: read when it is saved, since it may not be complete before."""
    editor = ConditionEditor(f"{PREFIX}{name}:{reglage.chemin}", reglage.chemin, value, lieu.fields)
    editor.show(reglage.libelle, "Toujours", "Selon les réponses du dossier", slots)
    return editor


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one.read() if isinstance(one, ConditionEditor) else one for key, one in given.items()}


DEFAULTS: dict[str, dict[str, Any]] = {"bilan": {"taille": 4000}, "annexes": {"source": "gabarit"}}


def _show_new(lieu: Lieu, vue: str, liste: str) -> None:
    about = LISTES[liste]
    name, slots = f"nouvelle:{liste}", page.Slots()
    lieu.held_version(name)
    st.subheader(ADD[liste], anchor=False)
    given = _draw_all(lieu, name, (*about.champs, *about.nouveau), DEFAULTS.get(liste, {}), slots)
    if liste == "demandes":
        note("Ses étapes se modifient ensuite ici, ses questions sur la page Formulaires.")
    if _buttons(lieu, vue, name, ADD[liste]):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, permanents: add_row(
                contenu, liste, _read(given), taken=permanents.lignes.get(liste, frozenset()) | permanents.formulaires
            )[0],
            "Ajouté au brouillon.",
            vue=vue,
        )


def _show_row(lieu: Lieu, vue: str, liste: str, ident: str) -> None:
    about = LISTES[liste]
    row = find_row(lieu.contenu, liste, ident)
    name, slots = f"ligne:{liste}:{ident}", page.Slots()
    lieu.held_version(name)
    st.subheader(page.text(_name(about, row)), anchor=False)
    note(f"Identifiant permanent\u00a0: {ident}")
    given = _draw_all(lieu, name, about.champs, row, slots)
    rows = list_rows(lieu.contenu, liste)
    at = [one[about.cle] for one in rows].index(ident)
    place = st.selectbox(
        "Place", range(len(rows)), at, format_func=lambda one: f"{one + 1} sur {len(rows)}", key=f"{PREFIX}{name}:place"
    )
    if _buttons(lieu, vue, name, "Enregistrer"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: move_row(update_row(contenu, liste, ident, _read(given)), liste, ident, place),
            "Enregistré dans le brouillon.",
            vue=vue,
        )
    _show_removal(lieu, about, liste, ident, name)


def _show_removal(lieu: Lieu, about: Liste, liste: str, ident: str, name: str) -> None:
    reason = why_kept(lieu.contenu, liste, ident, lieu.view.permanents.champs)
    if reason:
        end = "e" if about.feminin else ""
        note(f"Ne peut pas être supprimé{end} : {reason}.")
    elif st.button("Supprimer", key=f"{PREFIX}{name}:supprimer", icon=":material/delete:"):
        confirm(
            lieu,
            name,
            "Supprimer",
            "Les dossiers commencés et les conventions en cours gardent leur version.",
            "Supprimer",
            lambda contenu, permanents: delete_row(contenu, liste, ident, published=permanents.champs),
            "Supprimé du brouillon.",
        )


def _buttons(lieu: Lieu, vue: str, name: str, label: str) -> bool:
    with st.container(horizontal=True):
        saved = st.button(label, type="primary", key=f"{PREFIX}{name}:enregistrer")
        if st.button("Revenir à la liste", type="tertiary", key=f"{PREFIX}{name}:revenir"):
            lieu.go(vue=vue)
    return saved
