"""Who may type in a dossier, and where (conception.md, *The journey*).

A draft is filled in by the collectivité's gestionnaires, and by the centre's instructeurs when the centre began it. Once
corrections are asked, only the fields concerned are open, with those that their change may reach.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.errors import Refus
from domain.evaluation import evaluate
from domain.roles import Role
from models import DemandeCorrection, Dossier, RoleAttribue
from services.adhesion.corrections import list_corrections, open_corrections
from services.adhesion.dossier_state import DossierState, last_depot
from services.core.access import Acteur, roles_on


@dataclass(frozen=True)
class Edition:
    """Where a person may type now: nowhere, in `champs`, or everywhere (`champs` None). `raison`: why not."""

    ouverte: bool
    champs: frozenset[str] | None = None
    raison: str = ""

    def allows(self, champ: str) -> bool:
        """Whether this field is open."""
        return self.ouverte and (self.champs is None or champ in self.champs)

    def require(self, champ: str) -> None:
        """Raise Refus, with the reason, when the field is not open."""
        if self.ouverte and not self.allows(champ):
            raise Refus("Ce champ n’est pas ouvert à la correction : écrivez au centre pour le faire modifier.", champ)
        if not self.ouverte:
            raise Refus(self.raison, champ)


def find_edition(session: Session, acteur: Acteur, state: DossierState) -> Edition:
    """Where `acteur` may type in this dossier now."""
    dossier, roles = state.dossier, roles_on(acteur, state.dossier)
    if dossier.etat == "brouillon":
        if Role.GESTIONNAIRE in roles:
            return Edition(True)
        if Role.INSTRUCTEUR in roles and _begun_by_centre(session, dossier):
            return Edition(True)
        return Edition(False, raison="Seul un gestionnaire de la collectivité remplit ce dossier.")
    if dossier.etat != "a_corriger":
        return Edition(False, raison="Ce dossier n’est plus modifiable : le centre l’a reçu ou il est clos.")
    if Role.GESTIONNAIRE not in roles:
        return Edition(False, raison="Seul un gestionnaire de la collectivité corrige ce dossier.")
    return Edition(True, correctable_fields(session, state, list_corrections(session, dossier)))


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
