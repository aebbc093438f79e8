"""On the pages of a convention and of a dossier: the whole export, and the word that says that the archives are gone."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from domain.archives import EXPORTERS
from domain.roles import Role
from ui import page


def show_export(kind: str, ident: UUID, roles: frozenset[Role]) -> None:
    """The link to the whole export, for who may take it out. `kind`: convention or dossier."""
    if roles.intersection(EXPORTERS):
        page.download(
            "Exporter le dossier complet (ZIP)", f"/exports/archives.zip?{kind}={ident}", icon=":material/folder_zip:"
        )


def show_eliminated() -> None:
    """Said instead of files that were eliminated."""
    st.info(
        "Les archives de cette convention ont été éliminées à la fin de leur durée de conservation. Son numéro, ses dates et ses"
        " montants restent au registre.",
        icon=":material/inventory_2:",
    )
