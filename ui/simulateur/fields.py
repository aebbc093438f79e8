"""The simulator's form. The address holds everything that is typed, so that a simulation can be sent, reloaded, come back to.

Widgets show what the address says and write to it when they are left: it is the one place where a simulation stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import streamlit as st

from domain.formatting import date_courte
from domain.forms.fields import Field
from domain.tarification import Prorata
from services.core import clock
from services.pilotage.cadres import CadreRow
from services.pilotage.parametres import FIELDS, NEEDS, Mode
from services.pilotage.simulations import Cadre
from ui import page

NAMES = (
    "mode", "quotite", "heures", "agents", "ratio", "effet", "debut", "prorata", "affiliee", "tarif", "taux", "hausse",
    "inflation", "votes", "avenants", "absences",
)  # fmt: skip
"""Parameters that one types or chooses, besides what is simulated with (`centre`, `offre`, `collectivite`)."""
COMPARED_HELP = "Facultatif : sans réponse, la même quantité de temps."


_PAIRS = (
    (
        ("hausse", "0", "Appliquée chaque 1er janvier après le dernier tarif connu."),
        ("inflation", "0", "Pour lire le total en euros de la première année."),
    ),
    (
        ("tarif", "Le tarif voté", "À la place du tarif voté, en euros par an."),
        ("taux", "Le tarif voté", "À la place du tarif voté, en euros."),
    ),
)


@dataclass
class Typed:
    """What the address holds, and the places kept beside each field for what is wrong with it."""

    texts: dict[str, str]
    places: dict[str, st.delta_generator.DeltaGenerator] = field(default_factory=dict)

    def show(self, erreurs: Mapping[str, str]) -> list[str]:
        """Put each message beside its field; those whose field is not on the page are given back."""
        rest = []
        for champ, message in erreurs.items():
            place = self.places.get(champ)
            if place is None:
                rest.append(message)
            else:
                place.error(page.text(message), icon=":material/error:")
        return rest


def start(cadre: Cadre) -> None:
    """An empty simulator begins with the next first of January and with what the offer is billed by, in the address like
    everything else."""
    if not any(name in st.query_params for name in NAMES):
        st.query_params["effet"] = date_courte(date(clock.today(cadre.fuseau).year + 1, 1, 1))
        if cadre.offer.facturation.mode == "horaire":
            st.query_params["mode"] = Mode.HEURES.value
        if cadre.offer.facturation.mode == "horaire":
            st.query_params["mode"] = Mode.HEURES.value


def choose_cadre(rows: Sequence[CadreRow]) -> CadreRow:
    """What to simulate with: that of the address, else the first. Asked only when there is a choice."""
    params = st.query_params
    asked = f"{params.get('centre', '')}/{params.get('offre', '')}/{params.get('collectivite', '')}"
    current = next((one for one in rows if one.code == asked), rows[0])
    if len(rows) > 1:
        labels = {one.code: _label(one, rows) for one in rows}
        key = "simulateur:cadre"
        st.session_state[key] = current.code
        st.selectbox(
            "Offre à simuler",
            list(labels),
            format_func=lambda code: labels[code],
            key=key,
            on_change=_change_cadre,
            args=(key, {one.code: one.texts for one in rows}),
        )
    return current


def _label(row: CadreRow, rows: Sequence[CadreRow]) -> str:
    """Enough words to tell one from the others."""
    words = [row.offre_titre]
    if len({one.centre for one in rows}) > 1:
        words.append(row.centre_nom)
    if len({one.collectivite_id for one in rows}) > 1:
        words.append(row.collectivite_nom or "pour le centre")
    return " – ".join(words)


def _change_cadre(key: str, texts: Mapping[str, Mapping[str, str]]) -> None:
    chosen = texts[st.session_state[key]]
    for name in ("centre", "offre", "collectivite"):
        if name in chosen:
            st.query_params[name] = chosen[name]
        else:
            st.query_params.pop(name, None)


def show_fields(cadre: Cadre) -> Typed:
    """Everything one types; gives it as texts by name."""
    typed = Typed({name: st.query_params.get(name, "") for name in NAMES})
    modes = {mode.value: mode.label for mode in Mode}
    asked = _choice("mode", "Ce que vous connaissez", modes, Mode.QUOTITE.value)
    mode = Mode(asked)
    _text(typed, NEEDS[mode], FIELDS[NEEDS[mode]])
    if mode is Mode.AGENTS:
        _text(typed, "ratio", _ratio_field(cadre))
    elif mode is Mode.QUOTITE:
        _text(
            typed,
            "heures",
            FIELDS["heures"],
            label="Heures à comparer, par an",
            placeholder="Celles de la part",
            aide=COMPARED_HELP,
        )
    else:
        _text(
            typed,
            "quotite",
            FIELDS["quotite"],
            label="Part à comparer",
            placeholder="Celle de ces heures",
            aide=COMPARED_HELP,
        )
    left, right = st.columns(2)
    with left:
        _text(typed, "effet", FIELDS["effet"], placeholder="JJ/MM/AAAA")
    with right:
        _text(typed, "debut", FIELDS["debut"], placeholder="Le même jour")
    with st.expander("Hypothèses et tarifs", expanded=_any(typed, "hausse", "inflation", "tarif", "taux", "votes")):
        _show_hypotheses(typed, cadre, mode)
    with st.expander("Ce qui change en cours de route", expanded=_any(typed, "avenants", "absences")):
        _list(typed, "avenants", "Changements de part", "60 % au 01/09/2028")
        _list(typed, "absences", "Périodes sans assistant, du fait du centre", "du 01/02/2028 au 17/03/2028")
    return typed


def _any(typed: Typed, *names: str) -> bool:
    return any(typed.texts[name] for name in names)


def _show_hypotheses(typed: Typed, cadre: Cadre, mode: Mode) -> None:
    for pair in _PAIRS:
        for place, (name, placeholder, aide) in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=True):
            with place:
                _text(typed, name, FIELDS[name], placeholder=placeholder, aide=aide)
    _list(typed, "votes", "Tarifs supposés, par année", "2028 : 69 340 ; 2029 : 70 727")
    usual = cadre.offer.facturation.prorata
    options = {"": f"Règle de l’offre : {usual.label}"} | {one.value: one.label.capitalize() for one in Prorata}
    _choice("prorata", "Première année comptée en", options, "", wide=True)
    if any(one.public != "tous" for one in cadre.tarifs):
        _choice("affiliee", "Collectivité affiliée au centre", {"": "Non précisé", "oui": "Oui", "non": "Non"}, "")
    if mode is not Mode.AGENTS and any(one.effectif_min for one in cadre.tarifs):
        _text(typed, "agents", FIELDS["agents"], aide="Le tarif de ce centre dépend du nombre d’agents.")


def _ratio_field(cadre: Cadre) -> Field:
    return FIELDS["ratio"].model_copy(
        update={
            "example": str(cadre.ratio),
            "help": f"Sans réponse : {cadre.ratio}. C’est une hypothèse de dimensionnement : le centre peut la corriger.",
        }
    )


def _list(typed: Typed, name: str, label: str, exemple: str) -> None:
    """Several entries in one field."""
    aide = "Plusieurs : séparez-les par un point-virgule."
    _input(name, label, placeholder=exemple, aide=aide)
    typed.places[name] = st.empty()


def _text(typed: Typed, name: str, rule: Field, *, label: str = "", placeholder: str = "", aide: str = "") -> None:
    """One field, and a place under it for what is wrong with it."""
    suffix = {"percentage": " (%)", "money": " (€)"}.get(rule.type, "")
    _input(name, (label or rule.label) + suffix, placeholder=placeholder or rule.example, aide=aide or rule.help)
    typed.places[name] = st.empty()


def _input(name: str, label: str, *, placeholder: str, aide: str) -> None:
    key = f"simulateur:{name}"
    st.session_state[key] = st.query_params.get(name, "")
    st.text_input(
        label, key=key, placeholder=placeholder, help=aide or None, max_chars=600, on_change=_write, args=(name, key, ""),
        autocomplete="off",
    )  # fmt: skip


def _choice(name: str, label: str, options: Mapping[str, str], usual: str, *, wide: bool = False) -> str:
    """One of a few; what is not in the list is as if nothing was asked."""
    key = f"simulateur:{name}"
    asked = st.query_params.get(name, usual)
    st.session_state[key] = asked if asked in options else usual
    draw: Any = st.selectbox if wide else st.radio
    chosen = draw(
        label, list(options), format_func=lambda code: options[code], key=key, on_change=_write, args=(name, key, usual)
    )
    return str(chosen or usual)


def _write(name: str, key: str, usual: str) -> None:
    """What was just typed goes to the address."""
    value = str(st.session_state[key] or "").strip()
    if value == usual:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
