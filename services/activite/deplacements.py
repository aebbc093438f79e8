"""Journeys of assistants, and what they claim: out of the included zone only, by the dated scale (article 8.6, B20, G16).

A journey is a day, a distance and a zone: no place, no purpose, no agent. The distance already travelled counts every
journey of the person in the calendar year, in order of days, whatever the convention: the scale is the employer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide, Refus
from domain.formatting import date_courte
from domain.forms.fields import Field
from domain.roles import Role
from domain.tarification import Montant, bill_deplacement, choose_bareme, load_baremes
from models import Affectation, Centre, Convention, Deplacement, Utilisateur
from services.activite.champs import check_version, date_field, read_values
from services.activite.equipe import READERS, Enregistre
from services.activite.regles import assignment_end, list_affectations, refuse_closed
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur
from services.core.locks import WHOLE, find_row
from services.core.portail import Portail, once, record

INCLUSE, HORS_ZONE = "incluse", "hors_zone"
ZONES = (INCLUSE, HORS_ZONE)

FIELDS = {
    "jour": date_field("jour", "Date"),
    "km": Field(
        id="km",
        type="decimal",
        label="Distance aller et retour",
        required=True,
        decimals=1,
        min=Decimal("0.1"),
        max=Decimal(5000),
        unit="km",
    ),
    "puissance": Field(
        id="puissance",
        type="integer",
        label="Puissance fiscale du véhicule",
        required=True,
        min=Decimal(1),
        max=Decimal(99),
        unit="CV",
    ),
}


@dataclass(frozen=True)
class Claim:
    """A journey that a collectivité pays back: `montant` euros, and how. `deplacement_id` is its row."""

    deplacement_id: UUID
    jour: date
    km: Decimal
    zone: str
    montant: Decimal
    etapes: tuple[str, ...]


# Claims ----------------------------------------------------------------------------------------------------------------


def claims_of(session: Session, convention_id: UUID, du: date, au: date) -> list[Claim]:
    """What the journeys of a convention from `du` to `au` (included) claim, in order; nothing when its offer does not bill
    journeys. Invalide when no scale is recorded for a day."""
    convention = session.get_one(Convention, convention_id)
    if not bills_journeys(session, convention):
        return []
    query = select(Deplacement).where(
        Deplacement.convention_id == convention_id,
        Deplacement.zone == HORS_ZONE,
        Deplacement.jour >= du,
        Deplacement.jour <= au,
    )
    mine = session.scalars(query.order_by(Deplacement.jour, Deplacement.saisi_le, Deplacement.id)).all()
    before = distances_before(session, convention.centre_id, mine)
    found = []
    for one in mine:
        montant = price_of(one, before[one.id])
        found.append(Claim(one.id, one.jour, one.km, one.zone, montant.valeur, montant.etapes))
    return found


def distances_before(session: Session, centre_id: UUID, journeys: Iterable[Deplacement]) -> dict[UUID, Decimal]:
    """Kilometres that each journey's author had travelled for the centre that year before it, by journey id."""
    wanted = list(journeys)
    found: dict[UUID, Decimal] = {}
    for assistant_id, annee in {(one.assistant_id, one.jour.year) for one in wanted}:
        last = max(one.jour for one in wanted if (one.assistant_id, one.jour.year) == (assistant_id, annee))
        query = (
            select(Deplacement.id, Deplacement.km)
            .where(
                Deplacement.assistant_id == assistant_id,
                Deplacement.centre_id == centre_id,
                Deplacement.jour >= date(annee, 1, 1),
                Deplacement.jour <= last,
            )
            .order_by(Deplacement.jour, Deplacement.saisi_le, Deplacement.id)
        )
        total = Decimal(0)
        for row in session.execute(query):
            found[row.id] = total
            total += row.km
    return found


def price_of(one: Deplacement, deja: Decimal) -> Montant:
    return bill_deplacement(one.km, int(one.puissance), deja, choose_bareme(load_baremes(), one.jour))


def bills_journeys(session: Session, convention: Convention) -> bool:
    return get_offer(session, convention.dossier.offre_version_id).facturation.deplacements_factures


# Saving ----------------------------------------------------------------------------------------------------------------


