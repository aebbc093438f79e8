"""Corrections that the centre asks for, field by field: prepared, sent together, handled, closed at the next deposit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.forms.formset import FormSet
from domain.roles import Role
from domain.text import clean_text
from domain.workflow.reading import correction_states
from models import MOTIFS_CORRECTION, DemandeCorrection, Dossier, utc_now
from services.adhesion.dossier_state import load_state
from services.adhesion.dossier_views import CorrectionRow, EtatCorrection
from services.adhesion.messages import add_message, clean_message
from services.core.access import Acteur, get_dossier, require, roles_on
from services.core.portail import Portail, record

MAX_LENGTH = 2000


def correction_state(correction: DemandeCorrection) -> EtatCorrection:
    """Where a correction is on its way."""
    if correction.close_le:
        return "close"
    if correction.traitee_le:
        return "traitee"
    return "envoyee" if correction.envoyee_le else "preparee"


def list_corrections(session: Session, dossier: Dossier) -> list[DemandeCorrection]:
    """All corrections of a dossier, oldest first."""
    query = select(DemandeCorrection).where(DemandeCorrection.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(DemandeCorrection.creee_le, DemandeCorrection.id)))


def correction_row(correction: DemandeCorrection, forms: FormSet) -> CorrectionRow:
    """A correction as screens show it."""
    field = forms.fields.get(correction.champ)
    return CorrectionRow(
        id=correction.id,
        champ=correction.champ,
        libelle_champ=field.label if field else correction.champ,
        motif=correction.motif,
        motif_libelle=MOTIFS_CORRECTION[correction.motif],
        texte=correction.texte,
        etat=correction_state(correction),
        creee_le=correction.creee_le,
    )


def request_correction(
    portail: Portail, acteur: Acteur, dossier_id: UUID, champ: str, *, motif: str, texte: str
) -> UUID:
    """Prepare a correction of one field; `demander_corrections` sends them all. A second one for the same field replaces
    the first, so that the clerk never reads two contradictory requests."""
    with portail.action(acteur, "correction.preparer", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        require(roles_on(acteur, dossier), Role.INSTRUCTEUR, message="Seul un instructeur demande des corrections.")
        state = load_state(session, dossier)
        if dossier.etat not in correction_states(state.offer.workflow_dossier):
            raise Refus("Les corrections se demandent pendant l’instruction : prenez d’abord le dossier en charge.")
        shown = state.evaluation.fields.get(champ)
        if shown is None or not shown.visible:
            raise Invalide("Ce champ ne figure pas dans le dossier.")
        if champ in state.forms.du_centre:
            raise Refus("Cette réponse est celle du centre : changez-la dans « Séances et entretiens ».", champ)
        if motif not in MOTIFS_CORRECTION:
            raise Invalide("Choisissez un motif : incorrect, incomplet ou périmé.", champ=champ)
        cleaned = clean_text(texte, multiline=True)
        if len(cleaned) > MAX_LENGTH:
            raise Invalide(f"Cette explication dépasse {MAX_LENGTH} caractères : raccourcissez-la.", champ=champ)
        prepared = [one for one in list_corrections(session, dossier) if one.champ == champ and not one.envoyee_le]
        correction = prepared[0] if prepared else DemandeCorrection(dossier_id=dossier.id, champ=champ)
        correction.motif, correction.texte, correction.creee_par = motif, cleaned, acteur.utilisateur_id
        session.add(correction)
        session.flush()
        _record(session, acteur, "correction.preparer", dossier, correction, motif=motif)
        return correction.id


def cancel_correction(portail: Portail, acteur: Acteur, correction_id: UUID) -> None:
    """Remove a correction that has not been sent yet."""
    with portail.action(acteur, "correction.annuler", objet="correction", objet_id=correction_id) as session:
        dossier, correction = _locked(session, acteur, correction_id)
        require(roles_on(acteur, dossier), Role.INSTRUCTEUR, message="Seul un instructeur annule une correction.")
        if correction.envoyee_le:
            raise Refus("Cette correction a déjà été envoyée à la collectivité : écrivez-lui un message.")
        _record(session, acteur, "correction.annuler", dossier, correction)
        session.delete(correction)


def answer_correction(portail: Portail, acteur: Acteur, correction_id: UUID, texte: str) -> None:
    """Handle a correction without changing the field: `texte` explains why, and goes to the centre as a message."""
    with portail.action(acteur, "correction.repondre", objet="correction", objet_id=correction_id) as session:
        dossier, correction = _locked(session, acteur, correction_id)
        require(roles_on(acteur, dossier), Role.GESTIONNAIRE, message="Seul un gestionnaire répond à une correction.")
        if dossier.etat != "a_corriger" or not correction.envoyee_le:
            raise Refus("Cette correction n’attend pas de réponse.")
        if correction.traitee_le:
            raise Conflit("Cette correction a déjà été traitée.")
        field = load_state(session, dossier).forms.fields.get(correction.champ)
        label = field.label if field else correction.champ
        correction.traitee_le = utc_now()
        _record(session, acteur, "correction.repondre", dossier, correction)
        add_message(session, acteur, dossier, f"« {label} » : {clean_message(texte)}", du_centre=False)


def _locked(session: Session, acteur: Acteur, correction_id: UUID) -> tuple[Dossier, DemandeCorrection]:
    """The correction and its dossier, locked; Introuvable when the person may not see them."""
    correction = session.get(DemandeCorrection, correction_id)
    if correction is None:
        raise Introuvable()
    dossier = get_dossier(session, acteur, correction.dossier_id, lock=True)
    # Read again under the lock: somebody may have changed or cancelled it in between.
    correction = session.get(DemandeCorrection, correction_id, populate_existing=True)
    if correction is None:
        raise Introuvable()
    return dossier, correction


def _record(
    session: Session, acteur: Acteur, action: str, dossier: Dossier, correction: DemandeCorrection, **details: str
) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=dossier.centre_id,
        objet="dossier",
        objet_id=dossier.id,
        correction=correction.id,
        champ=correction.champ,
        **details,
    )


def open_corrections(corrections: list[DemandeCorrection]) -> list[DemandeCorrection]:
    """Those sent and not closed: the collectivité must handle them before its next deposit."""
    return [one for one in corrections if one.envoyee_le and not one.close_le]


def mark_handled(corrections: list[DemandeCorrection], champ: str) -> None:
    """The field was resubmitted: its open corrections are handled."""
    for correction in open_corrections(corrections):
        if correction.champ == champ and not correction.traitee_le:
            correction.traitee_le = utc_now()
