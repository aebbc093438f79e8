"""What may be done now with a dossier or a convention: one main action, the others beside it, the reasons when blocked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from services.dossier_views import ActionRow, Avertissement
from ui import page
from ui.html import bullet_list, day_and_time, show

Perform = Callable[[str, str], object]
"""Does an action with its reason; goes through `page.run` and gives something true when done."""


@dataclass(frozen=True)
class Wording:
    """What a confirmation says before an action. Without one the action is done at the first click."""

    texte: str
    titre: str | None = None


def show_actions(
    actions: Sequence[ActionRow], perform: Perform, wordings: Mapping[str, Wording], *, key: str, main: Sequence[str]
) -> None:
    """Buttons of these actions. The first of `main` that is possible is the page's main action; a blocked one is shown
    with what it waits for. `key` holds the thing and its state: an echo of a click on a former state finds no button."""
    primary = next((code for code in main if any(row.action == code and not row.blocages for row in actions)), None)
    with st.container(horizontal=True, gap="small"):
        for row in sorted(actions, key=lambda one: one.action != primary):
            clicked = st.button(
                row.libelle,
                key=f"{key}:{row.action}",
                type="primary" if row.action == primary else "secondary",
                disabled=bool(row.blocages),
            )
            if clicked:
                _start(row, perform, wordings.get(row.action), key)
    for row in actions:
        if row.blocages:
            show(
                Markup("<p>« {} » n’est pas encore possible :</p>").format(row.libelle),
                bullet_list(row.blocages),
            )


def _start(row: ActionRow, perform: Perform, wording: Wording | None, key: str) -> None:
    if wording is None and not row.motif:
        if perform(row.action, ""):
            st.rerun()
        return
    page.confirm(
        wording.titre if wording and wording.titre else row.libelle,
        wording.texte if wording else "",
        row.libelle,
        lambda motif: perform(row.action, motif),
        motif=row.motif,
        key=f"{key}:{row.action}",
    )


def show_warnings(
    warnings: Sequence[Avertissement], fuseau: str, lift: Callable[[str, str], object] | None, *, key: str
) -> None:
    """Warnings that a person must lift with a reason, and those already lifted. `lift` (code, reason) when allowed."""
    for number, warning in enumerate(warnings):
        if warning.levee is not None:
            show(
                Markup(
                    '<ul class="p-notes"><li class="p-leve"><strong>Point vérifié :</strong> {}<br>Levé par {} le {} : {}</li></ul>'
                ).format(warning.texte, warning.levee.par, day_and_time(warning.levee.le, fuseau), warning.levee.motif)
            )
            continue
        st.warning(f"**À vérifier :** {page.text(warning.texte)}", icon=":material/warning:")
        if lift is not None and st.button("Lever cet avertissement", key=f"{key}:lever:{number}"):
            page.confirm(
                "Lever l’avertissement",
                f"{warning.texte} Indiquez pourquoi ce point ne s’oppose pas à la suite.",
                "Lever l’avertissement",
                lambda motif, code=warning.code: lift(code, motif),  # type: ignore[misc]
                motif=True,
                key=f"{key}:lever:{number}",
            )
