"""One convention, or one avenant: where its signature stands, what this person does now, its files, amounts, life, history."""

import streamlit as st

from services.convention import conventions
from services.convention.convention_views import ConventionView
from services.pilotage.suivi import is_followed
from services.vie.annees import open_years
from ui import page, session
from ui.actions import follow_state
from ui.archives.lien import show_eliminated, show_export
from ui.convention.accuse import show_accuse_form
from ui.convention.annees import show_years, tell_renewal
from ui.convention.circuit import render_circuit, render_files, render_terms
from ui.convention.fil import show_changes, show_life
from ui.convention.heures_apres import show_late_hours
from ui.convention.issued_pdf import show_missing_pdf
from ui.convention.maintenant import show_now, show_signed_warnings
from ui.convention.vie import has_notice, is_under_way, load_end, show_end
from ui.history import show_history
from ui.html import show


def show_title(view: ConventionView) -> None:
    """An avenant leads back to its convention."""
    if view.parent is None:
        page.header(view.titre, view.collectivite.nom, retour=("conventions", "Conventions"))
        return
    parent_id, numero = view.parent
    about = f"Avenant à la convention {numero} – {view.collectivite.nom}"
    page.header(view.titre, about, retour=("convention", f"Convention {numero}"), retour_id=parent_id)


def show_documents(view: ConventionView) -> None:
    """The files, and the prefecture's receipt."""
    st.header("Fichiers", anchor=False)
    if view.manifeste.get("elimination"):
        show_eliminated()
    else:
        show(render_files(view))
        show_missing_pdf(view)
        show_export("convention", view.id, view.roles)
    if view.peut_joindre_accuse:
        show_accuse_form(view.id, limit=portail.settings.taille_max_mo)


portail, acteur = session.portail(), session.acteur()
view = page.load(conventions.open_convention, portail, acteur, page.required_id())
show_title(view)
follow_state(f"convention:{view.id}:etat", view.etat)
show(render_circuit(view))
if not view.cote_centre and not view.avenant and is_followed(view.etat):
    page.link("suivi", "Suivre les heures et les coûts", icon=":material/monitoring:", convention=view.id)
if not view.avenant and is_followed(view.etat):
    page.link("echeances", "Voir ses échéances", icon=":material/event:", e_convention=view.id)
end = load_end(view)
years = None if view.avenant else page.load(open_years, portail, acteur, view.id)
now, files = (st.container(), None) if view.assistant else st.columns([3, 2], gap="large")
with now:
    show_signed_warnings(view)
    show_now(view, notice=has_notice(end), renouvellement=tell_renewal(years))
if files is not None:  # an assistant reads none
    with files:
        show_documents(view)
if is_under_way(end):
    show_end(end)
show_late_hours(view)
if view.avenant:
    show_changes(view)
else:
    show_life(view)
st.header("Dates" if view.assistant else "Dates et montants", anchor=False)
show(render_terms(view, page.url_of("instruction" if view.cote_centre else "dossier", id=view.dossier_id)))
if not view.avenant:
    show_years(years)
    show_end(None if is_under_way(end) else end)
if view.historique:  # an assistant has none
    st.header("Historique", anchor=False)
    show_history(view.historique, view.centre.fuseau)
