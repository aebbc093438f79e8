"""The closed lists that hours are recorded with: five dimensions, read from `forms/activite.yaml`.

Permanent codes, French labels. Nothing else describes an intervention (secrecy: no text, no accompanied agent).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from domain.definitions import read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.forms.types.base import Definition

DIMENSIONS = ("nature", "categorie", "origine", "lieu", "forme")
"""In the order of the rollup. Each splits the same interventions, so each adds up to the same total."""

DIMENSION_LABELS = {
    "nature": "Nature",
    "categorie": "Catégorie",
    "origine": "Origine de la saisine",
    "lieu": "Lieu",
    "forme": "Forme",
}

ORDINAIRE, SERVICE_DEGRADE, ETAT_DES_LIEUX = "ordinaire", "service_degrade", "etat_des_lieux"
"""The natures that billing tells apart."""

MAX_MINUTES = 24 * 60
"""Longest intervention: a day."""


class Valeur(Definition):
    """One value of a list: `court` is what fits in a table's cell."""

    code: str
    libelle: str
    court: str


class Nomenclature(Definition):
    """The five lists, and the reasons for which a collectivité may ask for the service dégradé (`raison_degrade`)."""

    nature: tuple[Valeur, ...]
    categorie: tuple[Valeur, ...]
    origine: tuple[Valeur, ...]
    lieu: tuple[Valeur, ...]
    forme: tuple[Valeur, ...]
    raison_degrade: tuple[Valeur, ...]

    def values(self, dimension: str) -> tuple[Valeur, ...]:
        """The values of a dimension, in order."""
        found: tuple[Valeur, ...] = getattr(self, dimension)
        return found

    def labels(self, dimension: str, *, court: bool = False) -> dict[str, str]:
        """French label (short with `court`) by code."""
        return {one.code: one.court if court else one.libelle for one in self.values(dimension)}

    def check(self, codes: Mapping[str, str]) -> None:
        """Invalide, naming the field, when one of the five codes is missing or not in its list."""
        for dimension in DIMENSIONS:
            if codes.get(dimension) not in self.labels(dimension):
                raise Invalide(f"{DIMENSION_LABELS[dimension]} : choisissez une valeur de la liste.", champ=dimension)


@lru_cache(maxsize=1)
def nomenclature() -> Nomenclature:
    """The lists of `forms/activite.yaml`, read once."""
    path = Path(__file__).resolve().parents[1] / "forms" / "activite.yaml"
    return validate_definition(Nomenclature, read_yaml_file(path))
