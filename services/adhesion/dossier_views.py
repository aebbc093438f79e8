"""What screens read about a dossier: frozen values, never database objects, so that nothing is loaded behind their back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from domain.forms.evaluation import Evaluation
from domain.offer.requests import ADHESION
from domain.roles import Role
from domain.workflow.tables import ENREGISTRE
from services.core.piece_rows import PieceRow

if TYPE_CHECKING:
    from domain.offer import Offer

EtatSaisie = Literal["enregistre", "inchange", "invalide", "conflit"]
EtatCorrection = Literal["preparee", "envoyee", "traitee", "close"]
MotifSaisie = Literal["conflit", "session", "invalide"]


@dataclass(frozen=True)
class CentreRow:
    """A centre: `parametres` is its identity and settings (centre.yaml as edited since)."""

    id: UUID
    code: str
    nom: str
    fuseau: str
    parametres: dict[str, Any]


@dataclass(frozen=True)
class CollectiviteRow:
    """A collectivité, as the portal knows it apart from what a dossier says."""

    id: UUID
    nom: str
    siren: str
    type: str


@dataclass(frozen=True)
class Answer:
    """The answer to one field: JSON `valeur`, and the `version` to give back when changing it (0 when unanswered)."""

    valeur: Any
    version: int
    modifiee_le: datetime
    modifiee_par_nom: str | None


@dataclass(frozen=True)
class CorrectionRow:
    """A correction asked for one field. `preparee` ones are seen by the centre only."""

    id: UUID
    champ: str
    libelle_champ: str
    motif: str
    motif_libelle: str
    texte: str
    etat: EtatCorrection
    creee_le: datetime


@dataclass(frozen=True)
class MessageRow:
    """A message on a dossier. `mien`: written by the person who reads; `nouveau`: not read yet."""

    id: UUID
    auteur: str
    du_centre: bool
    texte: str
    le: datetime
    mien: bool
    nouveau: bool


@dataclass(frozen=True)
class SaisieRow:
    """A value typed that did not become the answer (see models.SaisieEnAttente); `mienne`: typed by the person who reads."""

    id: UUID
    champ: str
    motif: MotifSaisie
    valeur: Any
    auteur: str
    le: datetime
    mienne: bool


@dataclass(frozen=True)
class ActionRow:
    """An action that the person's roles allow from this state. It can be done now when `blocages` is empty; each of
    these says in French what is needed first. `motif`: a reason must be given."""

    action: str
    libelle: str
    motif: bool
    blocages: tuple[str, ...]


@dataclass(frozen=True)
class LeveeRow:
    """A lifted warning: by whom, when, why."""

    motif: str
    par: str
    le: datetime


@dataclass(frozen=True)
class Avertissement:
    """A warning that blocks acceptance until a person lifts it with a reason. `code` is opaque to screens."""

    code: str
    texte: str
    levee: LeveeRow | None


@dataclass(frozen=True)
class DepotRow:
    """A deposit: its number in the dossier (1, 2…), when, by whom."""

    id: UUID
    numero: int
    le: datetime
    par: str | None


@dataclass(frozen=True)
class Sujet:
    """The convention that a dossier is about, or that it follows, and what the dossier is called."""

    convention_id: UUID
    numero: str
    intitule: str


@dataclass(frozen=True)
class SaveResult:
    """What became of one value. `valeur`, `version` and `le` are those that the dossier holds now.

    `invalide`: `message` says why (French); what was typed is kept as a SaisieRow and shown again. `conflit`: somebody
    else's value stands, `autre` is (value, name of its author), and what was typed is kept as a SaisieRow.
    """

    etat: EtatSaisie
    valeur: Any
    version: int
    le: datetime | None
    message: str | None = None
    autre: tuple[Any, str] | None = None


@dataclass(frozen=True)
class DossierView:
    """Everything one page of a dossier shows to this person.

    `editable`: they may type now; `editables`: in these fields only (None: in all). `montants` is the documents' tree of
    amounts, None while the quotité or the dates are missing. `motif`: why it was withdrawn or refused. `autres`: fields that
    the centre answers, for the collectivité which reads them. `convention_id` and `numero_convention`: the act born of it;
    `sujet`: the convention that it is about.
    """

    id: UUID
    reference: str
    etat: str
    etat_libelle: str
    nature: str
    motif: str | None
    centre: CentreRow
    collectivite: CollectiviteRow
    offer: Offer
    offre_version_id: UUID
    answers: dict[str, Answer]
    evaluation: Evaluation
    pieces: tuple[PieceRow, ...]
    corrections: tuple[CorrectionRow, ...]
    messages: tuple[MessageRow, ...]
    non_lus: int
    saisies: tuple[SaisieRow, ...]
    actions: tuple[ActionRow, ...]
    avertissements: tuple[Avertissement, ...]
    editable: bool
    editables: frozenset[str] | None
    convention_id: UUID | None
    numero_convention: str | None
    instructeur_id: UUID | None
    instructeur_nom: str | None
    cree_le: datetime
    modifie_le: datetime
    depose_le: datetime | None
    roles: frozenset[Role]
    cote_centre: bool
    montants: dict[str, Any] | None
    depots: tuple[DepotRow, ...]
    autres: frozenset[str] = frozenset()
    sujet: Sujet | None = None

    @property
    def adhesion(self) -> bool:
        """Whether it leads to a convention; otherwise it is a request about one."""
        return self.nature == ADHESION

    @property
    def avenant(self) -> bool:
        """Whether it leads to an avenant."""
        return not self.adhesion and any(one.convention for one in self.offer.documents)

    @property
    def immediate(self) -> bool:
        """Whether sending it is enough: nobody has to agree."""
        lines = self.offer.workflow_dossier.transitions
        return not self.adhesion and any(one.action == "deposer" and one.vers == ENREGISTRE for one in lines)

    @property
    def titre(self) -> str:
        """« Dossier D-2026-0001 », « Avenant à la convention 2026-0007 »."""
        return f"Dossier {self.reference}" if self.adhesion or self.sujet is None else self.sujet.intitule

    def may_edit(self, champ: str) -> bool:
        """Whether the person may type in this field now."""
        return self.editable and champ not in self.autres and (self.editables is None or champ in self.editables)

    def action(self, code: str) -> ActionRow | None:
        """The action with this code, when the person's roles and the state allow it."""
        return next((row for row in self.actions if row.action == code), None)


@dataclass(frozen=True)
class DossierFilter:
    """What a list of dossiers shows. `texte` is looked for, without case or accents, in the collectivité's name, its
    SIREN, the reference and the number of the convention that a request is about; `nature` is adhesion or that of a request;
    `offre` is an offer's code; `tri` is one of `dossier_lists.TRIS`."""

    texte: str = ""
    etats: tuple[str, ...] = ()
    nature: str | None = None
    offre: str | None = None
    instructeur: UUID | None = None
    tri: str = "modifie_le"
    descendant: bool = True
    page: int = 1
    taille: int = 25


@dataclass(frozen=True)
class DossierRow:
    """One line of a list of dossiers. `objet`: what it is called (services.adhesion.intitules). `non_lus` counts the messages of the other side that the person has not read."""

    id: UUID
    reference: str
    objet: str
    collectivite: str
    type: str
    etat: str
    etat_libelle: str
    offre: str
    instructeur: str | None
    depose_le: datetime | None
    modifie_le: datetime
    non_lus: int
