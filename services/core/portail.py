"""The running portal: settings, database and file store, and the unit of work that every action goes through."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Refus
from models import (
    Acte,
    Bilan,
    Courriel,
    Decompte,
    DemandeCorrection,
    DemandeServiceDegrade,
    Denonciation,
    Dossier,
    Elimination,
    MiseEnDemeure,
    OffreVersion,
    Operation,
    Piece,
    SaisieEnAttente,
    Scenario,
)
from services.core import journal
from services.core.access import Acteur
from services.core.database import Database
from services.core.files import FileStore
from services.core.settings import Settings

logger = logging.getLogger("portail")


class Portail:
    """One per process. Services take it as first argument."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = Database(settings.database_url)
        self.files = FileStore(settings.fichiers_url)

    @contextmanager
    def action(
        self,
        acteur: Acteur | None,
        action: str,
        *,
        objet: str | None = None,
        objet_id: UUID | str | None = None,
        centre_id: UUID | None = None,
    ) -> Iterator[Session]:
        """One transaction for one action of `acteur`. When the action is refused (Refus), everything is rolled back and
        the attempt is journalled in a transaction of its own. Successful actions journal themselves (`record`)."""
        with self._refusals(acteur, action, objet, objet_id, centre_id), self.db.write() as session:
            yield session

    @contextmanager
    def view(
        self,
        acteur: Acteur | None,
        action: str,
        *,
        objet: str | None = None,
        objet_id: UUID | str | None = None,
        centre_id: UUID | None = None,
    ) -> Iterator[Session]:
        """A session for reading one thing that `acteur` asked for by its address. Nothing is journalled, except a
        refusal, as in `action`."""
        with self._refusals(acteur, action, objet, objet_id, centre_id), self.db.read() as session:
            yield session

    @contextmanager
    def _refusals(
        self,
        acteur: Acteur | None,
        action: str,
        objet: str | None,
        objet_id: UUID | str | None,
        centre_id: UUID | None,
    ) -> Iterator[None]:
        try:
            yield
        except Refus as refus:
            with self.db.write() as session:
                journal.record(
                    session,
                    "refus",
                    acteur_id=acteur.utilisateur_id if acteur else None,
                    centre_id=centre_id or _centre_of(session, objet, objet_id),
                    objet=objet,
                    objet_id=objet_id,
                    demande=action,
                    raison=type(refus).__name__,
                )
            raise


def _centre_of(session: Session, objet: str | None, objet_id: UUID | str | None) -> UUID | None:
    """The centre concerned by a refusal, so that its administrators read the line; None when the thing does not exist."""
    if not isinstance(objet_id, UUID):
        return None
    if objet == "piece":
        piece = session.get(Piece, objet_id)
        if piece is None or piece.centre_id:
            return piece.centre_id if piece else None
        objet, objet_id = ("dossier", piece.dossier_id) if piece.dossier_id else ("convention", piece.convention_id)
    if objet in ("correction", "saisie"):
        table = DemandeCorrection if objet == "correction" else SaisieEnAttente
        objet, objet_id = "dossier", session.scalar(select(table.dossier_id).where(table.id == objet_id))
    if objet == "scenario":
        return session.scalar(select(Scenario.centre_id).where(Scenario.id == objet_id))
    if objet == "degrade":
        return session.scalar(select(DemandeServiceDegrade.centre_id).where(DemandeServiceDegrade.id == objet_id))
    if objet in ("denonciation", "demeure"):
        notice = Denonciation if objet == "denonciation" else MiseEnDemeure
        objet, objet_id = "convention", session.scalar(select(notice.convention_id).where(notice.id == objet_id))
    if objet == "courriel":
        return session.scalar(select(Courriel.centre_id).where(Courriel.id == objet_id))
    if objet == "offre_version":
        return session.scalar(select(OffreVersion.centre_id).where(OffreVersion.id == objet_id))
    if objet in ("convention", "avenant"):
        return session.scalar(select(Acte.centre_id).where(Acte.id == objet_id))
    if objet == "elimination":
        return session.scalar(select(Elimination.centre_id).where(Elimination.id == objet_id))
    if objet == "bilan":
        return session.scalar(select(Bilan.centre_id).where(Bilan.id == objet_id))
    if objet == "decompte":
        return session.scalar(select(Decompte.centre_id).where(Decompte.id == objet_id))
    if objet == "dossier":
        return session.scalar(select(Dossier.centre_id).where(Dossier.id == objet_id))
    return None


def record(session: Session, acteur: Acteur, action: str, **details: Any) -> None:
    """Journal what `acteur` just did, in the same transaction (see services.core.journal.record)."""
    journal.record(session, action, acteur_id=acteur.utilisateur_id, **details)


def once(session: Session, operation_id: str) -> bool:
    """True the first time this operation id is seen; False for the echo of a double click or a resent form. Takes effect
    with the transaction: a rolled back operation can be tried again."""
    if session.get(Operation, operation_id) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Operation(id=operation_id))
    except IntegrityError:
        return False
    return True
