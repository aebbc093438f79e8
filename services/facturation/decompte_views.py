"""What screens read about statements: frozen values, never database objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from domain.roles import Role
from services.adhesion.dossier_views import ActionRow
from services.convention.convention_views import EventRow


@dataclass(frozen=True)
class DecompteRow:
    """One line of the list. `etat_libelle`: as this person's side reads it; `a_lever`: a warning waits for a person;
    `emis_le`: the day it was issued, where the centre is."""

    id: UUID
    numero: str | None
    collectivite: str
    convention: str
    periode: str
    exercice: int
    du: date
    au: date
    etat: str
    etat_libelle: str
    total: Decimal
    emis_le: date | None
    paye_le: date | None
    a_lever: bool
    contre: bool


@dataclass(frozen=True)
class LigneRow:
    """One line of a statement, quantity and price in words."""

    nature: str
    libelle: str
    quantite: str
    prix: str
    montant: Decimal
    etapes: tuple[str, ...]


@dataclass(frozen=True)
class DecompteView:
    """Everything the page of a statement shows to this person.

    `avertissement`: what must be lifted before it is issued, with who lifted it and why once it is; `blocages`: what must
    change first; `perime`: a draft whose figures have changed since it was computed. `piece_id`: the sealed Word file.
    `contre_de` and `contre`: id and number of the statement that this one cancels, and of the one that cancels it."""

    row: DecompteRow
    centre_id: UUID
    fuseau: str
    convention_id: UUID
    lignes: tuple[LigneRow, ...]
    methode: str
    avertissement: str | None
    levee: tuple[str, str] | None
    blocages: tuple[str, ...]
    perime: bool
    actions: tuple[ActionRow, ...]
    piece_id: UUID | None
    sha256: str | None
    motif: str | None
    contre_de: tuple[UUID, str] | None
    contre: tuple[UUID, str] | None
    historique: tuple[EventRow, ...]
    roles: frozenset[Role]
    cote_centre: bool

    def action(self, code: str) -> ActionRow | None:
        """The action with this code, when the person's roles and the state allow it."""
        return next((row for row in self.actions if row.action == code), None)


@dataclass(frozen=True)
class DecompteFilter:
    """What the list shows. `texte` is looked for in the number, the convention's number, the collectivité and its SIREN."""

    texte: str = ""
    etats: tuple[str, ...] = ()
    exercice: int | None = None
    trimestre: int | None = None
    tri: str = "periode"
    descendant: bool = True
    page: int = 1
    taille: int = 50


@dataclass(frozen=True)
class Preparation:
    """What preparing a quarter did: drafts made, computed again, left as they were (checked or issued), conventions
    with nothing to invoice, and those that failed, with the reason."""

    crees: int = 0
    recalcules: int = 0
    laisses: int = 0
    vides: int = 0
    echecs: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Preparation) -> Preparation:
        return Preparation(
            self.crees + other.crees,
            self.recalcules + other.recalcules,
            self.laisses + other.laisses,
            self.vides + other.vides,
            self.echecs + other.echecs,
        )


@dataclass(frozen=True)
class Lot:
    """What was done to a selection: how many, and for the others the statement and why not."""

    faits: int
    refus: tuple[tuple[str, str], ...]
