"""What the page of a convention tells of its past: the signatures found in its files, and what the journal holds of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_courte
from domain.workflow.tables import ACTIONS_DU_CALENDRIER
from models import Acte, AuditEvent, Piece, Utilisateur
from models.conventions import NATURES_ACTE
from services.adhesion.dossiers import NOBODY
from services.convention.convention_views import EventRow, SignatureRow
from services.core.clock import local_time
from services.core.journal_labels import action_label

HISTORY = (
    tuple(
        f"{nature}.{action}"
        for nature in NATURES_ACTE
        for action in (
            "emettre",
            "deposer_signature",
            "rejeter_signature",
            "lever_avertissement",
            "signer_centre",
            "joindre_accuse",
            "annuler",
            "reconduire",
            *ACTIONS_DU_CALENDRIER,
        )
    )
    + tuple(f"denonciation.{action}" for action in ("enregistrer", "dater", "classer", "retirer"))
    + ("demeure.repondre",)
)


def read_signatures(session: Session, convention: Acte, shown: Collection[UUID]) -> tuple[SignatureRow, ...]:
    """The electronic signatures of the files shown."""
    query = select(Piece).where(Piece.id.in_(shown)).order_by(Piece.deposee_le, Piece.id)
    return tuple(
        SignatureRow(
            piece_id=piece.id,
            signataire=one["signataire"],
            intact=one["intact"],
            fiable=one["de_confiance"],
            le=_signed_on(one["date"], convention.centre.fuseau),
        )
        for piece in session.scalars(query)
        for one in piece.analyse.get("signatures", ())
    )


def _signed_on(moment: str | None, fuseau: str) -> str | None:
    return date_courte(local_time(datetime.fromisoformat(moment), fuseau).date()) if moment else None


def _nobody(event: AuditEvent) -> str:
    """Who did what no person of today did: somebody whose account is gone, or the daily round."""
    return NOBODY if event.acteur_id else "Le portail, à la date prévue"


def read_history(session: Session, convention: Acte) -> tuple[EventRow, ...]:
    """What happened to the convention, oldest first, from the journal."""
    query = (
        select(AuditEvent, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == AuditEvent.acteur_id)
        .where(AuditEvent.objet_id == str(convention.id), AuditEvent.action.in_(HISTORY))
        .order_by(AuditEvent.seq)
    )
    return tuple(
        EventRow(event.le, person.nom_complet if person else _nobody(event), action_label(event.action))
        for event, person in session.execute(query)
    )
