"""One convention: where its signature stands, what this person does now, its files, amounts, warnings and history."""

import streamlit as st

from domain.roles import Role
from services.convention import conventions, signatures
from services.convention.convention_views import ConventionView
from services.pilotage.suivi import is_followed
from services.vie.annees import open_years
from ui import page, session
from ui.actions import Wording, follow_state, show_actions, show_warnings
from ui.convention.accuse import show_accuse_form
from ui.convention.annees import show_years
from ui.convention.circuit import next_step, render_circuit, render_files, render_terms
from ui.convention.issued_pdf import show_missing_pdf
from ui.convention.signature import show_signature_form
from ui.convention.vie import show_end
from ui.history import show_history
from ui.html import show

SIGN = {
    "deposer_signature": (signatures.submit_signature, "Déposer la convention signée", "Convention signée déposée."),
    "signer_centre": (
        signatures.countersign,
        "Déposer la convention contresignée",
        "Convention signée par les deux parties.",
    ),
}
REASONED = {
    "rejeter_signature": (signatures.reject_signature, "Document signé rejeté."),
    "annuler": (signatures.cancel_convention, "Convention annulée."),
}
WORDINGS = {
    "rejeter_signature": Wording("La collectivité devra déposer un nouveau document signé. Elle lira ce motif."),
    "annuler": Wording("La convention sera annulée définitivement et son numéro ne resservira pas."),
}


def perform(action: str, motif: str) -> object:
    """Reject or cancel, with the reason."""
    service, done = REASONED[action]
    return page.ran(service, session.portail(), session.acteur(), view.id, motif=motif, succes=done)[0]


def lift(code: str, motif: str) -> object:
    """Lift one warning."""
    service = signatures.lift_convention_warning
    return page.ran(
        service, session.portail(), session.acteur(), view.id, code=code, motif=motif, succes="Avertissement levé."
    )[0]


def show_now(view: ConventionView) -> None:
    """What this person does now: the document to sign, the deposit, the other actions."""
    st.header("Maintenant", anchor=False)
    if view.etat == "a_signer" and view.motif:
        st.warning(f"**Document signé rejeté par le centre :** {page.text(view.motif)}", icon=":material/undo:")
    st.markdown(page.text(next_step(view)))
    for code, (service, label, done) in SIGN.items():
        action = view.action(code)
        if action is None:
            continue
        if action.blocages:
            show_actions(
                (action,),
                perform,
                {},
                key=f"convention:{view.id}:{view.etat}",
                main=(),
                warnings=view.avertissements,
                lifts=view.peut_lever,
            )
            continue
        to_sign = view.piece("signee_collectivite" if code == "signer_centre" else "convention_pdf") or view.piece(
            "convention"
        )
        if to_sign is not None:
            page.download(
                f"Télécharger le document à signer ({'PDF' if 'pdf' in to_sign.type_mime else 'Word'})",
                f"/fichiers/{to_sign.id}",
            )
        show_signature_form(
            f"{code}:{view.id}",
            label,
            lambda service=service, **given: service(session.portail(), session.acteur(), view.id, **given),
            limit=portail.settings.taille_max_mo,
            done=done,
            expected=view.signataire_propose,
        )
    others = [action for action in view.actions if action.action in REASONED]
    show_actions(others, perform, WORDINGS, key=f"convention:{view.id}:{view.etat}", main=())


portail, acteur = session.portail(), session.acteur()
view = page.load(conventions.open_convention, portail, acteur, page.required_id())
page.header(f"Convention {view.numero}", view.collectivite.nom, retour=("conventions", "Conventions"))
follow_state(f"convention:{view.id}:etat", view.etat)
show(render_circuit(view))
if not view.cote_centre and is_followed(view.etat):
    page.link("suivi", "Suivre les heures et les coûts", icon=":material/monitoring:", convention=view.id)
now, files = st.columns([3, 2], gap="large")
with now:
    show_warnings(
        view.avertissements,
        view.centre.fuseau,
        lift if view.peut_lever else None,
        key=f"convention:{view.id}",
        main=True,
    )
    show_now(view)
with files:
    st.header("Fichiers", anchor=False)
    show(render_files(view))
    show_missing_pdf(view)
    if view.peut_joindre_accuse:
        show_accuse_form(view.id, limit=portail.settings.taille_max_mo)
st.header("Dates et montants", anchor=False)
show(render_terms(view, page.url_of("instruction" if view.cote_centre else "dossier", id=view.dossier_id)))
show_years(page.load(open_years, portail, acteur, view.id))
show_end(view)
if view.cote_centre or view.roles.intersection({Role.SIGNATAIRE, Role.GESTIONNAIRE, Role.DIRECTION}):
    st.header("Historique", anchor=False)
    show_history(view.historique, view.centre.fuseau)
