"""The document for three invented dossiers: its pages, and the Word and PDF files."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.errors import PdfIndisponible
from services.offres import apercus
from services.offres.apercus import EXPLICATIONS, PROFILS, Apercu
from services.offres.gabarits import Banc, Gabarit
from ui import page, session
from ui.html import note, show


def show_apercu(banc: Banc, gabarit: Gabarit) -> None:
    """The choice of the dossier (and of the version), the files, the pages."""
    first, second = st.columns(2, vertical_alignment="bottom")
    with first:
        profil = st.radio("Dossier d’essai", list(PROFILS), 1, format_func=PROFILS.__getitem__, key="gabarits:profil")
    with second:
        version_id = _choose_version(banc)
    note(EXPLICATIONS[profil] + " Toutes les données sont inventées.")
    with st.spinner("Préparation de l’aperçu…"):
        found = page.run(apercus.open_apercu, session.portail(), session.acteur(), version_id, gabarit.nom, profil)
    if found is None:
        return
    if found.message:
        st.error(page.text(found.message), icon=":material/error:")
        return
    address = {"version": version_id, "gabarit": gabarit.nom, "profil": profil}
    with st.container(horizontal=True):
        page.download("Télécharger en Word", _url("docx", address))
        if apercus.pdf_shown():
            page.download("Télécharger en PDF", _url("pdf", address))
    if not apercus.pdf_shown():
        st.info(
            "La conversion en PDF n’est pas installée sur ce serveur : ouvrez le document Word pour voir ses pages."
        )
        return
    if not apercus.pages_shown():
        st.info("L’affichage des pages n’est pas installé sur ce serveur : ouvrez le PDF pour les voir.")
        return
    _show_pages(found, gabarit, address)


def _choose_version(banc: Banc) -> UUID:
    if banc.brouillon is None:
        return banc.publiee_id
    labels = {banc.brouillon.id: "Brouillon", banc.publiee_id: f"En service (version {banc.publiee_numero})"}
    return st.radio("Version", list(labels), format_func=labels.__getitem__, key="gabarits:version")


def _show_pages(found: Apercu, gabarit: Gabarit, address: dict[str, object]) -> None:
    """Every page as a picture, from the protected route."""
    try:
        with st.spinner("Mise en pages…"):
            pages = apercus.read_pages(found)
    except PdfIndisponible as error:
        st.warning(page.text(error.message))
        return
    note(
        f"{len(pages)} page{'s' if len(pages) > 1 else ''}, comme LibreOffice les met en page : Word peut en différer un peu."
    )
    show(
        Markup('<div class="p-pages">{}</div>').format(
            Markup("").join(
                Markup('<img loading="lazy" src="{}" alt="Page {} de l’essai : {}">').format(
                    _url("png", {**address, "page": number}), number, gabarit.document
                )
                for number in range(1, len(pages) + 1)
            )
        )
    )


def _url(kind: str, address: dict[str, object]) -> str:
    return f"/exports/gabarit-apercu.{kind}?{urlencode({key: str(value) for key, value in address.items()})}"
