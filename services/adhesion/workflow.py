"""Actions on a dossier: the table of its offer says from where, to where and who; the conditions are checked here.

Each action takes the dossier's row first, so that of two people at once, or of two clicks, the second finds the state
changed and is told so. What is refused says why and what to do, and is journalled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Invalide, Refus
from domain.forms.evaluation import kept_answers
from domain.offer import ADHESION
from domain.roles import ROLE_LABELS, ROLES_CENTRE, Role
from domain.text import clean_text
from domain.workflow.reading import is_under_review
from domain.workflow.tables import Transition, Workflow
from models import Depot, Levee, SaisieEnAttente, utc_now
from services.adhesion.corrections import list_corrections, open_corrections
from services.adhesion.dossier_state import DossierState, last_depot, load_state
from services.adhesion.dossier_views import ActionRow
from services.adhesion.warnings import list_warnings, lock_reasons
from services.centre.offres import get_workflow
from services.core.access import Acteur, get_dossier, require, roles_on
from services.core.portail import Portail, record
from services.courriels.notifications import notify_action
from services.vie.controles import SENDING, list_idle_steps, list_request_faults

MOTIF_LENGTH = 2000
SHOWN = 5

ALREADY = {
    "deposer": "Ce dossier a déjà été déposé.",
    "prendre_en_charge": "Ce dossier a déjà été pris en charge.",
    "demander_corrections": "Les corrections ont déjà été demandées.",
    "redeposer": "Les corrections ont déjà été déposées.",
    "retirer": "Cette demande a déjà été retirée.",
    "refuser": "Ce dossier a déjà été refusé.",
    "accepter": "Ce dossier a déjà été accepté.",
    "valider": "Cette demande a déjà été acceptée.",
    "emettre": "La convention de ce dossier a déjà été émise.",
}
"""What the second of two clicks, or of two people, reads."""
DONE = "Cette action a déjà été faite."
"""As `ALREADY`, for an action that the offer added."""


def perform(portail: Portail, acteur: Acteur, dossier_id: UUID, action: str, *, motif: str | None = None) -> str:
    """Carry out an action of the dossier's table and give the new state. `motif`: the reason, where the table wants one.

    Refus (role, state, condition), Conflit (already done), Invalide (reason missing), Introuvable. An action that the offer
    added changes the state and nothing else. Issuing the convention is services.convention.conventions.issue_convention.
    """
    with portail.action(acteur, f"dossier.{action}", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        table = get_workflow(session, dossier.offre_version_id, dossier.nature)
        line = find_line(table, action)
        if action == "emettre":
            raise Refus("La convention s’émet depuis la page d’instruction du dossier.")
        effect = _EFFECTS.get(action, _nothing_more)
        check_line(table, line, dossier.etat, roles_on(acteur, dossier), ALREADY.get(action, DONE))
        reason = check_motif(line, motif)
        state = load_state(session, dossier)
        blocages = list_blocages(session, state, line)
        if blocages:
            raise Refus(summarize(f"« {line.libelle} » n’est pas encore possible.", blocages))
        before, dossier.etat, dossier.modifie_le = dossier.etat, line.vers, utc_now()
        if reason:
            dossier.motif = reason
        details = effect(session, acteur, state)
        session.flush()
        notify_action(session, dossier, action)
        record(  # last: everybody takes the journal's head after everything else
            session,
            acteur,
            f"dossier.{action}",
            centre_id=dossier.centre_id,
            objet="dossier",
            objet_id=dossier.id,
            de=before,
            vers=line.vers,
            **details,
        )
        return line.vers


def find_line(workflow: Workflow, action: str) -> Transition:
    """The line of `action` in the table; Refus when it has none."""
    try:
        return workflow.transition(action)
    except KeyError:
        raise Refus("Cette action n’existe pas dans cette offre.") from None


def check_line(
    workflow: Workflow, line: Transition, etat: str, roles: frozenset[Role], already: str | None = None
) -> None:
    """Raise Refus when the roles or the state do not allow the line; Conflit(`already`) when it has just been done."""
    if not roles.intersection(line.roles):
        allowed = ", ".join(ROLE_LABELS[role].lower() for role in line.roles)
        raise Refus(f"« {line.libelle} » est réservé à un autre rôle ({allowed}).")
    if etat in line.de:
        return
    if etat == line.vers and already:
        raise Conflit(f"{already} Rechargez la page pour voir où il en est.")
    label = workflow.label(etat, collectivite=not roles & ROLES_CENTRE)
    raise Refus(f"« {line.libelle} » n’est pas possible dans l’état actuel : « {label} ». Rechargez la page.")


def check_motif(line: Transition, motif: str | None) -> str | None:
    """The reason, cleaned; None where the table wants none; Invalide when it is missing or too long."""
    if not line.motif:
        return None
    cleaned = clean_text(motif or "", multiline=True)
    if not cleaned:
        raise Invalide(f"Indiquez le motif : « {line.libelle} » ne se fait pas sans.", champ="motif")
    if len(cleaned) > MOTIF_LENGTH:
        raise Invalide(f"Ce motif dépasse {MOTIF_LENGTH} caractères : raccourcissez-le.", champ="motif")
    return cleaned


def summarize(intro: str, blocages: list[str]) -> str:
    """One message out of several reasons, the first few in full."""
    rest = len(blocages) - SHOWN
    more = f" Et {rest} autre{'s' if rest > 1 else ''} point{'s' if rest > 1 else ''}." if rest > 0 else ""
    return f"{intro} {' '.join(blocages[:SHOWN])}{more}"


def list_actions(session: Session, acteur: Acteur, state: DossierState) -> tuple[ActionRow, ...]:
    """The actions that the person's roles allow from this state, with what still blocks each one."""
    lines = state.offer.workflow_dossier.actions(state.dossier.etat, roles_on(acteur, state.dossier))
    return tuple(
        ActionRow(line.action, line.libelle, line.motif, tuple(list_blocages(session, state, line))) for line in lines
    )


