"""Which statements a person may see: every query of statements starts here.

The centre's responsables and instructeurs see all those of their centre, drafts included; a collectivité sees its own once
issued. An assistant, or another role of the centre, sees none.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from domain.decompte import PREPARERS
from domain.errors import Introuvable
from models import Decompte
from services.core.access import Acteur, require
from services.core.locks import locked


def visible_decomptes(acteur: Acteur) -> Select[Decompte]:
    """The statements that the person may see."""
    scopes: list[ColumnElement[bool]] = []
    if centres := acteur.centres_with(*PREPARERS):
        scopes.append(Decompte.centre_id.in_(centres))
    if acteur.collectivite_ids:
        scopes.append(and_(Decompte.collectivite_id.in_(acteur.collectivite_ids), Decompte.numero.is_not(None)))
    return select(Decompte).where(or_(*scopes) if scopes else false())


def get_decompte(session: Session, acteur: Acteur, decompte_id: UUID, *, lock: bool = False) -> Decompte:
    """The statement, if this person may see it; Introuvable otherwise. `lock` takes the row until the transaction ends."""
    query = visible_decomptes(acteur).where(Decompte.id == decompte_id)
    found = session.scalars(locked(query, of=Decompte) if lock else query).one_or_none()
    if found is None:
        raise Introuvable()
    return found


def require_preparer(acteur: Acteur, centre_id: UUID) -> None:
    """Introuvable for somebody of another centre, Refus for another role of this one."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
    require(
        acteur.roles_for(centre_id=centre_id),
        *PREPARERS,
        message="Seuls le responsable et les instructeurs préparent les décomptes.",
    )
