"""What screens read about conventions: frozen values, never database objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.formatting import date_courte, date_longue
from domain.roles import Role
from domain.text import fold
from services.adhesion.dossier_views import ActionRow, Avertissement, CentreRow, CollectiviteRow
from services.core.piece_rows import PieceRow

A_VENIR = "a_venir"
"""Not a state: a convention in force whose effect date is to come, for labels and filters."""
A_VENIR_LIBELLE = "À venir"
FINIE = "finie"
"""Not a state either: a convention whose last day is past, while its state still says that it runs."""
FINIE_LIBELLE = "Terminée"
ENDING_STATES = ("en_vigueur", "denoncee", "en_demeure")
"""States of a convention that runs until its last day."""


@dataclass(frozen=True)
class SignatureRow:
    """One electronic signature found in a file: who signed (as the certificate says), whether the file is as it was
    signed, and whether the certificate leads to a known authority. `le`: the time that the signature itself claims."""

    piece_id: UUID
    signataire: str
    intact: bool
    fiable: bool
    le: str | None


@dataclass(frozen=True)
class EventRow:
    """One line of a convention's history."""

    le: datetime
    qui: str
    libelle: str


@dataclass(frozen=True)
class ConventionView:
    """Everything one page of a convention, or of an avenant, shows to this person. `parent`: id and number of the convention
    that an avenant changes.

    `etat_affiche` is `etat`, `a_venir` for a convention in force whose effect date is to come, or `finie` once its last day is
    past. `fin`: its last day when something ends it before the term, `fin_motif` says what. `motif`: why it was
    cancelled, or why the signed document was rejected. `deliberation`: the one that
    allows the signature, as it is cited; `signataire_propose`: who is expected to sign next. `pdf_manquant`: no PDF of the issued document is stored yet;
    `pdf_possible`: this installation can make it.
    """

    id: UUID
    nature: str
    numero: str
    parent: tuple[UUID, str] | None
    etat: str
    etat_affiche: str
    etat_libelle: str
    motif: str | None
    centre: CentreRow
    collectivite: CollectiviteRow
    dossier_id: UUID
    reference_dossier: str
    emise_le: datetime
    date_effet: date
    date_debut_prestations: date
    terme: date
    quotite: Decimal | None
    minutes_prevues: int | None
    montant_annuel: Decimal | None
    montant_premiere_annee: Decimal | None
    sha256: str
    manifeste: dict[str, Any]
    collectivite_signee_le: date | None
    collectivite_signataire: str | None
    centre_signee_le: date | None
    centre_signataire: str | None
    deliberation: str | None
    signataire_propose: str
    pieces: tuple[PieceRow, ...]
    signatures: tuple[SignatureRow, ...]
    actions: tuple[ActionRow, ...]
    avertissements: tuple[Avertissement, ...]
    historique: tuple[EventRow, ...]
    roles: frozenset[Role]
    cote_centre: bool
    peut_lever: bool
    peut_joindre_accuse: bool
    pdf_manquant: bool
    pdf_possible: bool
    fin: date | None = None
    fin_motif: str | None = None

    @property
    def avenant(self) -> bool:
        """Whether this is an avenant, not a convention."""
        return self.parent is not None

    @property
    def assistant(self) -> bool:
        """Whether the person only comes to the collectivité: they read neither files nor amounts."""
        return self.roles == {Role.ASSISTANT}

    @property
    def titre(self) -> str:
        """« Convention 2026-0007 », « Avenant 2026-0007-A1 »."""
        return f"{self.nature.capitalize()} {self.numero}"

    def action(self, code: str) -> ActionRow | None:
        """The action with this code, when the person's roles and the state allow it."""
        return next((row for row in self.actions if row.action == code), None)

    def piece(self, usage: str) -> PieceRow | None:
        """The newest file of this usage."""
        return next((row for row in reversed(self.pieces) if row.usage == usage), None)


@dataclass(frozen=True)
class ConventionFilter:
    """What a register shows. `texte` is looked for, without case or accents, in the number, the collectivité's name and
    its SIREN; `etats` holds state codes and `a_venir`; `annee` is the year of issue; `tri` is one of `registre.TRIS`."""

    texte: str = ""
    etats: tuple[str, ...] = ()
    annee: int | None = None
    tri: str = "emise_le"
    descendant: bool = True
    page: int = 1
    taille: int = 25

    def at(self, number: int) -> ConventionFilter:
        """The same, for another page."""
        return replace(self, page=number)


@dataclass(frozen=True)
class ConventionRow:
    """One line of a register. `montant_annee`: euros due for this year (a forecast by the hour), None for a convention that does
    not run in it, and like `montant_annuel` for who may not read amounts. `pieces`: the files that can be opened, oldest first."""

    id: UUID
    centre_id: UUID
    numero: str
    collectivite: str
    etat: str
    etat_affiche: str
    etat_libelle: str
    date_effet: date
    terme: date
    quotite: Decimal | None
    minutes_prevues: int | None
    montant_annuel: Decimal | None
    montant_annee: Decimal | None
    emise_le: datetime
    pieces: tuple[PieceRow, ...]
    dernier_jour: date


def displayed_state(etat: str, date_effet: date, today: date, dernier_jour: date | None = None) -> str:
    """`etat`, or `a_venir` while a convention in force waits for its effect date, or `finie` once its last day is past."""
    if dernier_jour is not None and etat in ENDING_STATES and dernier_jour < today:
        return FINIE
    return A_VENIR if etat == "en_vigueur" and date_effet > today else etat


def tell_end(etat: str, fin: date | None, dernier_jour: date, today: date, *, court: bool = False) -> str:
    """« prend fin le 31 décembre 2026 », « a pris fin le… »: what is added to the label of a state. Empty while only the term
    ends the convention, and for one that was never in force."""
    if etat in ("a_signer", "signee_collectivite", "annulee") or (fin is None and dernier_jour >= today):
        return ""
    day = date_courte(dernier_jour) if court else date_longue(dernier_jour)
    return f"a pris fin le {day}" if dernier_jour < today else f"prend fin le {day}"


def file_name(*parts: str | None, extension: str) -> str:
    """A file name of plain letters, digits and hyphens: `convention-2026-0007-choisy-le-roi.docx`. At most 120 characters."""
    words = "-".join(fold(part).replace(" ", "-") for part in parts if part and fold(part))
    return f"{(words or 'document')[:110].rstrip('-')}.{extension}"
