"""Beginning a dossier: for the person's own collectivité, or by the centre for one that it knows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from domain.roles import Role
from services.adhesion import dossiers
from services.adhesion.dossier_lists import Creatable, list_creatable
from services.core.access import Acteur
from services.core.portail import Portail
from ui import page, session


def describe(one: Creatable, *, several_centres: bool) -> str:
    """« Choisy-le-Roi – Service social du travail »."""
    return f"{one.collectivite} – {one.offre}" + (f" ({one.centre})" if several_centres else "")


def begin_button(choices: Sequence[Creatable], label: str, *, main: bool) -> None:
    """Choose among `choices` when there are several, then begin the dossier and go to it."""
    several = len({one.centre_id for one in choices}) > 1
    chosen = choices[0]
    if len(choices) > 1:
        chosen = st.selectbox(
            "Collectivité et offre",
            choices,
            format_func=lambda one: describe(one, several_centres=several),
            key="creation:choix",
        )
    name = f"creer:{chosen.collectivite_id}:{chosen.offre_version_id}"
    if not st.button(label, type="primary" if main else "secondary", key="creation:commencer"):
        page.renew_operation(name)
        return
    done = page.run(
        dossiers.create_dossier,
        session.portail(),
        session.acteur(),
        collectivite_id=chosen.collectivite_id,
        offre_version_id=chosen.offre_version_id,
        operation_id=page.operation_id(name),
    )
    if done:
        page.go("dossier", id=done)


def show_creation(portail: Portail, acteur: Acteur, *, some: bool) -> None:
    """Begin a dossier: the main action where there is none yet (not `some`), at the end of the page otherwise."""
    if not acteur.has(Role.GESTIONNAIRE, Role.INSTRUCTEUR):
        return
    choices = page.load(list_creatable, portail, acteur)
    if not choices:
        return
    if not acteur.du_centre and not some:
        begin_button(choices, "Commencer l’adhésion", main=True)
        return
    with st.expander("Commencer un nouveau dossier"):
        begin_button(choices, "Commencer le dossier", main=False)
