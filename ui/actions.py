"""What may be done now with a dossier or a convention: one main action, the others beside it, the reasons when blocked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from markupsafe import Markup

from services.adhesion.dossier_views import ActionRow, Avertissement
from ui import page
from ui.html import bullet_list, day_and_time, show

Perform = Callable[[str, str], object]
"""Does an action with its reason; goes through `page.run` and gives something true when done."""

LIFT_FIRST = ("Levez l’avertissement ci-dessus.", "Levez les avertissements ci-dessus.")
LIFTED_BY_OTHERS = (
    "Un instructeur doit d’abord lever l’avertissement ci-dessus.",
    "Un instructeur doit d’abord lever les avertissements ci-dessus.",
)


@dataclass(frozen=True)
class Wording:
    """What a confirmation says before an action. Without one the action is done at the first click."""

    texte: str
    titre: str | None = None


def follow_state(key: str, etat: str) -> None:
    """Bring the person back to the top of the page when what it shows (`key`) has changed state since its last run. Call
    it just after the header."""
    before = st.session_state.get(key)
    st.session_state[key] = etat
    if before not in (None, etat):
        show(Markup('<div data-portail-focus="stHeading" data-etat="{}"></div>').format(etat))


def main_action(actions: Sequence[ActionRow], main: Sequence[str]) -> str | None:
    """The first of `main` that is possible now."""
    return next((code for code in main if any(row.action == code and not row.blocages for row in actions)), None)


def lifting_comes_first(actions: Sequence[ActionRow], warnings: Sequence[Avertissement], main: Sequence[str]) -> bool:
    """Whether lifting the warnings is what this person does now: nothing of `main` is possible, and one of them waits for
    nothing else."""
    return main_action(actions, main) is None and any(
        row.action in main and row.blocages and set(list_reasons(row, warnings)).issubset(LIFT_FIRST) for row in actions
    )


def list_reasons(row: ActionRow, warnings: Sequence[Avertissement], *, lifts: bool = True) -> list[str]:
    """What an action waits for, each thing once; a warning that the page shows is not written again. `lifts`: this person
    may lift them."""
    pending = [one.texte for one in warnings if one.levee is None]
    instead = (LIFT_FIRST if lifts else LIFTED_BY_OTHERS)[len(pending) > 1]
    said = (instead if any(one.endswith(texte) for texte in pending) else one for one in row.blocages)
    return list(dict.fromkeys(said))


def show_actions(
    actions: Sequence[ActionRow],
    perform: Perform,
    wordings: Mapping[str, Wording],
    *,
    key: str,
    main: Sequence[str],
    warnings: Sequence[Avertissement] = (),
    lifts: bool = True,
    after_typing: Sequence[str] = (),
) -> None:
    """Buttons of these actions. The first of `main` that is possible is the page's main action; a blocked one is shown
    with what it waits for. `key` holds the thing and its state: an echo of a click on a former state finds no button.
    `warnings` are those that the page shows above, which this person may lift or not (`lifts`). Buttons of `after_typing`
    can always be pressed: the field that unblocks them is only saved when it is left, by that very click."""
    primary = main_action(actions, main)
    with st.container(horizontal=True, gap="small"):
        for row in sorted(actions, key=lambda one: one.action != primary):
            clicked = st.button(
                row.libelle,
                key=f"{key}:{row.action}",
                type="primary" if row.action == primary else "secondary",
                disabled=bool(row.blocages) and row.action not in after_typing,
            )
            if clicked and not row.blocages:
                _start(row, perform, wordings.get(row.action), key)
    _show_reasons(actions, warnings, lifts)


def _show_reasons(actions: Sequence[ActionRow], warnings: Sequence[Avertissement], lifts: bool) -> None:
    """What the blocked actions wait for; those that wait for the same things are told together."""
    waiting: dict[tuple[str, ...], list[str]] = {}
    for row in actions:
        if row.blocages:
            waiting.setdefault(tuple(list_reasons(row, warnings, lifts=lifts)), []).append(f"« {row.libelle} »")
    for reasons, names in waiting.items():
        verb = "n’est pas encore possible" if len(names) == 1 else "ne sont pas encore possibles"
        show(Markup("<p>{} {} :</p>").format(" et ".join(names), verb), bullet_list(reasons))


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
    warnings: Sequence[Avertissement],
    fuseau: str,
    lift: Callable[[str, str], object] | None,
    *,
    key: str,
    main: bool = False,
) -> None:
    """Warnings that a person must lift with a reason, and those already lifted. `lift` (code, reason) when allowed. With
    `main`, lifting the first one is the page's main action."""
    first = next((number for number, one in enumerate(warnings) if one.levee is None), None)
    for number, warning in enumerate(warnings):
        if warning.levee is not None:
            show(
                Markup(
                    '<ul class="p-notes"><li class="p-leve"><strong>Point vérifié :</strong> {}<br>Levé par {} le {} : {}</li></ul>'
                ).format(warning.texte, warning.levee.par, day_and_time(warning.levee.le, fuseau), warning.levee.motif)
            )
            continue
        st.warning(f"**À vérifier :** {page.text(warning.texte)}", icon=":material/warning:")
        kind: Literal["primary", "secondary"] = "primary" if main and number == first else "secondary"
        if lift is not None and st.button("Lever cet avertissement", key=f"{key}:lever:{number}", type=kind):
            page.confirm(
                "Lever l’avertissement",
                f"{warning.texte} Indiquez pourquoi ce point ne s’oppose pas à la suite.",
                "Lever l’avertissement",
                lambda motif, code=warning.code: lift(code, motif),  # type: ignore[misc]
                motif=True,
                key=f"{key}:lever:{number}",
            )
