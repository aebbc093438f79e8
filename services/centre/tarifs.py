"""Tariffs that a centre has voted: one amount per kind of service and year, recorded by those who manage the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide
from domain.fields import Field, FieldError, parse_value
from domain.roles import Role
from models import Centre, Tarif
from services.adhesion.warnings import tarif_codes
from services.centre.centre_files import CENTRE_LOCK
from services.centre.offres import get_offer, published_offers
from services.core.access import Acteur, require
from services.core.portail import Portail, record

MANAGERS = (Role.RESPONSABLE, Role.ADMINISTRATEUR)
LABELS = {"temps_complet": "Adhésion à temps complet, par an", "heure": "Service à l’heure, par heure"}
"""French names of the codes that offers use; another code is shown as it is."""

FIELDS = {
    field.id: field
    for field in (
        Field(id="annee", type="integer", label="Année", min=Decimal(2000), max=Decimal(2100)),
        Field(id="montant", type="money", label="Montant", min=Decimal(0)),
        Field(id="numero", type="text", label="Numéro de la délibération", max_length=60),
        Field(id="date", type="date", label="Date de la délibération"),
    )
}


@dataclass(frozen=True)
class TarifRow:
    """One tariff: amount in euros for one unit of `code` in `annee`, and the délibération that voted it."""

    code: str
    libelle: str
    annee: int
    montant: Decimal
    numero: str | None
    date: date | None


def tarif_label(code: str) -> str:
    """French name of a kind of tariff."""
    return LABELS.get(code, code)


def list_centre_tarifs(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[TarifRow]:
    """Every tariff of the centre, the newest year first."""
    with portail.db.read() as session:
        _require_centre(acteur, centre_id)
        query = select(Tarif).where(Tarif.centre_id == centre_id).order_by(Tarif.annee.desc(), Tarif.code.desc())
        return [
            TarifRow(
                one.code,
                tarif_label(one.code),
                one.annee,
                one.montant,
                one.deliberation_numero,
                one.deliberation_date,
            )
            for one in session.scalars(query)
        ]


def list_codes(portail: Portail, acteur: Acteur, centre_id: UUID) -> dict[str, str]:
    """Kinds of tariffs that the centre's offers need: French name by code."""
    with portail.db.read() as session:
        _require_centre(acteur, centre_id)
        return {code: tarif_label(code) for code in _codes(session, centre_id)}


def save_tarif(portail: Portail, acteur: Acteur, centre_id: UUID, code: str, valeurs: Mapping[str, str]) -> None:
    """Record the tariff of one year, or correct it. `valeurs` holds what was typed for each of `FIELDS`; all are needed.

    Nothing that is already issued changes. Invalide with `champ` says which value is refused.
    """
    with portail.action(acteur, "tarif.enregistrer", objet="centre", objet_id=centre_id) as session:
        _require_centre(acteur, centre_id)
        require(acteur.roles_for(centre_id=centre_id), *MANAGERS)
        session.get_one(Centre, centre_id, with_for_update=CENTRE_LOCK)
        if code not in _codes(session, centre_id):
            raise Invalide("Choisissez une prestation de la liste.", champ="code")
        given = {champ: _read(field, valeurs.get(champ, "")) for champ, field in FIELDS.items()}
        annee = int(given["annee"])
        tarif = session.scalars(
            select(Tarif).where(Tarif.centre_id == centre_id, Tarif.code == code, Tarif.annee == annee)
        ).one_or_none()
        before = tarif.montant if tarif else None
        if tarif is None:
            tarif = Tarif(centre_id=centre_id, code=code, annee=annee)
            session.add(tarif)
        tarif.montant = Decimal(given["montant"])
        tarif.deliberation_numero = given["numero"]
        tarif.deliberation_date = date.fromisoformat(given["date"])
        session.flush()
        record(
            session,
            acteur,
            "tarif.enregistrer",
            centre_id=centre_id,
            objet="centre",
            objet_id=centre_id,
            code=code,
            annee=annee,
            montant=tarif.montant,
            avant=before,
        )


def _read(field: Field, typed: str) -> str:
    """The JSON value of what was typed, as text; Invalide with the field when it is missing or refused."""
    try:
        value = parse_value(field, typed)
    except FieldError as error:
        raise Invalide(error.message, champ=field.id) from error
    if value is None:
        raise Invalide(f"Indiquez : {field.label.lower()}.", champ=field.id)
    return str(value)


def _codes(session: Session, centre_id: UUID) -> list[str]:
    offers = [get_offer(session, version.id) for version in published_offers(session, centre_id)]
    return sorted({code for offer in offers for code in tarif_codes(offer)}, reverse=True)


def _require_centre(acteur: Acteur, centre_id: UUID) -> None:
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
