"""Where a collectivité's dossiers and conventions stand, for its people when nothing waits for them (the home page)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_longue
from domain.offer import ADHESION
from domain.roles import Role
from models import Acte, Avenant, Collectivite, Dossier
from services.accueil.tache_rows import Tache
from services.adhesion.intitules import title_dossiers
from services.centre.offres import get_offer
from services.convention.convention_views import A_VENIR, FINIE, displayed_state, tell_end
from services.convention.convention_warnings import acte_table
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail

GROUPE = "Où en sont vos demandes"
SHOWN = 10
"""Most lines: the lists of dossiers and of conventions have the others."""

DOSSIERS = {
    "depose": "Déposé : le centre va l’examiner. Vous serez prévenu par courriel dès qu’une action vous revient.",
    "en_instruction": "En cours d’examen par le centre. Vous serez prévenu par courriel dès qu’une action vous revient.",
    "accepte": "Accepté : le centre prépare la convention. Vous serez prévenu dès qu’elle sera à signer.",
}
CONVENTIONS = {
    "a_signer": "Émise, à signer par la collectivité.",
    "signee_collectivite": "Signée par la collectivité : le centre vérifie le document, puis le contresigne.",
}


def list_situations(portail: Portail, acteur: Acteur) -> list[Tache]:
    """One line per dossier, or per convention once it is issued, of the person's collectivités: the newest first."""
    mine = acteur.collectivites_with(Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)
    query = (
        select(Dossier, Acte, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .outerjoin(Acte, Acte.dossier_id == Dossier.id)
        .where(Dossier.collectivite_id.in_(mine))
        .order_by(Dossier.modifie_le.desc(), Dossier.id)
        .limit(SHOWN)
    )
    with portail.db.read() as session:
        rows = session.execute(query).all()
        titles = title_dossiers(session, [row.Dossier for row in rows])
        return [_describe(session, titles, *row) for row in rows]


def _describe(
    session: Session, titles: Mapping[UUID, str], dossier: Dossier, convention: Acte | None, nom: str
) -> Tache:
    offer = get_offer(session, dossier.offre_version_id).variant(dossier.nature)
    if convention is None:
        told = DOSSIERS.get(dossier.etat) if dossier.nature == ADHESION else None
        detail = told or f"{offer.workflow_dossier.label(dossier.etat, collectivite=True)}."
        return Tache(GROUPE, f"{titles[dossier.id]}, {nom}", detail, "dossier", {"id": str(dossier.id)})
    today = clock.today(dossier.centre.fuseau)
    etat = displayed_state(convention.etat, convention.date_effet, today, convention.dernier_jour)
    effet, terme = date_longue(convention.date_effet), date_longue(convention.terme)
    if isinstance(convention, Avenant):
        table = acte_table(session, convention)
        label = f"À venir, le {effet}" if etat == A_VENIR else table.label(convention.etat, collectivite=True)
        return Tache(
            GROUPE, f"Avenant {convention.numero}, {nom}", f"{label}.", "convention", {"id": str(convention.id)}
        )
    ends = tell_end(convention.etat, convention.fin, convention.dernier_jour, today)
    detail = {
        **CONVENTIONS,
        A_VENIR: f"Signée par les deux parties : elle prend effet le {effet}.",
        "en_vigueur": f"En vigueur depuis le {effet}, jusqu’au {terme} au plus tard.",
        FINIE: f"Elle {ends}.",
    }.get(etat) or f"{offer.workflow_convention.label(etat, collectivite=True)}{', ' + ends if ends else ''}."
    return Tache(GROUPE, f"Convention {convention.numero}, {nom}", detail, "convention", {"id": str(convention.id)})
