"""Annual reports to write, to publish, to read: lines of the home page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from domain.roles import Role
from models import Affectation, Bilan, Centre, Convention, RoleAttribue, Utilisateur, utc_now
from services.accueil.tache_rows import LIMIT, Tache
from services.core import clock
from services.core.access import Acteur
from services.pilotage.bilans import may_write, offer_of, state_of

NEWS = timedelta(days=60)
"""How long a published report is told of."""


def list_waiting(session: Session, acteur: Acteur) -> list[Tache]:
    """Reports of closed years: to write by the assistants assigned to them, to publish by the responsable."""
    assigned = select(Affectation.convention_id).where(
        Affectation.assistant_id == acteur.utilisateur_id,
        Affectation.centre_id.in_(acteur.centres_with(Role.ASSISTANT)),
    )
    query = (
        select(Bilan)
        .where(
            Bilan.etat == "brouillon",
            or_(Bilan.centre_id.in_(acteur.centres_with(Role.RESPONSABLE)), Bilan.convention_id.in_(assigned)),
        )
        .options(
            joinedload(Bilan.convention).joinedload(Convention.collectivite),
            joinedload(Bilan.convention).joinedload(Convention.dossier),
        )
        .order_by(Bilan.annee, Bilan.modifie_le, Bilan.id)
        .limit(10 * LIMIT)
    )
    found: list[Tache] = []
    for bilan in session.scalars(query):
        state = state_of(bilan, offer_of(session, bilan.convention).bilan.sections)
        boss = bilan.centre_id in acteur.centres_with(Role.RESPONSABLE)
        if state == "a_publier" and boss:
            found.append(_task("Bilans à publier", bilan, "Le texte est rédigé : relisez-le, puis publiez."))
        elif state == "a_rediger" and not boss and may_write(session, acteur, bilan):
            found.append(_task("Bilans à rédiger", bilan, "L’année est close : rédigez les sections."))
        elif state == "a_rediger" and boss and not _has_writer(session, bilan):
            detail = (
                "L’année est close, et aucun assistant en poste n’y est affecté : rédigez-le ou affectez quelqu’un."
            )
            found.append(_task("Bilans sans rédacteur", bilan, detail))
    return found[:LIMIT]


def _has_writer(session: Session, bilan: Bilan) -> bool:
    """Whether an assistant in office is assigned to the convention since the year began."""
    day = clock.today(session.get_one(Centre, bilan.centre_id).fuseau)
    query = (
        select(Affectation.id)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Affectation.assistant_id)
        .join(Utilisateur, Utilisateur.id == Affectation.assistant_id)
        .where(
            Affectation.convention_id == bilan.convention_id,
            Affectation.du <= day,
            or_(Affectation.au.is_(None), Affectation.au >= date(bilan.annee, 1, 1)),
            RoleAttribue.centre_id == bilan.centre_id,
            RoleAttribue.role == Role.ASSISTANT.value,
            RoleAttribue.du <= day,
            or_(RoleAttribue.au.is_(None), RoleAttribue.au >= day),
            Utilisateur.actif,
        )
    )
    return session.scalar(query.limit(1)) is not None


def list_published(session: Session, acteur: Acteur) -> list[Tache]:
    """Reports published these days, for their collectivité."""
    roles = (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)
    query = (
        select(Bilan)
        .where(
            Bilan.collectivite_id.in_(acteur.collectivites_with(*roles)),
            Bilan.etat == "publie",
            Bilan.publie_le > utc_now() - NEWS,
        )
        .options(joinedload(Bilan.convention).joinedload(Convention.collectivite))
        .order_by(Bilan.publie_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            "Bilans publiés",
            f"Bilan {bilan.annee}, convention {bilan.convention.numero}",
            "Le bilan annuel est publié : il peut être lu et téléchargé.",
            "suivi",
            {"convention": str(bilan.convention_id), "annee": str(bilan.annee)},
            bilan.publie_le,
        )
        for bilan in session.scalars(query)
    ]


def _task(groupe: str, bilan: Bilan, detail: str) -> Tache:
    convention = bilan.convention
    titre = f"Bilan {bilan.annee}, {convention.collectivite.nom} (convention {convention.numero})"
    # It waits since the year is over; noon, so that it is that day in every zone of the centres.
    since = datetime(bilan.annee + 1, 1, 1, 12, tzinfo=UTC)
    return Tache(groupe, titre, detail, "bilans", {"id": str(bilan.id)}, since)
