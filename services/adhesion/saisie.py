"""A draft's form at each change: save, then read again what the form shows, in one transaction.

The page of a form runs again whenever a field is left. These functions do no more than it needs: `services.adhesion.answers` and
`services.adhesion.dossiers` say what an answer and a dossier are.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from domain.forms.evaluation import evaluate
from services.adhesion.answers import AnswerWriter, apply_parked
from services.adhesion.dossier_state import load_state
from services.adhesion.dossier_views import DossierView, SaveResult
from services.adhesion.dossiers import build_form_view
from services.adhesion.edition import find_edition
from services.core.access import Acteur, get_dossier
from services.core.portail import Portail


def open_form(portail: Portail, acteur: Acteur, dossier_id: UUID) -> DossierView:
    """The dossier as its forms show it (see services.adhesion.dossiers.build_form_view); Introuvable, journalled, as open_dossier.

    What the person typed in an expired session is saved on the way.
    """
    form = _read(portail, acteur, dossier_id)
    if any(one.mienne and one.motif == "session" for one in form.saisies):
        apply_parked(portail, acteur, dossier_id)
        form = _read(portail, acteur, dossier_id)
    return form


def _read(portail: Portail, acteur: Acteur, dossier_id: UUID) -> DossierView:
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        state = load_state(session, get_dossier(session, acteur, dossier_id))
        return build_form_view(session, acteur, state, find_edition(session, acteur, state))


def save_in_form(
    portail: Portail, acteur: Acteur, dossier_id: UUID, champ: str, raw: object, *, version_vue: int
) -> tuple[SaveResult, DossierView]:
    """Save one field as services.adhesion.answers.save_answer does, and give the form as it is afterwards."""
    with portail.action(acteur, "reponse.enregistrer", objet="dossier", objet_id=dossier_id) as session:
        writer = AnswerWriter(session, acteur, dossier_id)
        result = writer.save(champ, raw, version_vue)
        writer.finish()
        state = writer.state
        values = {key: one.valeur for key, one in state.reponses.items()}
        now = replace(state, evaluation=evaluate(state.forms, values, state.today))
        return result, build_form_view(session, acteur, now, writer.edition)
