"""A dossier with its answers evaluated: what every action and every screen of a dossier starts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.evaluation import Evaluation, evaluate
from domain.forms import FormSet
from domain.offer import Offer
from models import Centre, Depot, Dossier, Reponse
from services import clock
from services.offres import get_offer


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

    def evaluate_again(self) -> None:
        """Bring `evaluation` up to date after `reponses` changed."""
        self.evaluation = evaluate(self.forms, self.raw_values(), self.today)

    def raw_values(self) -> dict[str, Any]:
        """Stored JSON value by field id."""
        return {champ: reponse.valeur for champ, reponse in self.reponses.items()}


def load_state(session: Session, dossier: Dossier) -> DossierState:
    """The state of a dossier that the caller was allowed to reach (two queries, the offer being remembered)."""
    centre = session.get_one(Centre, dossier.centre_id)
    offer = get_offer(session, dossier.offre_version_id)
    query = select(Reponse).where(Reponse.dossier_id == dossier.id)
    reponses = {reponse.champ: reponse for reponse in session.scalars(query)}
    today = clock.today(centre.fuseau)
    values = {champ: reponse.valeur for champ, reponse in reponses.items()}
    return DossierState(dossier, centre, offer, offer.formset, reponses, evaluate(offer.formset, values, today), today)


def last_depot(session: Session, dossier: Dossier) -> Depot | None:
    """The newest deposit of a dossier."""
    query = select(Depot).where(Depot.dossier_id == dossier.id).order_by(Depot.numero.desc()).limit(1)
    return session.scalars(query).one_or_none()
