"""One line of a to-do list, and the lines that both sides share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Collectivite, Dossier
from services.adhesion.intitules import title_dossiers
from services.adhesion.messages import count_unread
from services.core.access import Acteur

LIMIT = 50
"""Most lines of one kind: past that, the lists with their filters serve better."""


@dataclass(frozen=True)
class Tache:
    """One thing to do. `page` and `parametres` are the address of the page where it is done; lines of one `groupe` come
    together."""

    groupe: str
    titre: str
    detail: str
    page: str
    parametres: dict[str, str] = field(default_factory=dict)
    depuis: datetime | None = None
    urgente: bool = False


def unread_taches(session: Session, acteur: Acteur, page: str, *scope: ColumnElement[bool]) -> list[Tache]:
    """One line per dossier of `scope` with messages that the person has not read."""
    unread = count_unread(session, acteur, select(Dossier.id).where(*scope))
    if not unread:
        return []
    query = (
        select(Dossier, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .where(Dossier.id.in_(unread))
        .order_by(Dossier.reference)
        .limit(LIMIT)
    )
    found = session.execute(query).all()
    titles = title_dossiers(session, [dossier for dossier, _ in found])
    return [
        Tache(
            "Messages non lus",
            f"{titles[dossier.id]}, {nom}",
            f"{unread[dossier.id]} message{'s' if unread[dossier.id] > 1 else ''} à lire.",
            page,
            {"id": str(dossier.id)},
        )
        for dossier, nom in found
    ]
