"""What the centre's delays say is no longer to be kept: accounts that serve nobody, drafts given up, requests answered long ago.

Nothing of this happens by itself: a person looks at what would go, then asks for it (page *Archives*, or `portail purger`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from domain.archives import PURGERS, READERS, months_before
from domain.errors import Invalide
from domain.offer import Centre as CentreDefinition
from domain.offer import Conservation
from models import (
    Acte,
    Centre,
    Collectivite,
    Courriel,
    DemandeAdhesion,
    Depot,
    Dossier,
    LienUsageUnique,
    Message,
    Piece,
    Reponse,
    RoleAttribue,
    SaisieEnAttente,
    Utilisateur,
)
from services.archives.conservation import require_centre
from services.archives.effacement import drop_bytes, erase_dossier
from services.comptes import rights
from services.comptes.accounts import SUPPRIME
from services.comptes.donnees_personnelles import erase_account, list_obstacles
from services.core import clock, journal
from services.core.access import Acteur
from services.core.files import check_owner
from services.core.locks import find_row
from services.core.portail import Portail

Genre = Literal["compte", "brouillon", "demande"]
Cle = tuple[Genre, UUID]
ABANDONED = "Brouillon abandonné : aucun changement depuis longtemps."
SHARED = "Un autre centre suit aussi cette personne."


@dataclass(frozen=True)
class Element:
    """An account, a draft or a request. `depuis`: its last sign of life; `raisons`: why it is kept, empty when it would go."""

    genre: Genre
    id: UUID
    libelle: str
    depuis: date
    raisons: tuple[str, ...] = ()

    @property
    def cle(self) -> Cle:
        return (self.genre, self.id)


@dataclass(frozen=True)
class Plan:
    """What a purge of one centre would do today: `elements` go, `gardes` are as old but stay, with why."""

    centre_id: UUID
    centre: str
    fuseau: str
    comptes_mois: int
    brouillons_mois: int
    elements: tuple[Element, ...]
    gardes: tuple[Element, ...]
    applicable: bool = False

    def of(self, genre: Genre) -> tuple[Element, ...]:
        """Those of one kind that would go."""
        return tuple(one for one in self.elements if one.genre == genre)


# Looking ----------------------------------------------------------------------------------------------------------------


def preview(portail: Portail, acteur: Acteur, centre_id: UUID) -> Plan:
    """What would go from this centre, and what would not: nothing changes."""
    with portail.view(acteur, "purge.preparer", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = require_centre(session, acteur, centre_id, *READERS)
        applicable = bool(acteur.roles_for(centre_id=centre_id).intersection(PURGERS))
        return _plan(session, centre, shared=False, applicable=applicable)


def preview_all(portail: Portail, code: str | None = None) -> list[Plan]:
    """The plans of every centre, or of the one of this code, for an operator: people that several centres follow are in the plan
    of each, once the longest of their delays is over."""
    with portail.db.read() as session:
        return [_plan(session, centre, shared=True, applicable=True) for centre in _centres(session, code)]


def _centres(session: Session, code: str | None) -> list[Centre]:
    query = select(Centre).order_by(Centre.code)
    found = list(session.scalars(query.where(Centre.code == code) if code else query))
    if not found:
        raise Invalide(f"Aucun centre n’a le code « {code} »." if code else "Aucun centre n’est installé.")
    return found


def _plan(session: Session, centre: Centre, *, shared: bool, applicable: bool) -> Plan:
    delays = conservation_of(centre)
    found = [
        *_accounts(session, centre, delays, shared=shared),
        *_drafts(session, centre, delays),
        *_requests(session, centre, delays),
    ]
    found.sort(key=lambda one: (one.depuis, one.libelle))
    return Plan(
        centre_id=centre.id,
        centre=centre.nom,
        fuseau=centre.fuseau,
        comptes_mois=delays.comptes_mois,
        brouillons_mois=delays.brouillons_mois,
        elements=tuple(one for one in found if not one.raisons),
        gardes=tuple(one for one in found if one.raisons),
        applicable=applicable,
    )


def conservation_of(centre: Centre) -> Conservation:
    """The delays that the centre has chosen."""
    return CentreDefinition.model_validate(centre.parametres).conservation


def _limit(centre: Centre, months: int) -> datetime:
    """What is older than this instant is past `months`."""
    day = months_before(clock.today(centre.fuseau), months)
    return datetime.combine(day, time(), ZoneInfo(centre.fuseau)).astimezone(UTC)


def _day(centre: Centre, moment: datetime) -> date:
    return clock.local_time(moment, centre.fuseau).date()


def _accounts(
    session: Session, centre: Centre, delays: Conservation, *, shared: bool, only: UUID | None = None
) -> Iterator[Element]:
    limit = _limit(centre, delays.comptes_mois)
    known = select(Collectivite.id).where(rights.known_collectivites([centre.id]))
    members = select(RoleAttribue.utilisateur_id).where(
        or_(RoleAttribue.centre_id == centre.id, RoleAttribue.collectivite_id.in_(known))
    )
    query = select(Utilisateur).where(
        Utilisateur.id.in_(members),
        func.coalesce(Utilisateur.derniere_connexion, Utilisateur.cree_le) < limit,
        ~Utilisateur.courriel.endswith(f"@{SUPPRIME}"),
    )
    for user in session.scalars(query if only is None else query.where(Utilisateur.id == only)):
        roles = session.scalars(select(RoleAttribue).where(RoleAttribue.utilisateur_id == user.id)).all()
        last = max([_day(centre, user.derniere_connexion or user.cree_le), *(one.au for one in roles if one.au)])
        raisons = list_obstacles(session, None, user)
        others = _followers(session, roles) - {centre.id}
        if others and not shared:
            raisons.append(SHARED)
        if not raisons and last >= months_before(clock.today(centre.fuseau), _longest(session, others, delays)):
            continue  # a role that ended lately: not expired yet
        yield Element("compte", user.id, f"{user.nom_complet} ({user.courriel})", last, tuple(raisons))


def _followers(session: Session, roles: Iterable[RoleAttribue]) -> set[UUID]:
    """Centres that know this person by one of these roles."""
    found: set[UUID] = set()
    for one in roles:
        if one.centre_id:
            found.add(one.centre_id)
        elif one.collectivite_id:
            found |= rights.concerned_centres(session, one.collectivite_id)
    return found


def _longest(session: Session, others: Collection[UUID], delays: Conservation) -> int:
    found = session.scalars(select(Centre).where(Centre.id.in_(others)))
    return max([delays.comptes_mois, *(conservation_of(one).comptes_mois for one in found)])


def _drafts(session: Session, centre: Centre, delays: Conservation, *, only: UUID | None = None) -> Iterator[Element]:
    """Drafts that nobody changed, wrote about or typed in, and withdrawn dossiers of which something is left; never deposited."""
    limit = _limit(centre, delays.brouillons_mois)
    left = or_(
        *(exists().where(table.dossier_id == Dossier.id) for table in (Reponse, SaisieEnAttente, Message, Piece))
    )
    query = (
        select(Dossier, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .where(
            Dossier.centre_id == centre.id,
            or_(Dossier.etat == "brouillon", (Dossier.etat == "retire") & left),
            Dossier.modifie_le < limit,
            ~exists().where(Depot.dossier_id == Dossier.id),
            ~exists().where(Acte.dossier_id == Dossier.id),
            ~exists().where(Message.dossier_id == Dossier.id, Message.le >= limit),
            ~exists().where(SaisieEnAttente.dossier_id == Dossier.id, SaisieEnAttente.le >= limit),
        )
    )
    for dossier, nom in session.execute(query if only is None else query.where(Dossier.id == only)):
        yield Element("brouillon", dossier.id, f"{dossier.reference}, {nom}", _day(centre, dossier.modifie_le))


def _requests(session: Session, centre: Centre, delays: Conservation, *, only: UUID | None = None) -> Iterator[Element]:
    """Requests for adhesion answered long ago, which still name somebody."""
    query = select(DemandeAdhesion).where(
        DemandeAdhesion.centre_id == centre.id,
        DemandeAdhesion.etat.in_(("acceptee", "refusee")),
        DemandeAdhesion.traitee_le < _limit(centre, delays.comptes_mois),
        ~DemandeAdhesion.courriel.endswith(f"@{SUPPRIME}"),
    )
    for one in session.scalars(query if only is None else query.where(DemandeAdhesion.id == only)):
        name = f"{one.prenom} {one.nom}, {one.collectivite_nom}"
        yield Element("demande", one.id, name, _day(centre, one.traitee_le or one.creee_le))


# Doing ------------------------------------------------------------------------------------------------------------------


def apply(portail: Portail, acteur: Acteur, centre_id: UUID, vus: Collection[Cle]) -> dict[Genre, int]:
    """Purge what was seen in a plan and is still due; how many of each kind. What came since is left for the next plan."""
    with portail.view(acteur, "purge.appliquer", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        require_centre(session, acteur, centre_id, *PURGERS)
    return _apply(portail, acteur, centre_id, vus, shared=False)


def apply_all(portail: Portail, plan: Plan) -> dict[Genre, int]:
    """Apply one of the plans of `preview_all`, for an operator."""
    return _apply(portail, None, plan.centre_id, [one.cle for one in plan.elements], shared=True)


def _apply(
    portail: Portail, acteur: Acteur | None, centre_id: UUID, vus: Collection[Cle], *, shared: bool
) -> dict[Genre, int]:
    """One transaction for each: stopped in between, the next plan shows what is left."""
    counts: dict[Genre, int] = {"compte": 0, "brouillon": 0, "demande": 0}
    for cle in sorted(vus, key=str):
        with portail.db.write() as session:
            counts[cle[0]] += _purge_one(portail, session, acteur, centre_id, cle, shared=shared)
    return counts


ACTIONS: dict[Genre, tuple[str, str]] = {
    "compte": ("utilisateur.anonymiser", "utilisateur"),
    "brouillon": ("dossier.purger", "dossier"),
    "demande": ("demande.anonymiser", "demande"),
}


def _purge_one(
    portail: Portail, session: Session, acteur: Acteur | None, centre_id: UUID, cle: Cle, *, shared: bool
) -> int:
    """1 when it was still due and is gone."""
    centre = session.get_one(Centre, centre_id)
    delays, (genre, ident) = conservation_of(centre), cle
    _hold(session, cle)
    if genre == "compte":
        found = list(_accounts(session, centre, delays, shared=shared, only=ident))
    elif genre == "brouillon":
        found = list(_drafts(session, centre, delays, only=ident))
    else:
        found = list(_requests(session, centre, delays, only=ident))
    if not found or found[0].raisons:
        return 0
    effaces = None
    if genre == "compte":
        erase_account(session, session.get_one(Utilisateur, ident))
    elif genre == "brouillon":
        check_owner(session, portail.files)
        effaces = erase_dossier(session, ident)
        dossier = session.get_one(Dossier, ident)
        dossier.etat, dossier.motif = "retire", ABANDONED
    else:
        _erase_request(session, session.get_one(DemandeAdhesion, ident))
    session.flush()
    action, objet = ACTIONS[genre]
    acteur_id = acteur.utilisateur_id if acteur else None
    journal.record(session, action, acteur_id=acteur_id, centre_id=centre_id, objet=objet, objet_id=ident, purge=True)
    if effaces:
        drop_bytes(portail, effaces)
    return 1


def _hold(session: Session, cle: Cle) -> None:
    """Nobody logs in to it, types in it or answers it meanwhile."""
    table: type[Any] = {"compte": Utilisateur, "brouillon": Dossier, "demande": DemandeAdhesion}[cle[0]]
    find_row(session, table, cle[1])


def _erase_request(session: Session, demande: DemandeAdhesion) -> None:
    """The request stays, which is how the centre knows the collectivité; it names nobody any more."""
    for table in (LienUsageUnique, Courriel):
        session.execute(delete(table).where(table.demande_id == demande.id))
    demande.prenom, demande.nom, demande.courriel = "Personne", "supprimée", f"{demande.id}@{SUPPRIME}"
    demande.fonction = demande.telephone = demande.message = demande.motif = None


__all__ = ["Element", "Plan", "apply", "apply_all", "conservation_of", "preview", "preview_all"]
