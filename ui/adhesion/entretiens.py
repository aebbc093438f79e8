"""What the centre records of its meetings with a collectivité: the list of dossiers, and the steps of one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from domain.roles import Role
from services.adhesion.dossier_views import DossierView
from services.adhesion.releves import ReleveRow, centre_forms
from ui import page
from ui.adhesion.centre_parts import render_part
from ui.adhesion.dossier_form import form_model, saved_status
from ui.adhesion.dossier_saver import DossierSaver, show_refusal
from ui.forms import render_focus
from ui.forms.words import LEGEND, show_help
from ui.html import facts, link, show


def show_list(rows: Sequence[ReleveRow]) -> None:
    """One line for each dossier, those that wait first."""
    if not rows:
        st.info(
            "Aucun dossier en cours ne comporte de séance ou d’entretien à relever. Ils apparaissent ici dès qu’une"
            " collectivité commence son dossier."
        )
        return
    body = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Dossier">{}</th><td data-titre="Collectivité">{}</td>'
            '<td data-titre="À relever">{}</td><td data-titre="État du dossier">{}</td></tr>'
        ).format(
            link(row.reference, page.url_of("entretiens", id=row.dossier_id)),
            row.collectivite,
            ", ".join(row.a_relever) or "Tout est relevé",
            row.etat_libelle,
        )
        for row in rows
    )
    show(
        Markup(
            '<div class="p-tableau"><table><caption class="p-masque">Séances et entretiens des dossiers en cours</caption>'
            '<thead><tr><th scope="col">Dossier</th><th scope="col">Collectivité</th><th scope="col">À relever</th>'
            '<th scope="col">État du dossier</th></tr></thead><tbody>{}</tbody></table></div>'
        ).format(body)
    )


def show_releve(view: DossierView) -> None:
    """The steps of one dossier in which the centre answers; what the collectivité answered there is read beside."""
    saver = DossierSaver(view)
    whole = link("Ouvrir le dossier", page.url_of("instruction", id=view.id))
    show(facts((("État", view.etat_libelle), ("Dossier", whole if view.roles - {Role.ASSISTANT} else None))))
    if not view.editable:
        st.info("Ce dossier est accepté ou clos : ce qui y a été relevé se lit, et ne change plus.")
    show_refusal(saver)
    model = form_model(view, saver)
    with st.container(width=760, key="p-formulaire"):
        if view.editable:
            show_help(LEGEND)
        for form in centre_forms(view.offer):
            st.header(form.title, anchor=False)
            for section in form.sections:
                render_part(model, view, form, section)
        render_focus(model)
    if view.editable:
        show(saved_status(view))
