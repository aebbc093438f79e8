"""Tariffs voted by a centre: one amount per code and year, with the délibération that voted it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field as PydanticField

from domain.definitions import read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.field_types.base import Definition
from domain.formatting import euros

NAMES = {"temps_complet": "temps complet", "heure": "heure du service restreint"}
"""What the usual codes are called inside a sentence."""


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

    @property
    def nom(self) -> str:
        """What the amount is the price of, inside a sentence."""
        return NAMES.get(self.code) or self.libelle or self.code


class _Tarifs(Definition):
    tarifs: tuple[Tarif, ...]


class TarifAbsent(Invalide):
    """No tariff was ever voted for what must be priced."""


def load_tarifs(path: Path) -> list[Tarif]:
    """The tariffs of a `tarifs.yaml`; DefinitionError with the line and the reason."""
    return list(validate_definition(_Tarifs, read_yaml_file(path)).tarifs)


def choose_tarif(tarifs: Iterable[Tarif], code: str, annee: int) -> Tarif:
    """The tariff of `code` for `annee`; else the last one voted before (else the first after), which `warn_other_year`
    tells. TarifAbsent when there is none."""
    known = sorted((tarif for tarif in tarifs if tarif.code == code), key=lambda tarif: tarif.annee)
    if not known:
        raise TarifAbsent("Aucun tarif n’a été enregistré pour cette prestation : le centre doit d’abord le saisir.")
    return next((tarif for tarif in reversed(known) if tarif.annee <= annee), known[0])


def warn_other_year(annee: int, chosen: Iterable[Tarif]) -> str | None:
    """For the centre: those of the tariffs `chosen` that are not of `annee`, in one sentence; None when all are. To be
    lifted by a person before anything is issued (ambiguity B03)."""
    others = [tarif for tarif in chosen if tarif.annee != annee]
    if not others:
        return None
    years = sorted({tarif.annee for tarif in others})
    listed = " ; ".join(
        f"{tarif.nom} : {euros(tarif.montant)}" + (f", {tarif.annee}" if len(years) > 1 else "") for tarif in others
    )
    which = "que celui" if len(others) == 1 else "que ceux"
    verb = "s’applique" if len(others) == 1 else "s’appliquent"
    return (
        f"Aucun tarif {annee} n’est enregistré : vérifiez {which} de {' et '.join(map(str, years))} {verb} ({listed})."
    )


def tell_other_year(annee: int, chosen: Sequence[Tarif]) -> str | None:
    """The same for the collectivité, whom the centre answers: it has nothing to check."""
    others = [tarif for tarif in chosen if tarif.annee != annee]
    if not others:
        return None
    which = "" if others[0] is chosen[0] else f" ({others[0].nom})"
    return (
        f"Le tarif {annee}{which} n’est pas encore enregistré : le montant est calculé avec celui de {others[0].annee}. "
        "Le centre vous le confirmera."
    )
