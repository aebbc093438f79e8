"""What is no longer of use is deleted, every few hours while the portal is served: ended sessions, used links, revoked
calendar addresses, requests that nobody confirmed, old mails, files that nothing refers to. The journal is never touched;
accounts and drafts go only when a person asks for it (services.archives.purge)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from models import (
    BrouillonHeures,
    Courriel,
    DemandeAdhesion,
    FluxCalendrier,
    LienUsageUnique,
    Operation,
    SessionUtilisateur,
    TentativeConnexion,
    TicketConnexion,
    utc_now,
)
from services.adhesion.pieces import purge_files
from services.core import journal
from services.core.limits import WINDOW
from services.core.portail import Portail

SESSION_DAYS = 30
"""An ended session is kept this long: what was typed in it may still be claimed at the next login."""
LINK_DAYS = 30
MAIL_DAYS = 180
"""Whatever became of it, a mail and the address that it bears are kept this long; one that waits to be sent stays."""
OPERATION_DAYS = 30
HOURS_DRAFT_DAYS = 30
FEED_DAYS = 30
"""A calendar address that was revoked opens nothing any more; when it was last read says something about a person."""
UNCONFIRMED_DAYS = 30
"""A request that nobody confirmed names a person who may have asked for nothing: it is not kept longer."""


def tidy(portail: Portail) -> dict[str, int]:
    """Delete what is out of date; how many rows of each kind."""
    now = utc_now()
    with portail.db.write() as session:
        counts = {
            "demandes": _drop_unconfirmed(session, DemandeAdhesion.creee_le < now - timedelta(days=UNCONFIRMED_DAYS)),
            "sessions": _drop(
                session, SessionUtilisateur, SessionUtilisateur.expire_le < now - timedelta(days=SESSION_DAYS)
            ),
            "tickets": _drop(session, TicketConnexion, TicketConnexion.expire_le < now),
            "liens": _drop(session, LienUsageUnique, LienUsageUnique.expire_le < now - timedelta(days=LINK_DAYS)),
            "tentatives": _drop(session, TentativeConnexion, TentativeConnexion.le < now - WINDOW),
            "operations": _drop(session, Operation, Operation.le < now - timedelta(days=OPERATION_DAYS)),
            "brouillons_heures": _drop(
                session, BrouillonHeures, BrouillonHeures.modifie_le < now - timedelta(days=HOURS_DRAFT_DAYS)
            ),
            "flux_calendrier": _drop(
                session, FluxCalendrier, FluxCalendrier.revoque_le < now - timedelta(days=FEED_DAYS)
            ),
            "courriels": _drop_mails(session, Courriel.cree_le < now - timedelta(days=MAIL_DAYS)),
        }
    counts["fichiers"] = purge_files(portail)
    return counts


def _drop_mails(session: Session, old: ColumnElement[bool]) -> int:
    """Those that nobody dealt with too: administrators have read of them at home, in their report and on the page *Courriels*
    for all that time. What stays is a line of their journal: how many of which kind never arrived, for nobody's name."""
    query = select(Courriel.centre_id, Courriel.modele).where(old, Courriel.etat.in_(("echec", "incertain")))
    lost: dict[UUID | None, Counter[str]] = {}
    for centre_id, modele in session.execute(query):
        lost.setdefault(centre_id, Counter())[modele] += 1
    count = _drop(session, Courriel, old & (Courriel.etat != "a_envoyer"))
    lines = [
        journal.Ligne("courriel.oublier", None, centre_id, "courriel", None, {"nombre": modeles.total(), **modeles})
        for centre_id, modeles in sorted(lost.items(), key=str)
    ]
    if lines:
        journal.record_lines(session, lines)
    return count


def _drop(session: Session, table: type[Any], condition: ColumnElement[bool]) -> int:
    return int(session.execute(delete(table).where(condition)).rowcount)  # type: ignore[attr-defined]


def _drop_unconfirmed(session: Session, old: ColumnElement[bool]) -> int:
    ids = select(DemandeAdhesion.id).where(DemandeAdhesion.etat == "a_confirmer", old)
    for table in (LienUsageUnique, Courriel):
        session.execute(delete(table).where(table.demande_id.in_(ids)))
    return _drop(session, DemandeAdhesion, DemandeAdhesion.id.in_(ids))
