"""What the public page of a request to join takes in: read whole, so that everything wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from uuid import UUID

from domain.errors import Invalide, raise_faults, split_faults
from domain.forms.fields import Field, FieldError, parse_value
from domain.referentiel import load_referentiel
from domain.text import clean_text
from models import Centre, DemandeAdhesion
from services.comptes.invitations import check_identity
from services.core.portail import Portail

Read = TypeVar("Read")
TYPES = {
    "commune": "Commune",
    "cc": "Communauté de communes",
    "ca": "Communauté d’agglomération",
    "cu": "Communauté urbaine",
    "metropole": "Métropole",
    "ept": "Établissement public territorial",
    "ccas": "CCAS ou CIAS",
    "syndicat": "Syndicat intercommunal ou mixte",
    "departement": "Département",
    "region": "Région",
    "autre": "Autre établissement public",
}


@dataclass(frozen=True)
class Saisie:
    """The public form, as typed."""

    centre_id: UUID | None
    siren: str
    collectivite_nom: str
    collectivite_type: str
    prenom: str
    nom: str
    courriel: str
    telephone: str
    fonction: str = ""
    message: str = ""


def read_demande(portail: Portail, saisie: Saisie) -> DemandeAdhesion:
    """The request, cleaned; Invalide with every field at fault."""
    faults: list[Invalide] = []
    with portail.db.read() as session:
        centre_id = saisie.centre_id if saisie.centre_id and session.get(Centre, saisie.centre_id) else None
    if centre_id is None:
        faults.append(Invalide("Choisissez le centre de gestion.", champ="centre"))
    who = _told(lambda: _asker(saisie), faults)
    identity = _told(lambda: check_identity(saisie.courriel, saisie.prenom, saisie.nom, saisie.telephone), faults)
    if not clean_text(saisie.telephone):
        faults.append(Invalide("Indiquez un numéro de téléphone.", champ="telephone"))
    message = clean_text(saisie.message, multiline=True)
    if len(message) > 2000:
        faults.append(Invalide("Le message est limité à 2 000 caractères.", champ="message"))
    raise_faults(faults)
    assert who and identity and centre_id  # else something was said above
    return DemandeAdhesion(
        centre_id=centre_id,
        siren=who.siren,
        collectivite_nom=who.nom,
        collectivite_type=who.type,
        prenom=identity.prenom,
        nom=identity.nom,
        fonction=clean_text(saisie.fonction)[:150] or None,
        courriel=identity.courriel,
        telephone=identity.telephone,
        message=message or None,
    )


@dataclass(frozen=True)
class _Asker:
    siren: str
    nom: str
    type: str


def _asker(saisie: Saisie) -> _Asker:
    """The collectivité. Its name and type come from the national list when it has the SIREN."""
    siren = _siren(saisie.siren)
    listed = load_referentiel().get(siren)
    if listed:
        return _Asker(siren, listed.nom, listed.type)
    name = clean_text(saisie.collectivite_nom)
    faults: list[Invalide] = []
    if not name or len(name) > 200:
        faults.append(Invalide("Indiquez le nom de la collectivité (200 caractères au plus).", champ="collectivite"))
    if saisie.collectivite_type not in TYPES:
        faults.append(Invalide("Choisissez le type de collectivité.", champ="type"))
    raise_faults(faults)
    return _Asker(siren, name, saisie.collectivite_type)


def _told(read: Callable[[], Read], faults: list[Invalide]) -> Read | None:
    """What `read` gives; None once its faults are with the others."""
    try:
        return read()
    except Invalide as error:
        faults.extend(split_faults(error))
        return None


def _siren(typed: str) -> str:
    field = Field(id="siren", type="siren", label="SIREN")
    try:
        value = parse_value(field, typed)
    except FieldError as error:
        raise Invalide(error.message, champ="siren") from None
    if not value:
        raise Invalide("Choisissez votre collectivité, ou cochez la case et indiquez son numéro SIREN.", champ="siren")
    return cast(str, value)
