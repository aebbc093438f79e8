"""The text of a convention on any day: what it was adhered with, overlaid by the avenants in force and the requests recorded
since (article 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.forms.answers import Answers
from domain.offer import Offer
from domain.workflow.tables import ENREGISTRE
from models import Avenant, Convention, Depot, Dossier
from services.centre.offres import get_offer
from services.core import clock
from services.facturation.exercices import COMMITTED_STATES

ACTE_AUTORISANT = "deliberation."
"""Answers about the act by which a deliberating body allows a signature: each convention or avenant has its own."""


@dataclass(frozen=True)
class Couche:
    """One layer of the text, from the day `le` on: the adhesion (`nature` adhesion), an avenant (`numero`), or a request that
    was recorded. `reponses`: what it says, by field."""

    dossier_id: UUID
    nature: str
    titre: str
    le: date
    depuis: datetime
    reponses: Answers
    acte_id: UUID | None = None
    numero: str | None = None


def list_layers(session: Session, convention: Convention) -> list[Couche]:
    """Everything that the text is made of, oldest effect first: the adhesion, then what changes it, signed or recorded,
    whether it is in force yet or not. Three queries, the offers being remembered."""
    avenants = {
        one.dossier_id: one
        for one in session.scalars(
            select(Avenant).where(Avenant.parent_id == convention.id, Avenant.etat.in_(COMMITTED_STATES))
        )
    }
    recorded = (Dossier.convention_id == convention.id) & (Dossier.etat == ENREGISTRE)
    wanted = (Dossier.id == convention.dossier_id) | Dossier.id.in_(avenants) | recorded
    dossiers = session.scalars(select(Dossier).where(wanted)).all()
    depots: dict[UUID, Depot] = {}
    for depot in session.scalars(
        select(Depot).where(Depot.dossier_id.in_([one.id for one in dossiers])).order_by(Depot.numero)
    ):
        depots[depot.dossier_id] = depot
    layers = [
        _layer(session, convention, one, avenants.get(one.id), depots[one.id]) for one in dossiers if one.id in depots
    ]
    return sorted(layers, key=lambda one: (one.dossier_id != convention.dossier_id, one.le, one.depuis))


def _layer(session: Session, convention: Convention, dossier: Dossier, avenant: Avenant | None, depot: Depot) -> Couche:
    if dossier.id == convention.dossier_id:
        return Couche(
            dossier.id, dossier.nature, "Convention", convention.date_effet, depot.le, dict(depot.reponses),
            convention.id, convention.numero,
        )  # fmt: skip
    offer = get_offer(session, dossier.offre_version_id)
    own = {
        champ: valeur
        for champ, valeur in depot.reponses.items()
        if champ in offer.formset.fields and not champ.startswith(ACTE_AUTORISANT)
    }
    titre = offer.demande(dossier.nature).titre
    if avenant is not None:
        return Couche(dossier.id, dossier.nature, titre, avenant.date_effet, depot.le, own, avenant.id, avenant.numero)
    return Couche(dossier.id, dossier.nature, titre, effect_day(offer, dossier, depot.reponses), depot.le, own)


def effect_day(offer: Offer, dossier: Dossier, reponses: Mapping[str, Any]) -> date:
    """First day of a request: what its own field says, else the day it was sent."""
    champ = offer.demande(dossier.nature).champ_effet
    given = reponses.get(champ) if champ else None
    sent = dossier.depose_le or dossier.modifie_le
    return date.fromisoformat(given) if given else clock.local_time(sent, dossier.centre.fuseau).date()


def overlay(layers: list[Couche], jour: date) -> Answers:
    """The answers that hold on `jour`: those of the adhesion, whatever the day, then each change in force by then."""
    found: Answers = {}
    for rank, layer in enumerate(layers):
        if rank == 0 or layer.le <= jour:
            found |= layer.reponses
    return found


def text_in_force(session: Session, convention: Convention, jour: date) -> Answers:
    """The answers, by field, that the text of the convention is made of on `jour`."""
    return overlay(list_layers(session, convention), jour)


def latest_text(session: Session, convention: Convention) -> Answers:
    """The text once everything signed or recorded has taken effect: what a new request starts from."""
    return text_in_force(session, convention, date.max)
