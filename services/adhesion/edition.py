"""Who may type in a dossier, and where (conception.md, *The journey*).

A draft is filled in by the collectivité's gestionnaires, and by the centre's instructeurs when the centre began it. Once
corrections are asked, only the fields concerned are open, with those that their change may reach. The délibération that was
not voted when the dossier was sent can be given until the decision. Sections that the offer
gives to the centre (an information session, an état des lieux) are answered by its people until the dossier is accepted,
assistants included; the collectivité reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Refus
from domain.forms.evaluation import evaluate
from domain.offer import ADHESION
from domain.roles import ROLES_COLLECTIVITE, Role
from domain.workflow.tables import Workflow, senders
from models import DemandeCorrection, Dossier, RoleAttribue
from services.adhesion.corrections import list_corrections, open_corrections
from services.adhesion.dossier_state import DossierState, last_depot
from services.centre.offres import get_offer
from services.core.access import Acteur, get_dossier, roles_on
from services.core.locks import locked
from services.vie.texte import ACTE_AUTORISANT

RELEVEURS = (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ASSISTANT)
"""Who answers for the centre in a dossier."""
DECISIVE = ("accepter", "valider", "deposer")
"""Actions after which the answers stand, the first that a circuit has."""
BY_CENTRE = "Cette partie est remplie par le centre."


@dataclass(frozen=True)
class Edition:
    """Where a person may type now: nowhere, in `champs`, or everywhere (`champs` None), what the other side answers
    (`autres`) apart. `raison`: why not."""

    ouverte: bool
    champs: frozenset[str] | None = None
    raison: str = ""
    autres: frozenset[str] = frozenset()

    def allows(self, champ: str) -> bool:
        """Whether this field is open."""
        return self.ouverte and champ not in self.autres and (self.champs is None or champ in self.champs)

    def require(self, champ: str) -> None:
        """Raise Refus, with the reason, when the field is not open."""
        if champ in self.autres:
            raise Refus(BY_CENTRE, champ)
        if self.ouverte and not self.allows(champ):
            raise Refus("Ce champ n’est pas ouvert à la correction : écrivez au centre pour le faire modifier.", champ)
        if not self.ouverte:
            raise Refus(self.raison, champ)


def find_edition(session: Session, acteur: Acteur, state: DossierState) -> Edition:
    """Where `acteur` may type in this dossier now."""
    dossier, roles = state.dossier, roles_on(acteur, state.dossier)
    theirs = state.forms.du_centre
    if dossier.etat == "brouillon":
        if Role.INSTRUCTEUR in roles and _begun_by_centre(session, dossier):
            return Edition(True)
        if roles & fillers(state):
            return Edition(True, autres=theirs)
    elif dossier.etat == "a_corriger" and Role.GESTIONNAIRE in roles:
        return Edition(
            True, correctable_fields(session, state, list_corrections(session, dossier)) - theirs, autres=theirs
        )
    elif Role.GESTIONNAIRE in roles and (awaited := awaited_fields(session, state)):
        return Edition(True, awaited, autres=theirs)
    if theirs and roles.intersection(RELEVEURS) and before_decision(state.offer.workflow_dossier, dossier.etat):
        return Edition(True, theirs)
    return Edition(False, raison=_why_closed(dossier.etat), autres=theirs)


def awaited_fields(session: Session, state: DossierState) -> frozenset[str]:
    """Fields of the act that allows the signature, when the last deposit lacks something of it that acceptance needs: they stay
    open to the collectivité until the decision, because its assembly often votes after the dossier is sent. Empty otherwise,
    and when the dossier is not before the centre."""
    if state.dossier.etat in ("brouillon", "a_corriger"):
        return frozenset()
    if not before_decision(state.offer.workflow_dossier, state.dossier.etat):
        return frozenset()
    depot = last_depot(session, state.dossier)
    if depot is None:
        return frozenset()
    acte = [
        one.field for champ, one in state.evaluation.fields.items() if champ.startswith(ACTE_AUTORISANT) and one.visible
    ]
    lacks = any(field.required and depot.reponses.get(field.id) is None for field in acte)
    return frozenset(field.id for field in acte) if lacks else frozenset()


def fillers(state: DossierState) -> frozenset[Role]:
    """Roles of the collectivité that fill in the draft: its gestionnaires, and for a request about a convention whoever may
    send it."""
    own = {Role.GESTIONNAIRE}
    if state.dossier.nature != ADHESION:
        own |= senders(state.offer.workflow_dossier) & set(ROLES_COLLECTIVITE)
    return frozenset(own)


def _why_closed(etat: str) -> str:
    if etat == "brouillon":
        return "Seul un gestionnaire de la collectivité remplit ce dossier."
    if etat == "a_corriger":
        return "Seul un gestionnaire de la collectivité corrige ce dossier."
    return "Ce dossier n’est plus modifiable : le centre l’a reçu ou il est clos."


def before_decision(workflow: Workflow, etat: str) -> bool:
    """Whether a dossier in this state may still be accepted, by whatever way its circuit has."""
    known = {line.action for line in workflow.transitions}
    decisive = next((action for action in DECISIVE if action in known), None)
    reached, ahead = {etat}, [etat]
    while ahead:
        here = ahead.pop()
        for line in workflow.transitions:
            if here in line.de:
                if line.action == decisive:
                    return True
                if line.vers not in reached:
                    reached.add(line.vers)
                    ahead.append(line.vers)
    return False


def get_answerable(session: Session, acteur: Acteur, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """The dossier that this person may see, or that holds sections which they answer as an assistant of its centre;
    Introuvable otherwise. An assistant is shown these sections and nothing else (services.adhesion.releves)."""
    try:
        return get_dossier(session, acteur, dossier_id, lock=lock)
    except Introuvable:
        query = releve_query(acteur).where(Dossier.id == dossier_id)
        found = session.scalars(locked(query, of=Dossier) if lock else query).one_or_none()
        if found is None or not get_offer(session, found.offre_version_id).variant(found.nature).formset.du_centre:
            raise
        return found


def releve_query(acteur: Acteur) -> Select[Dossier]:
    """Dossiers of the centres for which the person may answer."""
    return select(Dossier).where(Dossier.centre_id.in_(acteur.centres_with(*RELEVEURS)))


def _begun_by_centre(session: Session, dossier: Dossier) -> bool:
    if dossier.cree_par is None:
        return False
    query = select(
        exists().where(RoleAttribue.utilisateur_id == dossier.cree_par, RoleAttribue.centre_id == dossier.centre_id)
    )
    return bool(session.scalar(query))


def correctable_fields(session: Session, state: DossierState, corrections: list[DemandeCorrection]) -> frozenset[str]:
    """Fields open for correction: those asked for, those they fill in, what is missing or wrong now, and what has
    appeared since the last deposit."""
    asked = {one.champ for one in open_corrections(corrections)}
    filled = {target for champ in asked if champ in state.forms.fields for target in state.forms.fields[champ].fills}
    faulty = {one.field_id for one in state.evaluation.missing} | set(state.evaluation.problems)
    return frozenset(asked | filled | faulty | _appeared(session, state))


def _appeared(session: Session, state: DossierState) -> set[str]:
    depot = last_depot(session, state.dossier)
    if depot is None:
        return set()
    before = evaluate(state.forms, depot.reponses, state.today).fields
    return {champ for champ, now in state.evaluation.fields.items() if now.visible and not before[champ].visible}
