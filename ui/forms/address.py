"""A postal address: numéro et voie, complément, code postal and ville, saved together."""

from __future__ import annotations

import streamlit as st

from domain.forms.fields import ADDRESS_PARTS, Json
from ui.forms import state
from ui.forms.model import FieldView
from ui.forms.words import label_of

PARTS = tuple(part.key for part in ADDRESS_PARTS)
_AUTOCOMPLETE = {
    "voie": "address-line1", "complement": "address-line2", "code_postal": "postal-code", "ville": "address-level2",
}  # fmt: skip


def render_address(view: FieldView) -> None:
    """Four text fields under the label of the address."""
    if not state.is_current(view, view.part(PARTS[0])):
        state.fill(view, _starting(view))
    st.markdown(f"**{label_of(view)}**")
    _render_part(view, "voie")
    _render_part(view, "complement")
    with st.container(horizontal=True, gap="small"):
        _render_part(view, "code_postal", width=140)
        _render_part(view, "ville", width=320)


def _starting(view: FieldView) -> dict[str, str]:
    value: Json = view.shown if isinstance(view.shown, dict) else {}
    return {view.part(part): state.as_typed(value.get(part)) for part in PARTS}


def _render_part(view: FieldView, name: str, width: int | str = "stretch") -> None:
    part = next(one for one in ADDRESS_PARTS if one.key == name)
    st.text_input(
        part.label if part.needed else f"{part.label} (facultatif)",
        key=view.part(name),
        on_change=state.on_parts_change,
        args=(view.saver, view.field.id, PARTS),
        autocomplete=_AUTOCOMPLETE[name],
        disabled=view.disabled,
        width=width,  # type: ignore[arg-type]
    )
