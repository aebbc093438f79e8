"""Drafts of weeks: what somebody is typing in a grid, kept at each change until it is recorded.

A draft belongs to who types it: the responsable who corrects somebody's week has one of their own.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import BrouillonHeures, utc_now
from services.comptes.sessions import expired_holder
from services.core.access import Acteur
from services.core.portail import Portail

Place = tuple[UUID, UUID, date]
"""Centre, assistant, Monday."""


def keep(portail: Portail, acteur: Acteur, place: Place, contenu: dict[str, Any]) -> None:
    """Keep what this person is typing. No check beyond who they are: it is theirs alone, and checked when recorded."""
    with portail.db.write() as session:
        _put(session, acteur.utilisateur_id, place, contenu)


def park(portail: Portail, token_hash: str, place: Place, contenu: dict[str, Any]) -> bool:
    """The same for somebody whose session has just expired; False when the session was revoked or is too old."""
    with portail.db.write() as session:
        holder = expired_holder(session, token_hash)
        if holder is None:
            return False
        _put(session, holder, place, contenu)
        return True


def _put(session: Session, user_id: UUID, place: Place, contenu: dict[str, Any]) -> None:
    key = (user_id, *place)
    held = session.get(BrouillonHeures, key)
    if held is None:
        held = BrouillonHeures(utilisateur_id=user_id, centre_id=place[0], assistant_id=place[1], lundi=place[2])
        session.add(held)
    held.contenu, held.modifie_le = contenu, utc_now()


def read(session: Session, user_id: UUID, place: Place) -> dict[str, Any] | None:
    """The draft of this person for this week; None when there is none."""
    held = session.get(BrouillonHeures, (user_id, *place))
    return held.contenu if held else None


def list_weeks(session: Session, user_id: UUID, centre_id: UUID, assistant_id: UUID) -> list[date]:
    """Mondays of the weeks that this person began and did not record."""
    query = select(BrouillonHeures.lundi).where(
        BrouillonHeures.utilisateur_id == user_id,
        BrouillonHeures.centre_id == centre_id,
        BrouillonHeures.assistant_id == assistant_id,
    )
    return list(session.scalars(query.order_by(BrouillonHeures.lundi)))


def discard(session: Session, user_id: UUID, centre_id: UUID, assistant_id: UUID, lundi: date) -> None:
    """Forget a draft: it is recorded, or given up."""
    session.execute(
        delete(BrouillonHeures).where(
            BrouillonHeures.utilisateur_id == user_id,
            BrouillonHeures.centre_id == centre_id,
            BrouillonHeures.assistant_id == assistant_id,
            BrouillonHeures.lundi == lundi,
        )
    )


def give_up(portail: Portail, acteur: Acteur, place: Place) -> None:
    """Throw away what this person was typing for this week."""
    with portail.db.write() as session:
        discard(session, acteur.utilisateur_id, *place)
