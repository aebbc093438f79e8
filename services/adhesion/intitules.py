"""What a dossier is called: an adhesion, or a request about a convention."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.offer import ADHESION
from models import Acte, Dossier
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


def name_dossiers(session: Session, dossiers: Iterable[Dossier]) -> dict[UUID, str]:
    """What each of these dossiers is called, by id: one query, the offers being remembered."""
    found = list(dossiers)
    wanted = {one.convention_id for one in found if one.convention_id is not None}
    numeros: dict[UUID | None, str] = {}
    if wanted:
        numeros.update(session.execute(select(Acte.id, Acte.numero).where(Acte.id.in_(wanted))).all())
    return {one.id: name_dossier(session, one, numeros.get(one.convention_id)) for one in found}


def title_dossiers(session: Session, dossiers: Iterable[Dossier]) -> dict[UUID, str]:
    """« Dossier D-2026-0001 », « Avenant à la convention 2026-0007 (D-2026-0012) », by id."""
    found = list(dossiers)
    names = name_dossiers(session, found)
    return {
        one.id: f"Dossier {one.reference}" if one.nature == ADHESION else f"{names[one.id]} ({one.reference})"
        for one in found
    }
