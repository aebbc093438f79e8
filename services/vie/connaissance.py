"""Requests that take effect when they are sent (new référent, new signatory): nobody has to agree, somebody of the centre has to
know. Each waits on the home page until one person says that it was read; the journal keeps who and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from domain.errors import Refus
from domain.offer import ADHESION, TypeDemande
from domain.roles import ROLES_CENTRE, Role
from domain.workflow.tables import ENREGISTRE
from models import AuditEvent, Collectivite, Depot, Dossier, RoleAttribue, Utilisateur, utc_now
from services.centre.offres import get_offer
from services.core.access import Acteur, get_dossier, require
from services.core.portail import Portail, record

LECTEURS = (Role.INSTRUCTEUR, Role.RESPONSABLE)
LUE = "demande.prendre_connaissance"
SHOWN_FOR = timedelta(days=180)
"""How long an unread request waits on the home page: past that, the text in force has long said it."""


@dataclass(frozen=True)
class Connaissance:
    """Whether a request was read at the centre: by whom and when, or `a_lire` by this person."""

    a_lire: bool
    par: str = ""
    le: datetime | None = None


def open_reading(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Connaissance | None:
    """For a request recorded without the centre's agreement, whether somebody there has read it; None for any other dossier,
    and for who is not of the centre."""
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        if dossier.centre_id not in acteur.par_centre or not _is_told(session, dossier):
            return None
        read = _reading(session, dossier)
        if read is None and _known(session, dossier.centre_id, [dossier]):
            return None  # the centre's own people sent it
        if read is None:
            return Connaissance(a_lire=bool(acteur.roles_for(centre_id=dossier.centre_id).intersection(LECTEURS)))
        person = session.get(Utilisateur, read.acteur_id) if read.acteur_id else None
        return Connaissance(a_lire=False, par=person.nom_complet if person else "Compte supprimé", le=read.le)


def mark_read(portail: Portail, acteur: Acteur, dossier_id: UUID) -> None:
    """Say that the centre has read such a request; a second time changes nothing. Refus for another dossier or role."""
    with portail.action(acteur, LUE, objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        require(acteur.roles_for(centre_id=dossier.centre_id), *LECTEURS)
        if not _is_told(session, dossier):
            raise Refus("Cette demande n’est pas à marquer comme lue : rechargez la page.")
        if _reading(session, dossier) is None:
            record(session, acteur, LUE, centre_id=dossier.centre_id, objet="dossier", objet_id=dossier.id)


def list_unread(session: Session, acteur: Acteur, most: int) -> list[Row[Dossier, str]]:
    """Such requests that nobody of the person's centres has read, oldest first, with the collectivité's name."""
    found: list[Row[Dossier, str]] = []
    for centre_id in sorted(acteur.centres_with(*LECTEURS), key=str):
        query = (
            select(Dossier, Collectivite.nom)
            .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
            .where(
                Dossier.centre_id == centre_id,
                Dossier.nature != ADHESION,
                Dossier.etat == ENREGISTRE,
                Dossier.depose_le >= utc_now() - SHOWN_FOR,
            )
            .order_by(Dossier.depose_le, Dossier.id)
        )
        rows = session.execute(query).all()
        known = _known(session, centre_id, [row.Dossier for row in rows])
        found += [row for row in rows if row.Dossier.id not in known and _is_told(session, row.Dossier)]
    return found[:most]


def _immediate(demande: TypeDemande) -> bool:
    return any(line.action == "deposer" and line.vers == ENREGISTRE for line in demande.table.transitions)


def _is_told(session: Session, dossier: Dossier) -> bool:
    """Whether it took effect when it was sent."""
    if dossier.nature == ADHESION or dossier.etat != ENREGISTRE:
        return False
    return _immediate(get_offer(session, dossier.offre_version_id).demande(dossier.nature))


def _known(session: Session, centre_id: UUID, dossiers: list[Dossier]) -> set[UUID]:
    """Of these, those that were read, and those that the centre's own people sent."""
    ids = {str(one.id): one.id for one in dossiers}
    read = select(AuditEvent.objet_id).where(AuditEvent.action == LUE, AuditEvent.objet_id.in_(ids))
    ours = (
        select(Depot.dossier_id, Depot.le, RoleAttribue.du, RoleAttribue.au)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Depot.par)
        .where(
            Depot.dossier_id.in_(ids.values()),
            RoleAttribue.centre_id == centre_id,
            RoleAttribue.role.in_([role.value for role in ROLES_CENTRE]),
        )
    )
    sent = {row.dossier_id for row in session.execute(ours) if row.du <= row.le.date() <= (row.au or date.max)}
    return {ids[one] for one in session.scalars(read) if one} | sent


def _reading(session: Session, dossier: Dossier) -> AuditEvent | None:
    query = select(AuditEvent).where(AuditEvent.action == LUE, AuditEvent.objet_id == str(dossier.id))
    return session.scalars(query.order_by(AuditEvent.seq).limit(1)).one_or_none()
