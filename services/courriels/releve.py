"""What did not leave, told once a day to the administrators of each centre."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.roles import Role
from models import Courriel, RoleAttribue, Utilisateur, utc_now
from services.core.locks import WHOLE, locked
from services.courriels import mails

MODELE = "courriels_en_echec"


def report_failures(session: Session, centre_id: UUID, jour: date) -> int:
    """Queue a mail to each administrator of the centre when mails failed, or became uncertain, since they were last told; how
    many mails that is. Run again, it says nothing twice. A duty of the daily round.

    What fails of these reports themselves is not told by another one: it shows on the page.
    """
    query = select(Courriel).where(
        Courriel.centre_id == centre_id, Courriel.etat.in_(("echec", "incertain")), Courriel.modele != MODELE
    )
    now = utc_now()
    found = [one for one in session.scalars(locked(query, WHOLE)) if not mails.in_flight(one, now)]
    fresh = [one for one in found if not one.parametres.get(mails.TOLD)]
    if not fresh:
        return 0
    for person in _administrators(session, centre_id, jour):
        mails.queue(
            session,
            MODELE,
            person.courriel,
            utilisateur_id=person.id,
            centre_id=centre_id,
            nouveaux=str(len(fresh)),
            nombre=str(len(found)),
        )
    for one in fresh:
        one.parametres = {**one.parametres, mails.TOLD: jour.isoformat()}
    return len(fresh)


def _administrators(session: Session, centre_id: UUID, jour: date) -> list[Utilisateur]:
    held = select(RoleAttribue.utilisateur_id).where(
        RoleAttribue.centre_id == centre_id,
        RoleAttribue.role == Role.ADMINISTRATEUR.value,
        RoleAttribue.du <= jour,
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= jour),
    )
    query = select(Utilisateur).where(Utilisateur.id.in_(held), Utilisateur.actif).order_by(Utilisateur.courriel)
    return list(session.scalars(query))