def list_blocages(session: Session, state: DossierState, line: Transition) -> list[str]:
    """French sentences that say what the line's condition still wants; empty when it holds."""
    faults = list_request_faults(session, state) if line.action in SENDING else []
    if line.action in ("deposer", "redeposer"):
        faults += list_idle_steps(session, state)
    if line.condition is None:
        return faults
    condition = _CONDITIONS.get(line.condition)
    return (unknown_condition(line.condition) if condition is None else condition(session, state)) + faults


def unknown_condition(condition: str) -> list[str]:
    """An offer's own table may name a rule that this version does not know: never let it pass."""
    return [f"La condition « {condition} » de l’offre est inconnue : prévenez l’administrateur du centre."]


# Conditions ------------------------------------------------------------------------------------------------------------


def _complete(session: Session, state: DossierState) -> list[str]:
    return [one.message for one in state.evaluation.blocking("deposer")] + _pending(session, state)


def _pending(session: Session, state: DossierState) -> list[str]:
    """Values typed that wait for a choice: depositing would silently keep the older ones."""
    query = select(SaisieEnAttente.champ).where(SaisieEnAttente.dossier_id == state.dossier.id).distinct()
    found = []
    for champ in session.scalars(query.order_by(SaisieEnAttente.champ)):
        field = state.evaluation.fields.get(champ)
        if field is not None and field.visible and champ not in state.forms.du_centre:
            found.append(f"« {field.field.label} » : une saisie attend d’être corrigée, reprise ou écartée.")
    return found


def _corrections_prepared(session: Session, state: DossierState) -> list[str]:
    if any(not one.envoyee_le for one in list_corrections(session, state.dossier)):
        return []
    return ["Préparez d’abord au moins une demande de correction sur un champ."]


def _corrections_handled(session: Session, state: DossierState) -> list[str]:
    found = []
    for one in open_corrections(list_corrections(session, state.dossier)):
        if not one.traitee_le:
            field = state.forms.fields.get(one.champ)
            found.append(f"Corrigez « {field.label if field else one.champ} », ou expliquez pourquoi c’est inutile.")
    return found + _complete(session, state)


def _deliberation_complete(session: Session, state: DossierState) -> list[str]:
    """Number, date, body and file of the délibération, whatever the form says, and no warning left (points P07, B03)."""
    missing = {one.field_id: one.message for one in state.evaluation.blocking("accepter")}
    missing |= _tell_not_given(state, "accepter")
    for champ, libelle in DELIBERATION.items():
        if state.value(champ) is None and _is_wanted(state, champ):
            missing.setdefault(champ, f"Délibération : {libelle} manque.")
    lifted = [f"Levez l’avertissement : {one.texte}" for one in list_warnings(session, state) if one.levee is None]
    told = dict.fromkeys(missing.values())  # several fields may share one sentence
    return [*told, *_unsent(session, state), *lock_reasons(session, state), *lifted]


def _tell_not_given(state: DossierState, action: str) -> dict[str, str]:
    """By field that the collectivité left empty, one sentence for the centre, which cannot answer in its place."""
    left = [
        one
        for one in state.evaluation.blocking(action)
        if one.reason == "manquant" and one.field_id not in state.forms.du_centre
    ]
    names = ", ".join(f"« {one.label} »" for one in left)
    return dict.fromkeys((one.field_id for one in left), f"La collectivité n’a pas encore donné : {names}.")


def _is_wanted(state: DossierState, champ: str) -> bool:
    """An adhesion takes a délibération; a request about a convention takes one where its form asks for it."""
    field = state.evaluation.fields.get(champ)
    return state.dossier.nature == ADHESION or (field is not None and field.visible)


