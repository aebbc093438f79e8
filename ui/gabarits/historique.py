"""What changes from the version in use, and what the template has been: who published it, when, and how to come back to it."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from services.offres import apercus
from services.offres.gabarits import Banc, EtatGabarit, Gabarit, list_history
from ui import page, session
from ui.gabarits.modifier import take_back, template_url
from ui.html import day_and_time, note, show

MARKS = {"egal": "{}", "retire": "<del>{}</del>", "ajoute": "<ins>{}</ins>"}


def show_differences(banc: Banc, gabarit: Gabarit) -> None:
    """The text of the draft beside that in use, paragraph by paragraph."""
    if banc.brouillon is None or not gabarit.modifie:
        st.info("Ce gabarit n’a pas changé : le brouillon contient celui qui est en service.")
        return
    found = page.run(
        apercus.compare_with_published,
        session.portail(),
        session.acteur(),
        banc.publiee_id,
        banc.brouillon.id,
        gabarit.nom,
    )
    if found is None:
        return
    if not found.ecarts:
        st.info("Le texte est le même : seule la présentation change. Comparez les aperçus.")
        return
    count = len(found.ecarts)
    note(
        f"{'Au moins ' if found.incomplete else ''}{count} paragraphe{'s' if count > 1 else ''} "
        f"{'diffèrent' if count > 1 else 'diffère'} de la version {banc.publiee_numero}. Ce qui est barré disparaît, ce qui est "
        "souligné est nouveau. La présentation n’est pas comparée."
    )
    show(
        Markup('<ol class="p-ecarts">{}</ol>').format(
            Markup("").join(
                Markup("<li>{}</li>").format(
                    Markup("").join(Markup(MARKS[kind]).format(text) for kind, text in ecart.segments)  # noqa: S704
                )
                for ecart in found.ecarts
            )
        )
    )


def show_history(banc: Banc, gabarit: Gabarit) -> None:
    """Every file that this template has been, the newest first."""
    states = page.load(list_history, session.portail(), session.acteur(), banc.centre_id, banc.code, gabarit.nom)
    note("Un gabarit publié n’est jamais effacé : les documents déjà émis ont été faits avec lui.")
    for state in states:
        with st.container(border=True):
            _show_state(banc, gabarit, state)


def _show_state(banc: Banc, gabarit: Gabarit, state: EtatGabarit) -> None:
    who = f", par {state.par}" if state.par else ""
    here = " – en service" if state.en_service else ""
    show(
        Markup('<p><strong>Version {}{}</strong><br><span class="p-discret">Publiée le {}{}</span></p>').format(
            state.numero, here, day_and_time(state.le, banc.fuseau), who
        )
    )
    page.download(f"Télécharger la version {state.numero}", template_url(state.version_id, gabarit.nom))
    if state.sha256 == (gabarit.brouillon or gabarit.publie):
        return
    label = "Annuler ma modification" if state.en_service else f"Reprendre la version {state.numero}"
    if st.button(label, icon=":material/undo:", key=f"gabarits:reprendre:{state.version_id}"):
        page.confirm(
            f"{label} ?",
            "Le gabarit est remis dans le brouillon de l’offre, après le même contrôle qu’un nouveau fichier. Il ne sert "
            "qu’une fois publié.",
            "Remettre ce gabarit",
            lambda _: take_back(banc, gabarit, state.version_id, state.numero),
            key=f"gabarits:reprise:{state.version_id}",
        )
