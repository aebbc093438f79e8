"""What a centre may eliminate: conventions ended, and requests that led nowhere, past the centre's retention.

What is listed is one *ensemble*: a convention with its avenants and the dossiers about it, or a dossier alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from domain.archives import CANCELLED, ENDED, LIVING, READERS, kept_until
from domain.decompte import DRAFTS
from domain.errors import Introuvable
from domain.offer import Centre as CentreDefinition
from domain.roles import Role
from models import (
    Acte,
    Centre,
    Collectivite,
    Convention,
    Decompte,
    Depot,
    Dossier,
    Elimination,
    Piece,
)
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, require
from services.core.locks import locked
from services.core.portail import Portail

Nature = Literal["convention", "dossier"]
Cle = tuple[Nature, UUID]
"""What is eliminated as one: a convention and all that hangs on it, or a dossier without convention."""


@dataclass(frozen=True)
class Ensemble:
    """A convention or a dossier whose retention is over. `fin`: the last day that retention counts from; `jusquau`: the last day
    kept; `blocages`: what must be settled first, in French; `proposee`: it is in an elimination that waits."""

    nature: Nature
    id: UUID
    numero: str
    collectivite: str
    debut: date
    fin: date
    jusquau: date
    etat: str
    fichiers: int
    octets: int
    blocages: tuple[str, ...] = ()
    proposee: bool = False

    @property
    def cle(self) -> Cle:
        return (self.nature, self.id)


@dataclass(frozen=True)
class Echues:
    """What the page *À éliminer* shows of one centre. `prochaine`: the day from which the next convention will be listed."""

    centre_id: UUID
    centre: str
    fuseau: str
    annees: int
    rows: tuple[Ensemble, ...]
    prochaine: date | None


@dataclass(frozen=True)
class Contenu:
    """Everything that one ensemble is made of."""

    actes: frozenset[UUID]
    dossiers: frozenset[UUID]


def list_archive_centres(portail: Portail, acteur: Acteur) -> list[tuple[UUID, str]]:
    """Centres whose archives this person follows."""
    with portail.db.read() as session:
        ids = acteur.centres_with(*READERS)
        found = session.execute(select(Centre.id, Centre.nom).where(Centre.id.in_(ids)).order_by(Centre.nom))
        return [(row.id, row.nom) for row in found]


def list_due(portail: Portail, acteur: Acteur, centre_id: UUID) -> Echues:
    """What is due for elimination at this centre, the oldest first."""
    with portail.view(acteur, "archives.lister", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = require_centre(session, acteur, centre_id, *READERS)
        jour = clock.today(centre.fuseau)
        annees = retention(centre)
        rows = find_due(session, centre, jour)
        return Echues(centre.id, centre.nom, centre.fuseau, annees, tuple(rows), _next(session, centre, jour, annees))


def require_centre(session: Session, acteur: Acteur, centre_id: UUID, *roles: Role, lock: bool = False) -> Centre:
    """The centre, for who holds one of `roles` there. Introuvable for who holds none of those that read; Refus otherwise."""
    held = acteur.roles_for(centre_id=centre_id)
    if not held.intersection(READERS):
        raise Introuvable()
    require(held, *roles)
    query = select(Centre).where(Centre.id == centre_id)
    return session.scalars(locked(query) if lock else query).one()


def retention(centre: Centre) -> int:
    """Years for which the centre keeps the archives of a convention."""
    return CentreDefinition.model_validate(centre.parametres).conservation.archives_annees


def find_due(session: Session, centre: Centre, jour: date, only: Collection[Cle] | None = None) -> list[Ensemble]:
    """What may be eliminated on `jour`, the oldest first; of `only` when it is given."""
    return [_measured(session, one) for one in list_candidates(session, centre, jour, only)]


def list_candidates(
    session: Session, centre: Centre, jour: date, only: Collection[Cle] | None = None
) -> list[Ensemble]:
    """The same, without counting files nor looking at what stands in the way: a few queries, however many there are."""
    annees = retention(centre)
    waiting, gone = _already(session, centre.id)
    conventions, dossiers = _conventions(centre, jour, annees), _dossiers(centre, jour, annees)
    if only is not None:
        conventions = conventions.where(Convention.id.in_([ident for nature, ident in only if nature == "convention"]))
        dossiers = dossiers.where(Dossier.id.in_([ident for nature, ident in only if nature == "dossier"]))
    found = [
        *_read_conventions(session, conventions, centre, jour, annees),
        *_read_dossiers(session, dossiers, centre, jour, annees),
    ]
    kept = [replace(one, proposee=one.cle in waiting) for one in found if one.cle not in gone]
    return sorted(kept, key=lambda one: (one.fin, one.numero))


def _already(session: Session, centre_id: UUID) -> tuple[set[Cle], set[Cle]]:
    """What waits in a proposal, and what was eliminated."""
    waiting: set[Cle] = set()
    gone: set[Cle] = set()
    for etat, contenu in session.execute(
        select(Elimination.etat, Elimination.contenu).where(
            Elimination.centre_id == centre_id, Elimination.etat != "refusee"
        )
    ):
        for line in contenu:
            if line["etat"] == "eliminee":
                gone.add(cle_of(line))
            elif line["etat"] == "a_eliminer" and etat in LIVING:
                waiting.add(cle_of(line))
    return waiting, gone


def cle_of(line: dict[str, Any]) -> Cle:
    """What a line of `Elimination.contenu` names."""
    return ("convention" if line["nature"] == "convention" else "dossier", UUID(line["id"]))


def _conventions(centre: Centre, jour: date, annees: int) -> Select[Convention, str, UUID]:
    """Conventions that may be due: the exact day is looked at by whoever reads them."""
    limit = date(jour.year - annees + 1, 1, 1)
    return (
        select(Convention, Collectivite.nom, Dossier.offre_version_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .join(Dossier, Dossier.id == Convention.dossier_id)
        .where(
            Convention.centre_id == centre.id,
            or_(
                Convention.etat.in_(ENDED) & (Convention.dernier_jour < limit),
                (Convention.etat == CANCELLED) & (Convention.annee <= jour.year - annees),
            ),
        )
    )


def _read_conventions(
    session: Session, query: Select[Convention, str, UUID], centre: Centre, jour: date, annees: int
) -> Iterable[Ensemble]:
    for convention, nom, version_id in session.execute(query):
        cancelled = convention.etat == CANCELLED
        fin = clock.local_time(convention.emise_le, centre.fuseau).date() if cancelled else convention.dernier_jour
        jusquau = kept_until(fin, annees)
        if jusquau < jour:
            label = get_offer(session, version_id).workflow_convention.label(convention.etat)
            debut = fin if cancelled else convention.date_effet
            yield Ensemble("convention", convention.id, convention.numero, nom, debut, fin, jusquau, label, 0, 0)


def _dossiers(centre: Centre, jour: date, annees: int) -> Select[Dossier, str]:
    """Requests that were deposited without any act, apart from any convention, and that nobody touched for years."""
    return (
        select(Dossier, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .where(
            Dossier.centre_id == centre.id,
            Dossier.convention_id.is_(None),
            Dossier.modifie_le < datetime(jour.year - annees + 1, 1, 2, tzinfo=UTC),
            ~exists().where(Acte.dossier_id == Dossier.id),
            exists().where(Depot.dossier_id == Dossier.id),
        )
    )


def _read_dossiers(
    session: Session, query: Select[Dossier, str], centre: Centre, jour: date, annees: int
) -> Iterable[Ensemble]:
    for dossier, nom in session.execute(query):
        fin = clock.local_time(dossier.modifie_le, centre.fuseau).date()
        jusquau = kept_until(fin, annees)
        if jusquau >= jour or not is_final(session, dossier):
            continue
        label = (
            get_offer(session, dossier.offre_version_id).variant(dossier.nature).workflow_dossier.label(dossier.etat)
        )
        debut = clock.local_time(dossier.cree_le, centre.fuseau).date()
        yield Ensemble("dossier", dossier.id, dossier.reference, nom, debut, fin, jusquau, label, 0, 0)


def is_final(session: Session, dossier: Dossier) -> bool:
    """Whether nothing more can be done with this dossier, by the circuit of its offer."""
    workflow = get_offer(session, dossier.offre_version_id).variant(dossier.nature).workflow_dossier
    return not any(dossier.etat in line.de for line in workflow.transitions)


def _measured(session: Session, one: Ensemble) -> Ensemble:
    """With its files and what stands in the way."""
    contenu = contents(session, one.cle)
    fichiers, octets = session.execute(
        select(func.count(), func.coalesce(func.sum(Piece.taille), 0)).where(owned_by(contenu))
    ).one()
    return replace(one, fichiers=int(fichiers), octets=int(octets), blocages=tuple(_blocks(session, one, contenu)))


def contents(session: Session, cle: Cle) -> Contenu:
    """The acts and the dossiers of this ensemble. A request that led to the convention which followed belongs to that one."""
    nature, ident = cle
    if nature == "dossier":
        return Contenu(frozenset(), frozenset({ident}))
    actes = frozenset(session.scalars(select(Acte.id).where(or_(Acte.id == ident, Acte.parent_id == ident))))
    own = session.scalars(select(Acte.dossier_id).where(Acte.id.in_(actes)))
    about = session.scalars(
        select(Dossier.id).where(
            Dossier.convention_id == ident,
            ~exists().where(Convention.dossier_id == Dossier.id, Convention.id != ident),
        )
    )
    return Contenu(actes, frozenset([*own, *about]))


def owned_by(contenu: Contenu) -> Any:
    """The files of this ensemble, as a condition on Piece."""
    return or_(Piece.convention_id.in_(contenu.actes), Piece.dossier_id.in_(contenu.dossiers))


def _blocks(session: Session, one: Ensemble, contenu: Contenu) -> Iterable[str]:
    for dossier in session.scalars(select(Dossier).where(Dossier.id.in_(contenu.dossiers))):
        acted = session.scalar(select(Acte.id).where(Acte.dossier_id == dossier.id))
        if acted is None and not is_final(session, dossier):
            yield f"La demande {dossier.reference} est encore en cours : menez-la à son terme."
    if one.nature == "convention":
        drafts = session.scalar(select(func.count()).where(Decompte.convention_id == one.id, Decompte.etat.in_(DRAFTS)))
        if drafts:
            yield "Un décompte n’est pas émis : émettez-le ou supprimez-le."


def _next(session: Session, centre: Centre, jour: date, annees: int) -> date | None:
    """The first day on which a convention that has ended will be due."""
    query = select(func.min(Convention.dernier_jour)).where(
        Convention.centre_id == centre.id,
        Convention.etat.in_(ENDED),
        Convention.dernier_jour >= date(max(1, jour.year - annees), 1, 1),
    )
    first = session.scalar(query)
    if first is None:
        return None
    until = kept_until(first, annees)
    return until if until >= jour else None
