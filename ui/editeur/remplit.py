"""What an answer writes into other questions: the record of a collectivité, the words of a kind of collectivité, or those that
each answer of a list says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from domain.forms.check_editing import OPTIONS
from domain.forms.editing import Contenu, free_id
from domain.forms.fields import Field
from ui import page
from ui.editeur.ordre import Key
from ui.html import note

Attributs = Mapping[str, tuple[str, tuple[str, ...]]]
TEXTS = ("text", "long_text")
COLLECTIVITE: Attributs = {
    "nom": ("Son nom", TEXTS),
    "siren": ("Son numéro SIREN", ("siren", "text")),
    "type": ("Sa nature", ("choice",)),
    "adresse": ("Son adresse (code postal et ville)", ("address",)),
    "code_postal": ("Son code postal", ("postal_code", "text")),
    "code_insee": ("Son code INSEE", ("insee_code", "text")),
    "departement": ("Son département", TEXTS),
    "population": ("Sa population", ("integer", "decimal", "text")),
}
PARTIES: Attributs = {
    "appellation": ("Son appellation dans la convention", TEXTS),
    "organe": ("Son assemblée", TEXTS),
    "qualite": ("La qualité de qui signe", TEXTS),
}


def show_fills(
    key: Key, kind: str, old: Contenu, given: dict[str, Any], fields: Mapping[str, Field], slots: page.Slots
) -> None:
    """The widgets for this kind of answer; what they hold goes into `given` (`fills`, and the `values` of its options)."""
    targets = {one: field for one, field in fields.items() if one != old.get("id") and not one.startswith(OPTIONS)}
    attributes = COLLECTIVITE if kind == "collectivite" else PARTIES if old.get("options_from") == "parties" else None
    if attributes is not None:
        given["fills"] = _show_record(key, attributes, old.get("fills", {}), targets)
        slots.place("fills")
    elif kind == "choice" and given.get("options"):
        with st.expander("Remplir d’autres questions avec cette réponse", expanded=bool(old.get("fills"))):
            _show_values(key, old.get("fills", {}), given, targets)
        slots.place("fills")


def _show_record(
    key: Key, attributes: Attributs, held: Mapping[str, str], targets: Mapping[str, Field]
) -> dict[str, str]:
    note("Choisir une réponse remplit les questions suivantes, qui restent modifiables.")
    chosen: dict[str, str] = {}
    for attribute, (label, kinds) in attributes.items():
        fitting = [one for one, field in targets.items() if field.type in kinds or held.get(one) == attribute]
        several = st.multiselect(
            f"{label} remplit",
            fitting,
            [one for one in fitting if held.get(one) == attribute],
            format_func=lambda one: f"{targets[one].label} ({one})",
            placeholder="Aucune question",
            key=key(f"fills:{attribute}"),
        )
        chosen.update(dict.fromkeys(several, attribute))
    kept = [one for one in held if one in chosen or held[one] not in attributes]
    # In the order that they had, so that what nobody changed stays as it was written.
    return {one: chosen.get(one, held[one]) for one in kept} | chosen


def _show_values(key: Key, held: Mapping[str, str], given: dict[str, Any], targets: Mapping[str, Field]) -> None:
    """Which questions, then what each answer of the list writes there."""
    fitting = [one for one, field in targets.items() if field.type in TEXTS]
    chosen = st.multiselect(
        "Questions remplies",
        fitting,
        [one for one in held if one in fitting],
        format_func=lambda one: f"{targets[one].label} ({one})",
        placeholder="Aucune question",
        key=key("fills:cibles"),
    )
    fills = {target: attribute for target, attribute in held.items() if target not in fitting or target in chosen}
    for target in chosen:
        fills.setdefault(target, free_id(target.rpartition(".")[2], fills.values()))
    options = []
    for option in given["options"]:
        values = {name: value for name, value in option.get("values", {}).items() if name in fills.values()}
        for target in chosen:
            typed = st.text_input(
                f"« {option['label']} » écrit dans « {targets[target].label} »",
                str(values.pop(fills[target], "")),
                key=key(f"fills:{target}:{option['id']}"),
            ).strip()
            values |= {fills[target]: typed} if typed else {}
        options.append({**option, "values": values})
    given["fills"], given["options"] = fills, options
