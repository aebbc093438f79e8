"""Corrections as the instructeur prepares them: the request of one field, and the list that is sent together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from domain.forms.fields import Field
from models import MOTIFS_CORRECTION
from services.adhesion import corrections
from services.adhesion.dossier_views import CorrectionRow, DossierView
from ui import page, session
from ui.html import lines, link, show
from ui.reading import ETATS_CORRECTION

MOTIF_HELP = {
    "incorrect": "la réponse est fausse ou ne correspond pas à la pièce",
    "incomplet": "il manque une partie de la réponse",
    "perime": "la réponse ou la pièce n’est plus à jour",
}


def show_request_form(view: DossierView, field: Field) -> None:
    """Ask for a correction of one field; what was prepared before can be changed."""
    prepared = next((row for row in view.corrections if row.champ == field.id and row.etat == "preparee"), None)
    name = f"correction:{view.id}:{field.id}"
    with st.form(name, border=True):
        motif = st.radio(
            f"Que faut-il corriger dans « {field.label} » ?",
            list(MOTIFS_CORRECTION),
            format_func=lambda code: f"{MOTIFS_CORRECTION[code]} : {MOTIF_HELP[code]}",
            index=list(MOTIFS_CORRECTION).index(prepared.motif) if prepared else 0,
            key=f"{name}:motif",
        )
        texte = st.text_area(
            "Explication pour la collectivité",
            value=prepared.texte if prepared else "",
            max_chars=corrections.MAX_LENGTH,
            key=f"{name}:texte",
        )
        with st.container(horizontal=True, gap="small"):
            sent = st.form_submit_button("Préparer la demande")
            given_up = st.form_submit_button("Fermer", type="tertiary")
    if given_up:
        _close()
    if sent:
        done, _ = page.ran(
            corrections.request_correction,
            session.portail(),
            session.acteur(),
            view.id,
            field.id,
            motif=motif or "incorrect",
            texte=texte or "",
            succes=f"Correction préparée pour « {field.label} ». Elle partira avec les autres.",
        )
        if done:
            _close()


def _close() -> None:
    st.query_params.pop("champ", None)
    st.rerun()


def place_of(view: DossierView, champ: str) -> str:
    """Title of the section of a field: « Nom » alone could be anybody's."""
    form_id, section_id = view.offer.formset.place_of.get(champ, ("", ""))
    sections = (section for form in view.offer.formset.forms if form.id == form_id for section in form.sections)
    return next((section.title for section in sections if section.id == section_id), "")


def show_prepared(view: DossierView) -> None:
    """The corrections prepared, each one removable, then those already sent."""
    prepared = [row for row in view.corrections if row.etat == "preparee"]
    sent = [row for row in view.corrections if row.etat != "preparee"]
    if prepared:
        st.subheader(f"Préparées ({len(prepared)}), à envoyer ensemble", anchor=False)
    for row in prepared:
        with st.container(border=True):
            show(_render(view, row))
            if view.action("demander_corrections") and st.button("Retirer", key=f"retirer:{row.id}", type="tertiary"):
                _cancel(row)
    if sent:
        st.subheader("Envoyées", anchor=False)
        show(_render_table(view, sent))


def _cancel(row: CorrectionRow) -> None:
    done, _ = page.ran(
        corrections.cancel_correction, session.portail(), session.acteur(), row.id, succes="Correction retirée."
    )
    if done:
        st.rerun()


def _render(view: DossierView, row: CorrectionRow) -> Markup:
    target = page.url_of("instruction", id=view.id, champ=row.champ)
    name = f"{place_of(view, row.champ)} – {row.libelle_champ}"
    return Markup("<p><strong>{}</strong> – {}<br>{}</p>").format(
        row.motif_libelle, link(name, target, hidden="(modifier la demande)"), lines(row.texte)
    )


def _render_table(view: DossierView, rows: Sequence[CorrectionRow]) -> Markup:
    body = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Champ">{}</th><td data-titre="Motif">{}</td><td data-titre="Explication">{}</td>'
            '<td data-titre="État">{}</td></tr>'
        ).format(
            f"{place_of(view, row.champ)} – {row.libelle_champ}",
            row.motif_libelle,
            lines(row.texte) or "–",
            ETATS_CORRECTION[row.etat],
        )
        for row in rows
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Corrections envoyées</caption><thead><tr><th scope="col">Champ</th>'
        '<th scope="col">Motif</th><th scope="col">Explication</th><th scope="col">État</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(body)
