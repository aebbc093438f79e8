"""What the tests of recording start from: an assistant assigned to a convention, requests for the service dégradé."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from models import Affectation, Cloture, DemandeServiceDegrade, Intervention, Poste
from services.core.portail import Portail
from tests.factories import Monde


def assign(
    portail: Portail,
    monde: Monde,
    convention_id: UUID,
    *,
    assistant_id: UUID | None = None,
    quotite: Decimal | None = Decimal("47.70"),
    du: date = date(2023, 1, 1),
    au: date | None = None,
) -> UUID:
    """The assistant of `monde` (or another person) assigned to a convention; the assignment's id."""
    with portail.db.write() as session:
        one = Affectation(
            centre_id=monde.centre_id,
            convention_id=convention_id,
            assistant_id=assistant_id or monde["assistant"].utilisateur_id,
            quotite=quotite,
            du=du,
            au=au,
        )
        session.add(one)
        session.flush()
        return one.id


def give_poste(
    portail: Portail,
    monde: Monde,
    *,
    assistant_id: UUID | None = None,
    quotite: Decimal = Decimal(100),
    du: date = date(2023, 1, 1),
    au: date | None = None,
) -> UUID:
    """A post held by the assistant of `monde` (or by another person); its id."""
    with portail.db.write() as session:
        one = Poste(
            centre_id=monde.centre_id,
            assistant_id=assistant_id or monde["assistant"].utilisateur_id,
            libelle="Poste d’exemple",
            quotite=quotite,
            du=du,
            au=au,
        )
        session.add(one)
        session.flush()
        return one.id


def add_hours(
    portail: Portail,
    monde: Monde,
    convention_id: UUID,
    jour: date,
    minutes: int = 60,
    *,
    nature: str = "ordinaire",
    assistant_id: UUID | None = None,
) -> UUID:
    """One intervention, written straight into the table (no rollup, no rule); its id."""
    with portail.db.write() as session:
        one = Intervention(
            centre_id=monde.centre_id,
            convention_id=convention_id,
            assistant_id=assistant_id or monde["assistant"].utilisateur_id,
            jour=jour,
            minutes=minutes,
            categorie="accueil",
            origine="agent",
            lieu="centre",
            forme="individuelle",
            nature=nature,
        )
        session.add(one)
        session.flush()
        return one.id


def close_month(portail: Portail, monde: Monde, annee: int, mois: int) -> None:
    """A closed month of the centre."""
    with portail.db.write() as session:
        session.add(Cloture(centre_id=monde.centre_id, annee=annee, mois=mois))


def ask_degrade(
    portail: Portail,
    monde: Monde,
    convention_id: UUID,
    du: date,
    au: date | None = None,
    *,
    etat: str = "acceptee",
    minutes_max: int | None = None,
) -> UUID:
    """A request for the service dégradé in a state; its id."""
    with portail.db.write() as session:
        one = DemandeServiceDegrade(
            centre_id=monde.centre_id,
            collectivite_id=monde.collectivite_id,
            convention_id=convention_id,
            etat=etat,
            raison="absence_assistant",
            du=du,
            au=au,
            minutes_max=minutes_max,
        )
        session.add(one)
        session.flush()
        return one.id
