"""SQLAlchemy tables, one module per aggregate. Constraints are named; ids are opaque; timestamps are UTC."""

from models.accounts import (
    LienUsageUnique,
    RoleAttribue,
    SessionUtilisateur,
    TentativeConnexion,
    TicketConnexion,
    Utilisateur,
)
from models.activite import (
    Affectation,
    BrouillonHeures,
    Cloture,
    Cumul,
    Deplacement,
    ImportHeures,
    Intervention,
    PeriodeSansAssistant,
    Poste,
)
from models.base import Base, new_id, utc_now
from models.conventions import Convention, Numerotation
from models.dossiers import (
    MOTIFS_CORRECTION,
    DemandeCorrection,
    Depot,
    Dossier,
    LectureMessages,
    Levee,
    Message,
    Reponse,
    SaisieEnAttente,
)
from models.facturation import (
    ETATS_DECOMPTE,
    NATURES_EN_SUS,
    Decompte,
    DemandeServiceDegrade,
    Exercice,
    LigneDecompte,
)
from models.fichiers import Fichier, Piece
from models.journal import AuditEvent, Courriel, JournalHead, Operation
from models.offres import PUBLICS_TARIF, OffreVersion, Tarif
from models.organisations import Centre, Collectivite, DemandeAdhesion
from models.pilotage import Bilan, Scenario

__all__ = [
    "ETATS_DECOMPTE",
    "MOTIFS_CORRECTION",
    "NATURES_EN_SUS",
    "PUBLICS_TARIF",
    "Affectation",
    "AuditEvent",
    "Base",
    "Bilan",
    "BrouillonHeures",
    "Centre",
    "Cloture",
    "Collectivite",
    "Convention",
    "Courriel",
    "Cumul",
    "Decompte",
    "DemandeAdhesion",
    "DemandeCorrection",
    "DemandeServiceDegrade",
    "Deplacement",
    "Depot",
    "Dossier",
    "Exercice",
    "Fichier",
    "ImportHeures",
    "Intervention",
    "JournalHead",
    "LectureMessages",
    "Levee",
    "LienUsageUnique",
    "LigneDecompte",
    "Message",
    "Numerotation",
    "OffreVersion",
    "Operation",
    "PeriodeSansAssistant",
    "Piece",
    "Poste",
    "Reponse",
    "RoleAttribue",
    "SaisieEnAttente",
    "Scenario",
    "SessionUtilisateur",
    "Tarif",
    "TentativeConnexion",
    "TicketConnexion",
    "Utilisateur",
    "new_id",
    "utc_now",
]
