"""Putting a draft in force: what it holds is checked whole, its Word templates in a process of their own."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.definitions import DefinitionError
from domain.offer import read_offer
from models import OffreVersion, utc_now
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.controle_gabarits import check_materials
from services.offres.gabarits import load_materials
from services.offres.versions import record_version, require_no_faults, take_draft


def publish_draft(portail: Portail, acteur: Acteur | None, draft_id: UUID, version: int) -> UUID:
    """Make the draft the version in force: its id, which does not change. New dossiers begin with it, the others keep theirs.

    DefinitionError with every fault of the offer, else of its templates; Conflit when the draft changed since it was read.
    Templates are tried before the transaction: what was checked is what is published, since `version` is looked at again.
    """
    with portail.view(acteur, "offre.publier", objet="offre_version", objet_id=draft_id) as session:
        draft = take_draft(session, acteur, draft_id, version, lock=False)
        require_no_faults(session, draft)
        materials = load_materials(portail, session, draft)
    faults = check_materials(materials)
    if faults:
        raise DefinitionError(list(faults))
    with portail.action(acteur, "offre.publier", objet="offre_version", objet_id=draft_id) as session:
        draft = take_draft(session, acteur, draft_id, version)
        publish(session, acteur, draft)
        return draft.id


def publish(session: Session, acteur: Acteur | None, draft: OffreVersion) -> None:
    """Put a draft, whose row and whose centre's row are held, in force; DefinitionError with the faults of the offer."""
    require_no_faults(session, draft)
    offer = read_offer(draft.contenu)
    former = _published(session, draft)
    for one in former:
        one.etat = "retiree"
    draft.contenu, draft.titre = offer.model_dump(mode="json"), offer.titre
    draft.etat, draft.publiee_le = "publiee", utc_now()
    draft.publiee_par = acteur.utilisateur_id if acteur else None
    session.flush()
    record_version(session, acteur, "offre.publier", draft, remplace=[one.numero for one in former])


def _published(session: Session, draft: OffreVersion) -> list[OffreVersion]:
    query = select(OffreVersion).where(
        OffreVersion.centre_id == draft.centre_id, OffreVersion.code == draft.code, OffreVersion.etat == "publiee"
    )
    return list(session.scalars(query))
