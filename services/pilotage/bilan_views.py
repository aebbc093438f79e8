"""What screens read about annual reports: frozen values, never database objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.piece_rows import PieceRow
from services.pilotage.publication import Publication

ETATS = {
    "attente": "Année non close",
    "a_rediger": "À rédiger",
    "a_publier": "À relire et à publier",
    "publie": "Publié",
}
"""Where a report stands, for people."""


@dataclass(frozen=True)
class BilanRow:
    """One line of the list. `bilan_id` is None where nothing was begun; `redigees` of `attendues` required sections are
    written."""

    bilan_id: UUID | None
    convention_id: UUID
    annee: int
    numero: str
    collectivite: str
    etat: str
    redigees: int
    attendues: int
    publie_le: datetime | None
    piece_id: UUID | None

    @property
    def etat_libelle(self) -> str:
        return ETATS[self.etat]


@dataclass(frozen=True)
class SectionRow:
    """One section: what the offer asks for, and what was written. `version` (0 when nothing was) goes back with a save."""

    id: str
    titre: str
    aide: str
    facultative: bool
    taille: int
    texte: str
    version: int
    par: str | None
    le: datetime | None
    a_verifier: tuple[str, ...] = ()


@dataclass(frozen=True)
class BilanView:
    """Everything the page of one report shows to this person. `blocages`: why it cannot be published yet, in French."""

    id: UUID
    convention_id: UUID
    annee: int
    version: int
    numero: str
    collectivite: str
    etat: str
    publication: Publication
    sections: tuple[SectionRow, ...]
    peut_rediger: bool
    peut_publier: bool
    peut_rectifier: bool
    blocages: tuple[str, ...]
    pieces: tuple[PieceRow, ...]

    @property
    def etat_libelle(self) -> str:
        return ETATS[self.etat]