def _unsent(session: Session, state: DossierState) -> list[str]:
    """A correction prepared and forgotten would never reach the collectivité."""
    if any(not one.envoyee_le for one in list_corrections(session, state.dossier)):
        return ["Une correction est préparée mais pas envoyée : demandez les corrections, ou annulez-la."]
    return []


DELIBERATION = {
    "deliberation.numero": "le numéro",
    "deliberation.date": "la date",
    "deliberation.organe": "l’organe délibérant",
    "deliberation.fichier": "le fichier",
}


def _emission_possible(session: Session, state: DossierState) -> list[str]:
    known = _deliberation_complete(session, state)
    accepted = {one.field_id for one in state.evaluation.blocking("accepter")}
    return known + [one.message for one in state.evaluation.blocking("emettre") if one.field_id not in accepted]


_CONDITIONS: dict[str, Callable[[Session, DossierState], list[str]]] = {
    "complet": _complete,
    "corrections_ouvertes": _corrections_prepared,
    "corrections_traitees": _corrections_handled,
    "deliberation_complete": _deliberation_complete,
    "emission_possible": _emission_possible,
}


# Effects ---------------------------------------------------------------------------------------------------------------


def _deposit(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    """Take a snapshot of what counts now: hidden fields stay in the draft and are left out."""
    dossier = state.dossier
    dossier.depose_le = dossier.depose_le or utc_now()
    newest = session.scalar(select(func.max(Depot.numero)).where(Depot.dossier_id == dossier.id)) or 0
    answers = kept_answers(state.evaluation)
    depot = Depot(dossier_id=dossier.id, numero=newest + 1, reponses=answers, par=acteur.utilisateur_id)
    session.add(depot)
    session.flush()
    return {"depot": depot.id, "sha256": hash_value(answers)}


def _deposit_again(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    """A new snapshot closes the corrections that it answers."""
    for correction in open_corrections(list_corrections(session, state.dossier)):
        correction.close_le = utc_now()
    return _deposit(session, acteur, state)


def _take_charge(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    if state.dossier.instructeur_id is None:
        state.dossier.instructeur_id = acteur.utilisateur_id
    return {}


def _send_corrections(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    sent = [one for one in list_corrections(session, state.dossier) if not one.envoyee_le]
    for correction in sent:
        correction.envoyee_le = utc_now()
    return {"corrections": len(sent)}


def _accept(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    """What the centre answered since the deposit, and the délibération that the collectivité gave, join the answers that the
    convention is made of."""
    depot, answers = last_depot(session, state.dossier), kept_answers(state.evaluation)
    if depot is not None and depot.reponses == answers:
        return {}
    return _deposit(session, acteur, state)


def _nothing_more(session: Session, acteur: Acteur, state: DossierState) -> dict[str, Any]:
    return {}


_EFFECTS: dict[str, Callable[[Session, Acteur, DossierState], dict[str, Any]]] = {
    "deposer": _deposit,
    "prendre_en_charge": _take_charge,
    "demander_corrections": _send_corrections,
    "redeposer": _deposit_again,
    "retirer": _nothing_more,
    "refuser": _nothing_more,
    "accepter": _accept,
    "valider": _accept,
}


def hash_value(value: Any) -> str:
    """SHA-256 of a JSON value in canonical form: what the journal keeps of what was typed."""
    encoded = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(encoded.encode()).hexdigest()


def lift_warning(portail: Portail, acteur: Acteur, dossier_id: UUID, code: str, motif: str) -> None:
    """Lift one warning of the dossier, with the reason. Instructeurs only, from instruction to issue."""
    with portail.action(acteur, "dossier.lever_avertissement", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        require(roles_on(acteur, dossier), Role.INSTRUCTEUR, message="Seul un instructeur lève un avertissement.")
        if not is_under_review(get_workflow(session, dossier.offre_version_id, dossier.nature), dossier.etat):
            raise Refus("Un avertissement se lève pendant l’instruction du dossier.")
        reason = clean_text(motif, multiline=True)
        if not reason or len(reason) > MOTIF_LENGTH:
            raise Invalide(
                f"Dites en {MOTIF_LENGTH} caractères au plus pourquoi vous levez cet avertissement.", "motif"
            )
        found = next((one for one in list_warnings(session, load_state(session, dossier)) if one.code == code), None)
        if found is None:
            raise Conflit("Cet avertissement n’existe plus : rechargez la page.")
        if found.levee is not None:
            raise Conflit("Cet avertissement a déjà été levé.")
        session.add(Levee(dossier_id=dossier.id, code=code, motif=reason, par=acteur.utilisateur_id))
        dossier.modifie_le = utc_now()
        record(
            session,
            acteur,
            "dossier.lever_avertissement",
            centre_id=dossier.centre_id,
            objet="dossier",
            objet_id=dossier.id,
            code=code,
        )
