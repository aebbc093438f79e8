"""A dossier with its answers evaluated: what every action and every screen of a dossier starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.forms.evaluation import Evaluation, evaluate
from domain.forms.formset import FormSet
from domain.offer import Offer
from models import Centre, Depot, Dossier, Reponse
from services.centre.offres import get_offer
from services.core import clock


@dataclass
class DossierState:
    """A dossier at one moment. `reponses` holds every stored answer, those of hidden fields included; `evaluation`
    says which count. `today` is the centre's day."""

    dossier: Dossier
    centre: Centre
    offer: Offer
    forms: FormSet
    reponses: dict[str, Reponse]
    evaluation: Evaluation
    today: date

    def value(self, champ: str) -> Any:
        """JSON value of a visible, correct answer; None otherwise."""
        field = self.evaluation.fields.get(champ)
        return field.value if field else None


def load_state(session: Session, dossier: Dossier) -> DossierState:
    """The state of a dossier that the caller was allowed to reach (two queries, the offer being remembered)."""
    return load_states(session, [dossier])[0]


def load_states(session: Session, dossiers: Sequence[Dossier]) -> list[DossierState]:
    """The states of several dossiers, in the same order, with one query for all their answers."""
    reponses: dict[UUID, dict[str, Reponse]] = {dossier.id: {} for dossier in dossiers}
    for reponse in session.scalars(select(Reponse).where(Reponse.dossier_id.in_(reponses))):
        reponses[reponse.dossier_id][reponse.champ] = reponse
    return [_build_state(session, dossier, reponses[dossier.id]) for dossier in dossiers]


def _build_state(session: Session, dossier: Dossier, reponses: dict[str, Reponse]) -> DossierState:
    centre = session.get_one(Centre, dossier.centre_id)
    offer = get_offer(session, dossier.offre_version_id).variant(dossier.nature)
    today = clock.today(centre.fuseau)
    values = {champ: reponse.valeur for champ, reponse in reponses.items()}
    return DossierState(dossier, centre, offer, offer.formset, reponses, evaluate(offer.formset, values, today), today)


def last_depot(session: Session, dossier: Dossier) -> Depot | None:
    """The newest deposit of a dossier."""
    query = select(Depot).where(Depot.dossier_id == dossier.id).order_by(Depot.numero.desc()).limit(1)
    return session.scalars(query).one_or_none()
