"""A year of recorded work, for the tests of what is published to a collectivité."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select

from domain.activite import nomenclature
from domain.roles import Role
from models import Affectation, Bilan, Cloture, Convention, Intervention
from services.activite import cumuls
from services.core.portail import Portail
from services.pilotage.bilans import offer_of, save_section
from services.pilotage.publication import freeze_closed
from tests.factories import Monde

ANNEE = 2025
Work = tuple[date, int, str, str, str, str]
"""A day, minutes, category, origin, place, form."""


def record_work(
    portail: Portail, monde: Monde, convention_id: UUID, work: Iterable[Work], *, nature: str = "ordinaire"
) -> None:
    """Interventions of the assistant, with the rollup."""
    with portail.db.write() as session:
        rows = [
            Intervention(
                centre_id=monde.centre_id,
                convention_id=convention_id,
                assistant_id=monde[Role.ASSISTANT].utilisateur_id,
                jour=jour,
                minutes=minutes,
                categorie=categorie,
                origine=origine,
                lieu=lieu,
                forme=forme,
                nature=nature,
            )
            for jour, minutes, categorie, origine, lieu, forme in work
        ]
        session.add_all(rows)
        session.flush()
        cumuls.add(session, rows)


def ordinary_year(annee: int = ANNEE) -> list[Work]:
    """Fifty-one interventions: some cells large, some under five, some empty."""
    work: list[Work] = []
    for month in range(1, 13):
        work += [
            (date(annee, month, 3 + n), 45 + n, "accueil", "agent", "collectivite", "individuelle") for n in range(3)
        ]
    work += [
        (date(annee, month, 20), 30, "demarches", "collectivite", "telephone", "individuelle") for month in range(1, 8)
    ]
    work += [(date(annee, month, 21), 90, "echanges", "medecine", "centre", "individuelle") for month in (2, 5)]
    work += [
        (date(annee, month, 22), 120, "travaux", "sans_objet", "collectivite", "collective")
        for month in (3, 6, 9, 10, 11)
    ]
    work += [(date(annee, 12, 1), 60, "coordination", "sans_objet", "centre", "collective")]
    return work


def assign(
    portail: Portail, monde: Monde, convention_id: UUID, du: date = date(2023, 1, 1), au: date | None = None
) -> None:
    """The assistant, assigned to the convention."""
    with portail.db.write() as session:
        session.add(
            Affectation(
                centre_id=monde.centre_id,
                convention_id=convention_id,
                assistant_id=monde[Role.ASSISTANT].utilisateur_id,
                du=du,
                au=au,
            )
        )


def close_year(portail: Portail, monde: Monde, annee: int = ANNEE, months: Iterable[int] = range(1, 13)) -> int:
    """Close these months of the centre; how many conventions were frozen."""
    with portail.db.write() as session:
        kept = set(
            session.scalars(select(Cloture.mois).where(Cloture.centre_id == monde.centre_id, Cloture.annee == annee))
        )
        session.add_all(Cloture(centre_id=monde.centre_id, annee=annee, mois=mois) for mois in set(months) - kept)
        session.flush()
        return freeze_closed(session, monde.centre_id, annee)


def bilan_id_of(portail: Portail, convention_id: UUID, annee: int = ANNEE) -> UUID:
    """The report of a year."""
    with portail.db.read() as session:
        return session.scalars(select(Bilan.id).where(Bilan.convention_id == convention_id, Bilan.annee == annee)).one()


def write_sections(portail: Portail, monde: Monde, bilan_id: UUID, texte: str = "Un paragraphe.") -> None:
    """Every section, written by the assistant."""
    with portail.db.read() as session:
        bilan = session.get_one(Bilan, bilan_id)
        convention = session.get_one(Convention, bilan.convention_id)
        sections = offer_of(session, convention).bilan.sections
    for section in sections:
        save_section(portail, monde[Role.ASSISTANT], bilan_id, section.id, f"{texte}\n\n{section.titre}, suite.", 0)


def all_codes(dimension: str) -> tuple[str, ...]:
    """Codes of a closed list."""
    return tuple(value.code for value in nomenclature().values(dimension))
