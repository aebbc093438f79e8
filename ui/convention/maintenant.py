"""What a person does now with a convention or an avenant: sign it, check what the other side signed, cancel it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from services.convention import signatures
from services.convention.convention_views import ConventionView
from ui import page, session
from ui.actions import Wording, show_actions, show_warnings
from ui.convention.circuit import next_step
from ui.convention.signature import show_signature_form

SIGN = {"deposer_signature": signatures.submit_signature, "signer_centre": signatures.countersign}
REASONED = {"rejeter_signature": signatures.reject_signature, "annuler": signatures.cancel_convention}
DONE = {
    "convention": {
        "deposer_signature": "Convention signée déposée.",
        "signer_centre": "Convention signée par les deux parties.",
        "rejeter_signature": "Document signé rejeté.",
        "annuler": "Convention annulée.",
    },
    "avenant": {
        "deposer_signature": "Avenant signé déposé.",
        "signer_centre": "Avenant signé par les deux parties.",
        "rejeter_signature": "Document signé rejeté.",
        "annuler": "Avenant annulé.",
    },
}
WORDINGS = {
    "rejeter_signature": Wording("La collectivité devra déposer un nouveau document signé. Elle lira ce motif."),
    "annuler": Wording("Le document sera annulé définitivement et son numéro ne resservira pas."),
}


def perform(view: ConventionView, action: str, motif: str) -> object:
    """Reject or cancel, with the reason."""
    service, done = REASONED[action], DONE[view.nature][action]
    return page.ran(service, session.portail(), session.acteur(), view.id, motif=motif, succes=done)[0]


def lift(view: ConventionView, code: str, motif: str) -> object:
    """Lift one warning."""
    service = signatures.lift_convention_warning
    return page.ran(
        service, session.portail(), session.acteur(), view.id, code=code, motif=motif, succes="Avertissement levé."
    )[0]


def show_now(view: ConventionView, *, notice: bool = False, renouvellement: str | None = None) -> None:
    """What this person does now: the document to sign, the deposit, the other actions. `notice`: a notice of termination waits
    for the centre's answer, further down; `renouvellement`: what is said of a renewal that waits."""
    st.header("Maintenant", anchor=False)
    if view.etat == "a_signer" and view.motif:
        st.warning(f"**Document signé rejeté par le centre :** {page.text(view.motif)}", icon=":material/undo:")
    st.markdown(page.text(next_step(view)))
    if notice:
        st.info(
            "Une dénonciation attend la réponse du centre : voyez « Fin de la convention ».",
            icon=":material/event_busy:",
        )
    elif renouvellement and view.etat == "en_vigueur":
        st.info(page.text(renouvellement), icon=":material/event_repeat:")
    for code, service in SIGN.items():
        action = view.action(code)
        if action is None:
            continue
        if action.blocages:
            show_actions(
                (action,),
                partial(perform, view),
                {},
                key=f"convention:{view.id}:{view.etat}",
                main=(),
                warnings=view.avertissements,
                lifts=view.peut_lever,
            )
            continue
        to_sign = view.piece("signee_collectivite" if code == "signer_centre" else f"{view.nature}_pdf") or view.piece(
            view.nature
        )
        if to_sign is not None:
            page.download(
                f"Télécharger le document à signer ({'PDF' if 'pdf' in to_sign.type_mime else 'Word'})",
                f"/fichiers/{to_sign.id}",
            )
        show_signature_form(
            f"{code}:{view.id}",
            action.libelle,
            lambda service=service, **given: service(session.portail(), session.acteur(), view.id, **given),
            limit=session.portail().settings.taille_max_mo,
            done=DONE[view.nature][code],
            expected=view.signataire_propose,
        )
    others = [action for action in view.actions if action.action in REASONED]
    show_actions(others, partial(perform, view), WORDINGS, key=f"convention:{view.id}:{view.etat}", main=())


def show_signed_warnings(view: ConventionView) -> None:
    """What deserves an eye in the signed documents, which an instructeur may lift."""
    show_warnings(
        view.avertissements,
        view.centre.fuseau,
        partial(lift, view) if view.peut_lever else None,
        key=f"convention:{view.id}",
        main=True,
    )
