"""The annual reports of the demonstration: written by the assistant assigned to each convention, and some published, on the
day when they would have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models import Affectation, Bilan, Collectivite, Convention, Piece, Utilisateur
from services.core import clock
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.pilotage.bilan_document import publish_bilan
from services.pilotage.bilans import open_bilan, save_section

PUBLISHED_ON, HOUR = (2, 10), time(10, 0)
"""Month and day of the year after, when reports are published."""


def add_bilans(portail: Portail, responsable: Acteur, described: Iterable[Mapping[str, Any]], today: date) -> None:
    """Texts of the reports described, `annee` years from this one; those with `publie` are published."""
    for one in described:
        annee = today.year + int(one["annee"])
        found = _find(portail, one["siren"], annee, today)
        if found is None:
            continue
        bilan_id, assistant = found
        for section, texte in one["sections"].items():
            save_section(portail, assistant, bilan_id, section, texte, 0)
        if one.get("publie"):
            _publish(portail, responsable, bilan_id, min(date(annee + 1, *PUBLISHED_ON), today))


def _find(portail: Portail, siren: str, annee: int, today: date) -> tuple[UUID, Acteur] | None:
    """The report of a year and an assistant who writes it; None when that year is not closed yet."""
    with portail.db.read() as session:
        row = session.execute(
            select(Bilan.id, Affectation.assistant_id)
            .join(Convention, Convention.id == Bilan.convention_id)
            .join(Collectivite, Collectivite.id == Convention.collectivite_id)
            .join(Affectation, Affectation.convention_id == Convention.id)
            .where(Collectivite.siren == siren, Bilan.annee == annee)
            .order_by(Affectation.du)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        return row.id, load_acteur(session, session.get_one(Utilisateur, row.assistant_id), today)


def _publish(portail: Portail, responsable: Acteur, bilan_id: UUID, jour: date) -> None:
    with clock.pretend(jour):
        version = open_bilan(portail, responsable, bilan_id).version
        piece_id = publish_bilan(portail, responsable, bilan_id, version)
    with portail.db.write() as session:
        moment = datetime.combine(jour, HOUR, UTC)
        session.get_one(Bilan, bilan_id).publie_le = moment
        session.get_one(Piece, piece_id).deposee_le = moment
