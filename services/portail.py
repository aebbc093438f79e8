"""The running portal: settings, database and file store, and the unit of work that every action goes through."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Refus
from models import Operation
from services import journal
from services.access import Acteur
from services.database import Database
from services.files import FileStore
from services.settings import Settings

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
        try:
            with self.db.write() as session:
                yield session
        except Refus as refus:
            with self.db.write() as session:
                journal.record(
                    session,
                    "refus",
                    acteur_id=acteur.utilisateur_id if acteur else None,
                    centre_id=centre_id,
                    objet=objet,
                    objet_id=objet_id,
                    demande=action,
                    raison=type(refus).__name__,
                )
            raise


def record(session: Session, acteur: Acteur, action: str, **details: Any) -> None:
    """Journal what `acteur` just did, in the same transaction (see services.journal.record)."""
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
