"""Requests about a running convention: what a collectivité may ask for, through which steps and which circuit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as PydanticField
from pydantic import model_validator

from domain.forms.types.base import Definition
from domain.offer.journey import Step
from domain.workflow.tables import ACCORD, AVENANT, IMMEDIAT, Workflow

ADHESION = "adhesion"
"""The nature of the dossiers that lead to a convention."""

Circuit = Literal["immediat", "accord", "signature"]

CIRCUITS: dict[Circuit, Workflow] = {"immediat": IMMEDIAT, "accord": ACCORD, "signature": AVENANT}


class TypeDemande(Definition):
    """A kind of request about a convention in force. `circuit`: `immediat` takes effect when it is sent (new référent, E10),
    `accord` once the centre agrees, `signature` is reviewed like an adhesion and ends with `document`, an avenant that both
    sides sign (article 10). One that is `fermee` is not proposed any more: those begun go on. `champ_effet` is the field that holds its first day, the day it is sent without it. `workflow`
    replaces the circuit's own table."""

    nature: Annotated[str, PydanticField(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    titre: str
    resume: str = ""
    circuit: Circuit
    steps: tuple[Step, ...]
    document: str | None = None
    champ_effet: str | None = None
    workflow: Workflow | None = None
    fermee: bool = False

    @property
    def table(self) -> Workflow:
        """The states and actions of its dossiers."""
        return self.workflow or CIRCUITS[self.circuit]

    def intitule(self, numero: str) -> str:
        """What its dossiers are called: « Avenant à la convention 2026-0007 », « Nouveau référent, convention 2026-0007 »."""
        return f"{self.titre}{' à la' if self.circuit == 'signature' else ','} convention {numero}"

    @model_validator(mode="after")
    def _check_request(self) -> TypeDemande:
        if self.nature == ADHESION:
            raise ValueError("« adhesion » est la nature des dossiers d’adhésion : choisissez-en une autre")
        if (self.circuit == "signature") != (self.document is not None):
            raise ValueError(
                "une demande a un document (« document ») quand son circuit est « signature », et alors seulement"
            )
        if self.circuit == "signature" and self.champ_effet is None:
            raise ValueError("un avenant a une date d’effet : indiquez son champ (« champ_effet »)")
        return self
