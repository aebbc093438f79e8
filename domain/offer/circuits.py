"""The circuits of an offer, whole: that of its dossiers, of its conventions, of each request about a convention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.definitions import Fault
from domain.workflow.rules import Genre, find_faults
from domain.workflow.tables import Workflow

if TYPE_CHECKING:
    from domain.offer.bundle import OfferSettings

GENRES: dict[str, Genre] = {"immediat": "immediat", "accord": "accord", "signature": "dossier"}
"""Rules that hold for the circuit of each kind of request."""


@dataclass(frozen=True)
class CircuitOffre:
    """One circuit of an offer. `cle` names it (`dossier`, `convention`, `demande:<nature>`)."""

    cle: str
    titre: str
    genre: Genre
    table: Workflow


def list_circuits(settings: OfferSettings) -> Iterator[CircuitOffre]:
    """Every circuit of an offer, that of its dossiers first."""
    yield CircuitOffre("dossier", "Dossier d’adhésion", "dossier", settings.workflow_dossier)
    yield CircuitOffre("convention", "Convention", "convention", settings.workflow_convention)
    for demande in settings.demandes:
        yield CircuitOffre(f"demande:{demande.nature}", demande.titre, GENRES[demande.circuit], demande.table)


def find_circuit_faults(settings: OfferSettings) -> list[Fault]:
    """What is wrong with the circuits of an offer, each with its place."""
    return [
        Fault(f"circuit « {one.titre} »", reason)
        for one in list_circuits(settings)
        for reason in find_faults(one.table, one.genre)
    ]
