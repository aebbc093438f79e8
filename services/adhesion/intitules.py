"""What a dossier is called: an adhesion, or a request about a convention."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.offer import ADHESION
from models import Dossier
from services.centre.offres import get_offer

DOSSIER_ADHESION = "Dossier d’adhésion"


def name_dossier(session: Session, dossier: Dossier, numero: str | None) -> str:
    """« Avenant à la convention 2026-0007 », « Nouveau référent, convention 2026-0007 », « Dossier d’adhésion », « Dossier
    d’adhésion (suite de la convention 2026-0007) ». `numero`: that of the convention that the dossier is about."""
    if numero is None:
        return DOSSIER_ADHESION
    if dossier.nature == ADHESION:
        return f"{DOSSIER_ADHESION} (suite de la convention {numero})"
    return get_offer(session, dossier.offre_version_id).demande(dossier.nature).intitule(numero)


def title_dossier(session: Session, dossier: Dossier, numero: str | None) -> str:
    """« Dossier D-2026-0001 » for an adhesion, else what it is called with its reference: « Avenant à la convention 2026-0007
    (D-2026-0012) »."""
    if dossier.nature == ADHESION:
        return f"Dossier {dossier.reference}"
    return f"{name_dossier(session, dossier, numero)} ({dossier.reference})"
