"""A centre de gestion: what `forms/<centre>/centre.yaml` holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field as PydanticField
from pydantic import field_validator

from domain.forms.types.base import Definition

CODE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""A code: the name of the folder that holds what it names."""


class AdresseCentre(Definition):
    """The centre's seat."""

    voie: str
    complement: str | None = None
    code_postal: str
    ville: str


class PersonneCentre(Definition):
    """Who signs for the centre: a quality, its gender, and a name that may stay blank."""

    qualite: str
    feminin: bool = False
    nom: str | None = None


class DeliberationCentre(Definition):
    """A délibération of the centre, and what cites it: the model convention, the tariffs, or the annexes (B02)."""

    numero: str
    date: date
    objet: str
    usage: Literal["modele", "tarif", "annexes"]


class Conservation(Definition):
    """How long things are kept: archives of a convention after its end (years, DUA to be approved by the archives), unused
    accounts and abandoned drafts (months)."""

    archives_annees: Annotated[int, PydanticField(ge=1, le=100)] = 10
    comptes_mois: Annotated[int, PydanticField(ge=1, le=120)] = 24
    brouillons_mois: Annotated[int, PydanticField(ge=1, le=120)] = 12


class Centre(Definition):
    """A centre de gestion: identity, time zone, signatories, legal references and words. Every text is the centre's."""

    code: Annotated[str, PydanticField(pattern=CODE)]
    nom: str
    sigle: str
    adresse: AdresseCentre
    telephone: str | None = None
    telecopie: str | None = None
    site: str | None = None
    courriel: str | None = None
    fuseau: str = "Europe/Paris"
    president: PersonneCentre
    delegataire: PersonneCentre | None = None
    lieu_signature: str
    tribunal: str
    zone_incluse: str
    departements: tuple[str, ...] = ()
    vocabulaire: dict[str, str] = {}
    deliberations: tuple[DeliberationCentre, ...] = ()
    references: dict[str, str] = {}
    conservation: Conservation = Conservation()

    @field_validator("fuseau")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"le fuseau horaire « {value} » n’existe pas (par exemple Europe/Paris)") from None
        return value
