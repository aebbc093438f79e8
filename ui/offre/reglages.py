"""The terms of an offer: what it is called, billed, how long it runs, how it ends; its options and its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from domain.forms.editing import Contenu
from domain.offer.editing import delete_words, read_term, update_settings, update_words
from domain.offer.reading import choices_of
from domain.offer.settings import REGLAGES, Reglage
from services.offres.diff_labels import LABELS
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, apply, confirm
from ui.html import note

NONE = "Aucune"
OTHER = "?"
"""Chosen in place of a code, to type one; no code has it."""
TABLES = {
    "options": (
        "Options",
        "Lues par les conditions des formulaires (offre.options.…) et par les documents.",
    ),
    "vocabulaire": ("Vocabulaire", "Les mots de ce centre, que les documents emploient (vocabulaire.…)."),
}
KINDS = {"texte": "Un texte", "nombre": "Un nombre", "oui_non": "Oui ou non"}


def draw(reglage: Reglage, contenu: Contenu, value: Any, key: str) -> Any:
    """The widget of one setting; gives what it holds."""
    label, aide = reglage.libelle, reglage.aide or None
    if reglage.genre == "oui_non":
        return st.checkbox(label, bool(value), key=key, help=aide)
    if reglage.genre == "entier":
        return st.number_input(
            label, reglage.minimum, reglage.maximum, _between(value, reglage), step=1, key=key, help=aide
        )
    if reglage.genre == "long":
        return st.text_area(label, value or "", max_chars=reglage.longueur, key=key, help=aide)
    if reglage.genre == "mots":
        return st.text_input(label, ", ".join(value or ()), max_chars=400, key=key, help=aide)
    if reglage.genre == "texte":
        return st.text_input(label, value or "", max_chars=reglage.longueur, key=key, help=aide)
    choices = choices_of(contenu, reglage)
    codes = ["", *choices] if reglage.facultatif else list(choices)
    now = str(value) if value is not None else ""
    if now and now not in codes:
        codes.append(now)  # a draft may name what is no longer there
    return st.selectbox(
        label, codes, codes.index(now) if now in codes else None, key=key, help=aide,
        format_func=lambda code: choices.get(code, code or NONE), placeholder="Choisissez",
    )  # fmt: skip


def draw_tarif(reglage: Reglage, tarifs: Mapping[str, str], value: Any, key: str) -> str:
    """A tariff among those of the centre, or the code of one that nobody recorded yet."""
    now = str(value or "")
    codes = [*([""] if reglage.facultatif else []), *tarifs, *([now] if now and now not in tarifs else []), OTHER]
    told = {"": "Aucun", OTHER: "Un tarif qui n’est pas dans la liste", **tarifs}
    code = st.selectbox(
        reglage.libelle, codes, codes.index(now) if now in codes else None, key=key, help=reglage.aide or None,
        format_func=lambda one: told.get(one, f"{one} (aucun tarif enregistré)"), placeholder="Choisissez",
    )  # fmt: skip
    if code != OTHER:
        return code or ""
    return st.text_input(
        f"Code du tarif à enregistrer ({reglage.libelle.lower()})", key=f"{key}:code", max_chars=reglage.longueur,
        placeholder="visite_medicale", help="Le tarif s’enregistre ensuite sous ce code, sur la page Tarifs.",
    )  # fmt: skip


def _between(value: Any, reglage: Reglage) -> int:
    number = value if isinstance(value, int) else reglage.minimum
    return max(reglage.minimum, min(reglage.maximum, number))


def show_settings(lieu: Lieu) -> None:
    """Every setting, saved at once; then the options and the words, one by one."""
    name, slots = "reglages", page.Slots()
    lieu.held_version(name)
    given: dict[str, Any] = {}
    for titre, group in REGLAGES.items():
        st.subheader(titre, anchor=False)
        for reglage in group:
            if reglage.si and given.get(reglage.si[0]) not in reglage.si[1]:
                continue
            key, value = f"{PREFIX}{name}:{reglage.chemin}", read_term(lieu.contenu, reglage.chemin)
            if reglage.genre == "tarif":
                given[reglage.chemin] = draw_tarif(reglage, lieu.view.tarifs, value, key)
            else:
                given[reglage.chemin] = draw(reglage, lieu.contenu, value, key)
            slots.place(reglage.chemin)
    note("Les conventions en cours gardent les termes de leur version : seules les nouvelles suivent ceux-ci.")
    if st.button("Enregistrer les réglages", type="primary", key=f"{PREFIX}{name}:enregistrer"):
        apply(
            lieu,
            name,
            slots,
            lambda contenu, _: update_settings(contenu, given),
            "Réglages enregistrés dans le brouillon.",
            vue="reglages",
        )
    for table in TABLES:
        _show_words(lieu, table)


def _show_words(lieu: Lieu, table: str) -> None:
    titre, about = TABLES[table]
    entries = lieu.contenu.get(table, {})
    with st.expander(f"{titre} ({len(entries)})"):
        note(about)
        for cle, value in entries.items():
            _show_word(lieu, table, cle, value)
        _show_new_word(lieu, table)


def _show_word(lieu: Lieu, table: str, cle: str, value: Any) -> None:
    name, slots = f"{table}:{cle}", page.Slots()
    lieu.held_version(name)
    label = f"{LABELS[cle]} ({cle})" if cle in LABELS else cle
    field, actions = st.columns([3, 2], vertical_alignment="bottom")
    with field:
        given = _value(label, _kind(value), value, f"{PREFIX}{name}:valeur")
        slots.place("valeur")
    with actions, st.container(horizontal=True):
        if st.button("Enregistrer", key=f"{PREFIX}{name}:enregistrer"):
            apply(
                lieu, name, slots, lambda contenu, _: update_words(contenu, table, cle, given),
                "Enregistré dans le brouillon.", vue="reglages",
            )  # fmt: skip
        if st.button("Supprimer", type="tertiary", key=f"{PREFIX}{name}:supprimer", help=f"Supprimer « {cle} »"):
            confirm(
                lieu, name, "Supprimer", f"« {cle} » ne pourra plus être lu par les conditions ni par les documents.",
                "Supprimer", lambda contenu, _: delete_words(contenu, table, cle), "Supprimé du brouillon.",
            )  # fmt: skip


def _kind(value: Any) -> str:
    return "oui_non" if isinstance(value, bool) else "nombre" if isinstance(value, int) else "texte"


def _value(label: str, kind: str, value: Any, key: str) -> Any:
    if kind == "oui_non":
        return st.checkbox(label, bool(value), key=f"{key}:oui")
    if kind == "nombre":
        return st.number_input(label, 0, 1_000_000, value if isinstance(value, int) else 0, step=1, key=f"{key}:nombre")
    return st.text_input(label, value if isinstance(value, str) else "", max_chars=200, key=key)


def _show_new_word(lieu: Lieu, table: str) -> None:
    name, slots = f"{table}-nouveau", page.Slots()
    lieu.held_version(name)
    st.markdown("**Ajouter**")
    cle = st.text_input(
        "Nom", key=f"{PREFIX}{name}:cle", max_chars=40, placeholder="nombre_seances",
        help="Des minuscules sans accent, des chiffres et « _ » : c’est ainsi que les conditions et les documents le lisent.",
    )  # fmt: skip
    slots.place("cle")
    kind = "texte"
    if table == "options":
        kind = st.selectbox("Genre de valeur", list(KINDS), format_func=KINDS.__getitem__, key=f"{PREFIX}{name}:genre")
    value = _value("Valeur", kind, None, f"{PREFIX}{name}:valeur")
    slots.place("valeur")
    if st.button("Ajouter", key=f"{PREFIX}{name}:ajouter"):
        apply(
            lieu, name, slots, lambda contenu, _: update_words(contenu, table, cle, value),
            "Ajouté au brouillon.", vue="reglages",
        )  # fmt: skip