def save_deplacement(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    valeurs: Mapping[str, object],
    *,
    convention_id: UUID | None,
    zone: str | None,
    operation_id: str = "",
    assistant_id: UUID | None = None,
    deplacement_id: UUID | None = None,
    version_vue: int | None = None,
) -> Enregistre:
    """Record a journey of the acting assistant, or change the one of `deplacement_id` seen at `version_vue`; the responsable
    corrects those of `assistant_id`.

    Invalide with `champ`: a wrong value, a day to come, in a closed month, or on which the person is not assigned there.
    """
    action = "deplacement.modifier" if deplacement_id else "deplacement.enregistrer"
    with portail.action(acteur, action, objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        who = check_author(session, acteur, centre_id, assistant_id)
        refuse_closed(session, centre_id, ())
        if deplacement_id is None and not once(session, operation_id):
            return Enregistre(None)
        one = _find(session, centre_id, who, deplacement_id, version_vue)
        given = read_values(FIELDS, valeurs)
        if zone not in ZONES:
            raise Invalide("Indiquez si le déplacement sort de la zone comprise.", champ="zone")
        refuse_closed(session, centre_id, [given["jour"], *([one.jour] if deplacement_id else [])])
        convention = _check_day(session, centre_id, who, convention_id, given["jour"])
        before = _plain(one) if deplacement_id else None
        one.convention_id, one.zone = convention.id, zone
        one.jour, one.km, one.puissance = given["jour"], given["km"], str(given["puissance"])
        if zone == HORS_ZONE and bills_journeys(session, convention):
            choose_bareme(load_baremes(), one.jour)
        session.add(one)
        session.flush()
        _record(session, acteur, one, action, avant=before, apres=_plain(one))
        return Enregistre(one.id)


def remove_deplacement(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    deplacement_id: UUID,
    *,
    version_vue: int,
    assistant_id: UUID | None = None,
) -> None:
    """Take a journey away; the journal keeps what it said. Invalide when its month is closed."""
    action = "deplacement.retirer"
    with portail.action(acteur, action, objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        who = check_author(session, acteur, centre_id, assistant_id)
        refuse_closed(session, centre_id, ())
        one = _find(session, centre_id, who, deplacement_id, version_vue)
        refuse_closed(session, centre_id, [one.jour])
        session.delete(one)
        session.flush()
        _record(session, acteur, one, action, avant=_plain(one))


def check_author(
    session: Session, acteur: Acteur, centre_id: UUID, assistant_id: UUID | None, *, reading: bool = False
) -> UUID:
    """Whose journeys this person reads or changes: their own as an assistant, those of `assistant_id` as the responsable
    (as anybody who sees the team, for reading)."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
    roles = acteur.roles_for(centre_id=centre_id)
    if assistant_id in (None, acteur.utilisateur_id):
        if Role.ASSISTANT not in roles:
            raise Refus("Seul un assistant du centre enregistre des déplacements.")
        return acteur.utilisateur_id
    if not roles.intersection(READERS if reading else (Role.RESPONSABLE,)):
        raise Introuvable()
    known = select(Affectation.id).where(Affectation.centre_id == centre_id, Affectation.assistant_id == assistant_id)
    if session.scalar(known.limit(1)) is None:
        raise Introuvable()
    return session.get_one(Utilisateur, assistant_id).id


def _find(
    session: Session, centre_id: UUID, who: UUID, deplacement_id: UUID | None, version_vue: int | None
) -> Deplacement:
    if deplacement_id is None:
        return Deplacement(centre_id=centre_id, assistant_id=who)
    one = find_row(session, Deplacement, deplacement_id, WHOLE)
    if one is None or one.assistant_id != who or one.centre_id != centre_id:
        raise Introuvable()
    check_version(one.version, version_vue)
    return one


def _check_day(session: Session, centre_id: UUID, who: UUID, convention_id: UUID | None, jour: date) -> Convention:
    today = clock.today(session.get_one(Centre, centre_id).fuseau)
    if jour > today:
        raise Invalide("Un déplacement s’enregistre une fois fait : ce jour est à venir.", champ="jour")
    assigned: Sequence[Affectation] = [
        one
        for one in list_affectations(session, who, jour, jour)
        if one.centre_id == centre_id and one.convention_id == convention_id and jour <= assignment_end(one)
    ]
    if not assigned:
        raise Invalide(
            f"Aucune affectation à cette collectivité le {date_courte(jour)} : choisissez-en une autre, ou changez la date.",
            champ="convention_id",
        )
    return assigned[0].convention


def _plain(one: Deplacement) -> dict[str, Any]:
    """A journey as the journal keeps it: ids, codes and numbers."""
    return {
        "jour": one.jour.isoformat(),
        "convention": str(one.convention_id),
        "km": str(one.km),
        "zone": one.zone,
        "puissance": one.puissance,
    }


def _record(session: Session, acteur: Acteur, one: Deplacement, action: str, **details: Any) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=one.centre_id,
        objet="deplacement",
        objet_id=one.id,
        assistant=one.assistant_id,
        **details,
    )
