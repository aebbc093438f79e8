"""What the tests of statements start from: hours already recorded, months closed, a statement in any state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.offer import Facturation
from domain.roles import Role
from models import Cloture, Convention, Decompte, Dossier, Intervention, OffreVersion, Piece, Tarif
from services.activite import cumuls
from services.core.portail import Portail
from services.facturation import decomptes, emission, preparation
from tests.factories import Monde, cig_offer


def add_tarif(portail: Portail, centre_id: UUID, code: str, annee: int, montant: str) -> None:
    """A tariff of one year, as the centre would have voted it."""
    with portail.db.write() as session:
        session.add(Tarif(centre_id=centre_id, code=code, annee=annee, montant=Decimal(montant)))


def add_tarifs(portail: Portail, centre_id: UUID, annee: int) -> None:
    """The example's tariffs for another year: nothing waits for a person."""
    add_tarif(portail, centre_id, "temps_complet", annee, "67980.00")
    add_tarif(portail, centre_id, "heure", annee, "57.00")


def add_hours(portail: Portail, monde: Monde, convention_id: UUID, given: Iterable[tuple[date, int, str]]) -> None:
    """Interventions (day, minutes, nature) of the centre's assistant, in the rollup as well."""
    with portail.db.write() as session:
        rows = [
            Intervention(
                centre_id=monde.centre_id,
                convention_id=convention_id,
                assistant_id=monde.gens[Role.ASSISTANT].utilisateur_id,
                jour=jour,
                minutes=minutes,
                nature=nature,
                categorie="accueil",
                origine="agent",
                lieu="collectivite",
                forme="individuelle",
            )
            for jour, minutes, nature in given
        ]
        session.add_all(rows)
        session.flush()
        cumuls.add(session, rows)


def close_until(portail: Portail, centre_id: UUID, annee: int, mois: int) -> None:
    """Close the month; those before it are closed with it."""
    with portail.db.write() as session:
        session.add(Cloture(centre_id=centre_id, annee=annee, mois=mois))


def drafts(portail: Portail, convention_id: UUID) -> list[Decompte]:
    """Every statement of a convention, in the order of periods then numbers, lines loaded."""
    with portail.db.read() as session:
        query = select(Decompte).where(Decompte.convention_id == convention_id)
        found = list(session.scalars(query.order_by(Decompte.du, Decompte.numero)))
        for one in found:
            _ = one.lignes
        return found


def prepare(portail: Portail, monde: Monde, annee: int, trimestre: int) -> None:
    """Prepare a quarter as the instructeur."""
    preparation.prepare_trimestre(portail, monde.gens[Role.INSTRUCTEUR], monde.centre_id, annee, trimestre)


def issue_quarter(portail: Portail, monde: Monde, convention_id: UUID, annee: int, trimestre: int) -> Decompte | None:
    """Prepare, check and issue the statement of a quarter (its months being closed); None when there is none."""
    prepare(portail, monde, annee, trimestre)
    made = [
        one
        for one in drafts(portail, convention_id)
        if (one.au.year, one.au.month) == (annee, 3 * trimestre) and one.etat == "brouillon"
    ]
    if not made:
        return None
    decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], made[0].id)
    emission.issue(portail, monde.gens[Role.RESPONSABLE], made[0].id)
    return read(portail, made[0].id)


def read(portail: Portail, decompte_id: UUID) -> Decompte:
    """The row as it is now, lines loaded."""
    with portail.db.read() as session:
        found = session.get_one(Decompte, decompte_id)
        _ = found.lignes
        return found


def set_convention(portail: Portail, convention_id: UUID, **changed: object) -> None:
    """Change a convention's columns."""
    with portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        for name, value in changed.items():
            setattr(convention, name, value)


def stored(portail: Portail, decompte_id: UUID) -> tuple[Piece, bytes]:
    """The sealed file of an issued statement."""
    with portail.db.read() as session:
        piece = session.scalars(select(Piece).where(Piece.champ == str(decompte_id))).one()
        return piece, portail.files.read(piece.sha256)


def bill_by(portail: Portail, convention_id: UUID, **facturation: Any) -> None:
    """Give the convention another version of its offer, billed in another way."""
    offer = cig_offer()
    billing = Facturation.model_validate({**offer.facturation.model_dump(), **facturation})
    with portail.db.write() as session:
        dossier = session.get_one(Dossier, session.get_one(Convention, convention_id).dossier_id)
        known = session.get_one(OffreVersion, dossier.offre_version_id)
        other = OffreVersion(
            id=uuid4(),
            centre_id=known.centre_id,
            code=known.code,
            titre=known.titre,
            numero=known.numero + 1,
            etat="publiee",
            contenu={**known.contenu, "facturation": billing.model_dump(mode="json")},
            gabarits=known.gabarits,
        )
        session.add(other)
        session.flush()
        dossier.offre_version_id = other.id


def bill_by_the_hour(portail: Portail, convention_id: UUID, **facturation: Any) -> None:
    """Bill the convention as the second offer does: hours, each quarter."""
    bill_by(
        portail,
        convention_id,
        mode="horaire",
        tarif="heure",
        service_degrade=None,
        deplacements_factures=False,
        **facturation,
    )
    set_convention(portail, convention_id, quotite=None, minutes_prevues=3600)
