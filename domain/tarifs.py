"""Tariffs voted by a centre: one amount per code and year, with the délibération that voted it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field as PydanticField

from domain.definitions import read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.field_types.base import Definition
from domain.formatting import euros


class ActeVote(Definition):
    """The number and date of a délibération."""

    numero: str
    date: date


class Tarif(Definition):
    """An amount in euros per unit of `code` (`temps_complet`: a full-time year; `heure`: an hour), voted for `annee`."""

    code: str
    annee: Annotated[int, PydanticField(ge=1990, le=2200)]
    montant: Annotated[Decimal, PydanticField(ge=0, decimal_places=2)]
    libelle: str = ""
    deliberation: ActeVote | None = None


class _Tarifs(Definition):
    tarifs: tuple[Tarif, ...]


class TarifAbsent(Invalide):
    """No tariff was ever voted for what must be priced."""


def load_tarifs(path: Path) -> list[Tarif]:
    """The tariffs of a `tarifs.yaml`; DefinitionError with the line and the reason."""
    return list(validate_definition(_Tarifs, read_yaml_file(path)).tarifs)


def choose_tarif(tarifs: Iterable[Tarif], code: str, annee: int) -> tuple[Tarif, str | None]:
    """The tariff of `code` for `annee`, and None; or the last one voted before (else the first after) and a warning.

    The warning is to be lifted by a person before anything is issued (ambiguity B03). TarifAbsent when there is none.
    """
    known = sorted((tarif for tarif in tarifs if tarif.code == code), key=lambda tarif: tarif.annee)
    if not known:
        raise TarifAbsent("Aucun tarif n’a été enregistré pour cette prestation : le centre doit d’abord le saisir.")
    chosen = next((tarif for tarif in reversed(known) if tarif.annee <= annee), known[0])
    if chosen.annee == annee:
        return chosen, None
    name = f" pour « {chosen.libelle} »" if chosen.libelle else ""
    return chosen, (
        f"Aucun tarif {annee} n’est enregistré{name} : le montant de {euros(chosen.montant)} est celui de {chosen.annee}. "
        "Vérifiez qu’il s’applique."
    )
