"""What the tests of hours start from: a convention with its assistant, and lines as somebody types them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from models import AuditEvent, Cumul, Intervention
from services.activite.interventions import Enregistrement, record_interventions
from services.activite.verification import Ligne
from services.core.access import Acteur
from services.core.portail import Portail
from tests.activite import assign
from tests.conventions import make_convention
from tests.factories import Monde, acteur

LUNDI = date(2024, 3, 11)
CODES = {
    "nature": "ordinaire",
    "categorie": "accueil",
    "origine": "agent",
    "lieu": "collectivite",
    "forme": "individuelle",
}


@dataclass(frozen=True)
class Service:
    """A convention in force since 2023, and the assistant assigned to it."""

    monde: Monde
    convention_id: UUID

    @property
    def portail(self) -> Portail:
        return self.monde.portail

    @property
    def assistant(self) -> Acteur:
        """Read again each time: an assignment may have changed what they see."""
        return acteur(self.portail, self.monde["assistant"].utilisateur_id)

    def ligne(self, **given: Any) -> Ligne:
        """A line that can be recorded, changed by `given`; codes may be given by name."""
        codes = {**CODES, **{name: given.pop(name) for name in CODES if name in given}}
        return Ligne(**{"jour": LUNDI, "convention_id": self.convention_id, "duree": "1h30", "codes": codes, **given})

    def record(self, *lines: Ligne, by: Acteur | None = None, **asked: Any) -> Enregistrement:
        """Record lines as the assistant (or as `by`)."""
        asked.setdefault("operation_id", uuid4().hex)
        return record_interventions(self.portail, by or self.assistant, self.monde.centre_id, lines, **asked)

    def rows(self) -> list[Intervention]:
        """What is recorded, in order."""
        with self.portail.db.read() as session:
            return list(session.scalars(select(Intervention).order_by(Intervention.jour, Intervention.minutes)))

    def change(self, row: Intervention, **given: Any) -> Ligne:
        """The line that changes a row, as it was seen."""
        codes = {name: getattr(row, name) for name in CODES}
        kept = {"jour": row.jour, "convention_id": row.convention_id, "duree": str(row.minutes) + "min", **codes}
        return self.ligne(**{**kept, "id": row.id, "version": row.version, **given})

    def journal(self, action: str) -> list[AuditEvent]:
        with self.portail.db.read() as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.seq)))

    def cumuls(self, dimension: str = "nature") -> list[tuple[int, int, str, int, int]]:
        """(year, month, value, minutes, number) of the rollup."""
        with self.portail.db.read() as session:
            found = session.scalars(select(Cumul).where(Cumul.dimension == dimension)).all()
        return sorted((one.annee, one.mois, one.valeur, one.minutes, one.nombre) for one in found)


def make_service(monde: Monde, **assigned: Any) -> Service:
    """The convention and its assistant."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, **assigned)
    return Service(monde, convention_id)
