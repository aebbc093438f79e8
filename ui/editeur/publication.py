"""What the draft changes, in sentences; publishing it, or throwing it away."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from markupsafe import Markup

from domain.forms.fields import Field
from services.offres.diff import Change
from services.offres.publication import publish_draft
from services.offres.versions import discard_draft
from ui import page, session
from ui.editeur.condition import describe_condition
from ui.editeur.lieu import PREFIX, Lieu
from ui.editeur.liste import show_faults
from ui.html import bullet_list, day_and_time, lines, note, show


def show_status(lieu: Lieu) -> None:
    """One line: what is in force, and the draft if there is one."""
    view = lieu.view
    if not view.numero:
        note("Cette offre n’est pas encore publiée : aucune collectivité ne la voit.")
        return
    if view.draft_id is None:
        note(f"Version {view.numero} en vigueur. Votre premier changement commencera un brouillon.")
        return
    by = f" par {view.modifiee_par}" if view.modifiee_par else ""
    when = f", modifié le {day_and_time(view.modifiee_le, view.fuseau)}{by}" if view.modifiee_le else ""
    note(f"Version {view.numero} en vigueur. Brouillon en cours{when} : rien ne change avant sa publication.")


def show_publication(lieu: Lieu) -> None:
    """Faults, differences with what is in force, then what to do with the draft."""
    view = lieu.view
    lieu.held_version("changements")
    if view.draft_id is None:
        st.info("Il n’y a pas de brouillon : ce qui est en vigueur n’a pas été modifié.")
        return
    changes = view.changements
    show_faults(view.faults)
    if not view.numero:
        st.info("Cette offre n’a jamais été publiée : tout y est nouveau.")
    elif changes:
        st.subheader(f"Ce qui change par rapport à la version {view.numero}", anchor=False)
        show(bullet_list(render_change(change, lieu.fields) for change in changes))
    else:
        st.info("Le brouillon est identique à la version en vigueur.")
    note(
        "Les nouveaux dossiers utiliseront la nouvelle version dès la publication. Ceux qui sont commencés gardent la leur."
    )
    with st.container(horizontal=True):
        asked = st.button(
            "Publier",
            type="primary",
            disabled=bool(view.faults) or not changes,
            key=f"{PREFIX}publier",
            icon=":material/publish:",
        )
        discarded = st.button("Abandonner le brouillon", type="tertiary", key=f"{PREFIX}abandonner")
    if asked:
        _confirm_publication(lieu, len(changes))
    if discarded:
        page.confirm(
            "Abandonner le brouillon",
            "Tout ce qui n’est pas publié sera perdu, pour tous les administrateurs. La version en vigueur ne change pas.",
            "Abandonner le brouillon",
            lambda _: _run(lieu, discard_draft, "Brouillon abandonné."),
            key=f"{PREFIX}abandonner:confirmer",
        )


def _confirm_publication(lieu: Lieu, count: int) -> None:
    page.confirm(
        "Publier la nouvelle version",
        f"{count} changement{'s' if count > 1 else ''}. Une version publiée ne change plus, et ses questions gardent leur"
        " identifiant pour toujours. Les dossiers commencés gardent leur version.",
        "Publier",
        lambda _: _run(lieu, publish_draft, "Nouvelle version publiée : les nouveaux dossiers l’utilisent."),
        key=f"{PREFIX}publier:confirmer",
    )


def _run(lieu: Lieu, service: object, succes: str) -> bool:
    done, _ = page.ran(
        service,  # type: ignore[arg-type]
        session.portail(),
        session.acteur(),
        lieu.view.draft_id,
        lieu.held_version("changements"),
        succes=succes,
    )
    if done:
        for key in [key for key in st.session_state if str(key).endswith(":version") and str(key).startswith(PREFIX)]:
            del st.session_state[key]
    return done


def render_change(change: Change, fields: Mapping[str, Field]) -> Markup:
    """One difference; a condition is said in words when it can be."""
    values = {"Avant": change.avant, "Après": change.apres}
    if change.path.endswith(("/visible_if", "/required_if")):
        values = {word: describe_condition(value, fields) for word, value in values.items()}
    told = [Markup("<strong>{}</strong>").format(change.titre)]
    told += [Markup("{} : {}").format(word, lines(value)) for word, value in values.items() if value]
    return Markup("<br>").join(told)
