"""The condition builder on the screen: comparisons one below the other, the expression they make, or the expression itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from domain.errors import Invalide
from domain.formatting import date_courte, nombre
from domain.forms.condition_builder import (
    AUJOURDHUI,
    MAX_COMPARAISONS,
    Comparaison,
    Operateur,
    Regle,
    compile_regle,
    describe_regle,
    operators_of,
    read_regle,
    read_valeur,
)
from domain.forms.field_editing import check_expression
from domain.forms.fields import Field, Json, display_value
from domain.text import fold
from ui.html import note

TOUJOURS, SELON, ECRITE = "toujours", "selon", "ecrite"
LIAISONS = {"and": "Toutes ces comparaisons sont vraies", "or": "Une au moins est vraie"}


class ConditionEditor:
    """Widgets of one condition. `source` is what it is now, `fields` what it may read; `champ` is where its errors go."""

    def __init__(self, key: str, champ: str, source: str | None, fields: Mapping[str, Field]) -> None:
        self.key, self.champ, self.source, self.fields = key, champ, source, fields
        self.start = read_regle(source, fields)
        self._values: Regle | None = None
        self._error: Invalide | None = None

    def show(self, titre: str, toujours: str | None, selon: str, slot: Any) -> None:
        """Draw it. `toujours` is the words for no condition (None: one is needed); `slot` is where mistakes are said."""
        labels = {TOUJOURS: toujours or "", SELON: selon, ECRITE: "Selon une expression écrite à la main"}
        if toujours is None:
            del labels[TOUJOURS]
        blank = SELON if toujours is None else TOUJOURS
        first = blank if not self.source else ECRITE if self.start is None else SELON
        codes = list(labels)
        mode = st.radio(titre, codes, codes.index(first), format_func=labels.__getitem__, key=f"{self.key}:mode")
        self.mode = mode
        if mode == SELON:
            self._show_rule()
        elif mode == ECRITE:
            st.text_area(
                "Expression",
                value=self.source or "",
                key=f"{self.key}:expression",
                help="Par exemple : besoin.quotite > 50 and collectivite.type == 'commune'.",
            )
        slot.place(self.champ)

    def read(self) -> str | None:
        """The condition as it stands, None for none; Invalide about `champ` when it is not complete. One that says the same
        as before is given back as it was written."""
        if self.mode == TOUJOURS:
            return None
        if self.mode == ECRITE:
            text = check_expression(st.session_state.get(f"{self.key}:expression"), self.champ)
            if text is None:
                raise Invalide("Écrivez l’expression.", self.champ)
            return text
        if self._error is not None:
            raise Invalide(self._error.message, self.champ)
        if self._values is None or not self._values.comparaisons:
            raise Invalide("Ajoutez une comparaison.", self.champ)
        if self._values == self.start:
            return self.source
        try:
            return compile_regle(self._values, self.fields)
        except Invalide as error:
            raise Invalide(error.message, self.champ) from None

    def _show_rule(self) -> None:
        state = st.session_state
        known = self.start.comparaisons if self.start else ()
        rows: list[int] = state.setdefault(f"{self.key}:lignes", list(range(max(1, len(known)))))
        if len(rows) > 1:
            codes = list(LIAISONS)
            at = codes.index(self.start.liaison) if self.start else 0
            liaison = st.radio("Quand", codes, at, format_func=LIAISONS.__getitem__, key=f"{self.key}:liaison")
        else:
            liaison = "and"
        found = []
        for place, row in enumerate(list(rows), 1):
            with st.container(border=True, key=f"{self.key}:ligne{row}"):
                one = self._show_row(row, place, known[row] if row < len(known) else None)
                if len(rows) > 1 and st.button(
                    f"Retirer la comparaison {place}", key=f"{self.key}:{row}:retirer", type="tertiary"
                ):
                    rows.remove(row)
                    st.rerun()
            if one is not None:
                found.append(one)
        if len(rows) < MAX_COMPARAISONS and st.button(
            "Ajouter une comparaison", key=f"{self.key}:ajouter", icon=":material/add:"
        ):
            rows.append(max(rows, default=0) + 1 + len(known))
            st.rerun()
        self._values = Regle(tuple(found), "or" if len(found) > 1 and liaison == "or" else "and")
        self._show_expression()

    def _show_expression(self) -> None:
        """What the comparisons say, in words and in the language of the documents."""
        if self._error is not None or self._values is None:
            return
        try:
            source = compile_regle(self._values, self.fields)
        except Invalide as error:
            note(error.message)
            return
        if source:
            note(f"Quand {describe_regle(self._values, self.fields)}.")
            st.code(source, language=None)

    def _show_row(self, row: int, place: int, start: Comparaison | None) -> Comparaison | None:
        ids = list(self.fields)
        at = ids.index(start.champ) if start and start.champ in ids else None
        champ = st.selectbox(
            f"Question de la comparaison {place}",
            ids,
            at,
            format_func=lambda one: f"{self.fields[one].label} ({one})",
            placeholder="Choisissez une question",
            key=f"{self.key}:{row}:champ",
        )
        if champ is None:
            self._error = Invalide(f"Choisissez la question de la comparaison {place}.")
            return None
        field = self.fields[champ]
        begun = start if start and start.champ == champ else None
        wanted = operators_of(field)
        codes = [one.code for one in wanted]
        code = st.selectbox(
            f"Comparaison {place}",
            codes,
            codes.index(begun.operateur) if begun else 0,
            format_func=lambda one: next(o.libelle for o in wanted if o.code == one),
            key=f"{self.key}:{row}:{champ}:operateur",
        )
        operateur = next(one for one in wanted if one.code == code)
        value = self._show_value(f"{self.key}:{row}:{champ}:{operateur.attend}", place, field, operateur, begun)
        if operateur.attend == "valeur":
            try:
                value = read_valeur(field, value)
            except Invalide as error:
                self._error = error
                if value:
                    note(error.message)
                return None
        return Comparaison(champ, code, value)

    def _show_value(self, key: str, place: int, field: Field, wanted: Operateur, begun: Comparaison | None) -> Json:
        """The widget of what is compared with, and the value it holds."""
        held = begun.valeur if begun else None
        label = f"Valeur de la comparaison {place}"
        options = {one.id: one.label for one in (field.items if wanted.attend == "case" else field.options)}
        if wanted.attend == "rien":
            return None
        if wanted.attend == "nombre":
            return int(st.number_input(label, 0, 999, held if isinstance(held, int) else 1, key=key))
        if wanted.attend == "valeurs":
            chosen = [one for one in held if one in options] if isinstance(held, list) else []
            return st.multiselect(
                label, list(options), chosen, format_func=options.__getitem__, key=key, placeholder="Choisissez"
            )
        if wanted.attend == "case" or options:
            at = list(options).index(held) if held in options else None
            return st.selectbox(
                label, list(options), at, format_func=options.__getitem__, key=key, placeholder="Choisissez"
            )
        aide = "Une date, par exemple 01/03/2027, ou « aujourd’hui »." if field.type == "date" else None
        typed = st.text_input(label, as_typed(field, held), key=key, help=aide)
        return AUJOURDHUI if field.type == "date" and fold(typed) == "aujourd hui" else typed.strip()


def as_typed(field: Field, value: Json) -> str:
    """A value as a person would type it."""
    if value is None:
        return ""
    if field.type == "date":
        return "aujourd’hui" if value == AUJOURDHUI else date_courte(date.fromisoformat(str(value)))
    if field.type in ("decimal", "money", "percentage"):
        return nombre(Decimal(str(value)))
    return display_value(field, value) if field.type == "duration" else str(value)


def describe_condition(source: str | None, fields: Mapping[str, Field]) -> str:
    """A condition in words when it can be said, otherwise as the expression it is; empty for none."""
    if not source:
        return ""
    regle = read_regle(source, fields)
    if regle and regle.comparaisons:
        return describe_regle(regle, fields)
    return f"l’expression «\u00a0{source}\u00a0» est vraie"
