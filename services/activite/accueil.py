"""What an assistant finds on arriving: the collectivités they are assigned to, and their hours of the week and the month."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.releve import monday_of
from domain.roles import Role
from models import Centre, Intervention
from services.activite.regles import assignment_end, list_affectations
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail


@dataclass(frozen=True)
class MaConvention:
    """One assignment of today, with the minutes recorded by this person this week and this month."""

    convention_id: UUID
    numero: str
    collectivite: str
    quotite: Decimal | None
    jusqu_au: date
    minutes_semaine: int
    minutes_mois: int


@dataclass(frozen=True)
class AccueilAssistant:
    """The week that begins on `lundi` (up to today), and the assignments of today, in the order of names."""

    lundi: date
    today: date
    minutes_semaine: int
    minutes_mois: int
    conventions: tuple[MaConvention, ...]


def open_accueil(portail: Portail, acteur: Acteur) -> AccueilAssistant | None:
    """The assistant's arrival page; None for somebody who is no assistant."""
    mine = acteur.centres_with(Role.ASSISTANT)
    if not mine:
        return None
    with portail.db.read() as session:
        zone = session.scalars(select(Centre.fuseau).where(Centre.id.in_(mine)).order_by(Centre.id).limit(1)).one()
        today = clock.today(zone)
        monday, first = monday_of(today), today.replace(day=1)
        hours = _hours(session, acteur, mine, min(monday, first), monday + timedelta(days=6))
        week = [(one, minutes) for one, jour, minutes in hours if jour >= monday]
        month = [(one, minutes) for one, jour, minutes in hours if (jour.year, jour.month) == (today.year, today.month)]
        assigned = [
            one for one in list_affectations(session, acteur.utilisateur_id, today, today) if one.centre_id in mine
        ]
        return AccueilAssistant(
            lundi=monday,
            today=today,
            minutes_semaine=sum(minutes for _, minutes in week),
            minutes_mois=sum(minutes for _, minutes in month),
            conventions=tuple(
                MaConvention(
                    convention_id=one.convention_id,
                    numero=one.convention.numero,
                    collectivite=one.convention.collectivite.nom,
                    quotite=one.quotite,
                    jusqu_au=assignment_end(one),
                    minutes_semaine=sum(minutes for key, minutes in week if key == one.convention_id),
                    minutes_mois=sum(minutes for key, minutes in month if key == one.convention_id),
                )
                for one in assigned
            ),
        )


def _hours(
    session: Session, acteur: Acteur, centre_ids: Collection[UUID], du: date, au: date
) -> list[tuple[UUID, date, int]]:
    """Minutes that the person recorded from `du` to `au`, by convention and day."""
    query = (
        select(Intervention.convention_id, Intervention.jour, func.sum(Intervention.minutes))
        .where(
            Intervention.assistant_id == acteur.utilisateur_id,
            Intervention.centre_id.in_(centre_ids),
            Intervention.jour >= du,
            Intervention.jour <= au,
        )
        .group_by(Intervention.convention_id, Intervention.jour)
    )
    return [(row[0], row[1], int(row[2])) for row in session.execute(query)]
