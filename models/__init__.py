"""SQLAlchemy tables, one module per aggregate. Constraints are named; ids are opaque; timestamps are UTC."""

from models.accounts import (
    LienUsageUnique,
    RoleAttribue,
    SessionUtilisateur,
    TentativeConnexion,
    TicketConnexion,
    Utilisateur,
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
from models.fichiers import Fichier, Piece
from models.journal import AuditEvent, Courriel, JournalHead, Operation
from models.offres import OffreVersion, Tarif
from models.organisations import Centre, Collectivite, DemandeAdhesion

__all__ = [
    "MOTIFS_CORRECTION",
    "AuditEvent",
    "Base",
    "Centre",
    "Collectivite",
    "Convention",
    "Courriel",
    "DemandeAdhesion",
    "DemandeCorrection",
    "Depot",
    "Dossier",
    "Fichier",
    "JournalHead",
    "LectureMessages",
    "Levee",
    "LienUsageUnique",
    "Message",
    "Numerotation",
    "OffreVersion",
    "Operation",
    "Piece",
    "Reponse",
    "RoleAttribue",
    "SaisieEnAttente",
    "SessionUtilisateur",
    "Tarif",
    "TentativeConnexion",
    "TicketConnexion",
    "Utilisateur",
    "new_id",
    "utc_now",
]
