"""With what a person may simulate: the offers of their centre, or, for a collectivité, those of the centres it deals with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from domain.errors import Introuvable
from domain.offer import Offer
from domain.roles import Role
from models import Centre, Collectivite, Convention, Dossier
from services.centre.offres import get_offer, list_tarifs, published_offers
from services.core.access import Acteur, get_dossier
from services.core.portail import Portail
from services.pilotage.simulations import Cadre

CENTRE_ROLES = (Role.RESPONSABLE, Role.INSTRUCTEUR)
COLLECTIVITE_ROLES = (Role.DIRECTION, Role.GESTIONNAIRE, Role.SIGNATAIRE)


@dataclass(frozen=True)
class CadreRow:
    """One thing to simulate: an offer of a centre, for the centre itself or for a collectivité."""

    centre_id: UUID
    centre: str
    centre_nom: str
    offre: str
    offre_titre: str
    collectivite_id: UUID | None
    collectivite_nom: str | None

    @property
    def code(self) -> str:
        """Its name among those of one person."""
        return f"{self.centre}/{self.offre}/{self.collectivite_id or ''}"

    @property
    def texts(self) -> dict[str, str]:
        """As parameters of the address."""
        found = {"centre": self.centre, "offre": self.offre}
        return found | ({"collectivite": str(self.collectivite_id)} if self.collectivite_id else {})


def list_cadres(portail: Portail, acteur: Acteur) -> list[CadreRow]:
    """Everything that the person may simulate with, their own centre first."""
    with portail.db.read() as session:
        return [row for row, _ in _list(session, acteur)]


def open_cadre(portail: Portail, acteur: Acteur, centre: str, offre: str, collectivite_id: UUID | None) -> Cadre:
    """What to simulate with; Introuvable, journalled, when it is not for this person."""
    with portail.view(acteur, "simulation.ouvrir", objet="collectivite", objet_id=collectivite_id) as session:
        return find_cadre(session, acteur, centre, offre, collectivite_id)


def find_cadre(session: Session, acteur: Acteur, centre: str, offre: str, collectivite_id: UUID | None) -> Cadre:
    """The same in the caller's transaction."""
    for row, offer in _list(session, acteur):
        if (row.centre, row.offre, row.collectivite_id) == (centre, offre, collectivite_id):
            return _build(session, row, offer)
    raise Introuvable()


def open_dossier_cadre(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Cadre:
    """What the simulator of a dossier works with: the version of the offer that the dossier began with."""
    with portail.view(acteur, "simulation.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        offer = get_offer(session, dossier.offre_version_id)
        mine = dossier.collectivite_id in acteur.collectivite_ids
        row = _row(
            session.get_one(Centre, dossier.centre_id),
            offer,
            session.get_one(Collectivite, dossier.collectivite_id) if mine else None,
        )
        return _build(session, row, offer)


def _list(session: Session, acteur: Acteur) -> list[tuple[CadreRow, Offer]]:
    found: list[tuple[CadreRow, Offer]] = []
    ids = acteur.centres_with(*CENTRE_ROLES)
    if ids:
        for centre in session.scalars(select(Centre).where(Centre.id.in_(ids)).order_by(Centre.nom)):
            found += [(_row(centre, offer, None), offer) for offer in _offers(session, centre.id)]
    mine = acteur.collectivites_with(*COLLECTIVITE_ROLES)
    if mine:
        for collectivite, centre in _dealings(session, mine):
            found += [(_row(centre, offer, collectivite), offer) for offer in _offers(session, centre.id)]
    return found


def _dealings(session: Session, ids: frozenset[UUID]) -> list[tuple[Collectivite, Centre]]:
    """Collectivités with the centres that hold a dossier or a convention of theirs."""
    pairs = union(
        select(Dossier.collectivite_id, Dossier.centre_id).where(Dossier.collectivite_id.in_(ids)),
        select(Convention.collectivite_id, Convention.centre_id).where(Convention.collectivite_id.in_(ids)),
    ).subquery()
    query = (
        select(Collectivite, Centre)
        .join(pairs, pairs.c.collectivite_id == Collectivite.id)
        .join(Centre, Centre.id == pairs.c.centre_id)
        .order_by(Collectivite.nom, Centre.nom)
    )
    return [(collectivite, centre) for collectivite, centre in session.execute(query)]


def _offers(session: Session, centre_id: UUID) -> list[Offer]:
    return [get_offer(session, version.id) for version in published_offers(session, centre_id)]


def _row(centre: Centre, offer: Offer, collectivite: Collectivite | None) -> CadreRow:
    return CadreRow(
        centre_id=centre.id,
        centre=centre.code,
        centre_nom=centre.nom,
        offre=offer.code,
        offre_titre=offer.titre,
        collectivite_id=collectivite.id if collectivite else None,
        collectivite_nom=collectivite.nom if collectivite else None,
    )


def _build(session: Session, row: CadreRow, offer: Offer) -> Cadre:
    centre = session.get_one(Centre, row.centre_id)
    return Cadre(
        centre_id=centre.id,
        centre=centre.code,
        centre_nom=centre.nom,
        fuseau=centre.fuseau,
        offer=offer,
        tarifs=tuple(list_tarifs(session, centre.id)),
        collectivite_id=row.collectivite_id,
        collectivite_nom=row.collectivite_nom,
    )
