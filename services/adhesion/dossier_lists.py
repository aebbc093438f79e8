"""Lists of dossiers: filtered, searched, sorted and cut into pages by the database, a fixed number of queries each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.offer import ADHESION
from domain.roles import Role
from domain.text import fold
from models import Centre, Collectivite, Convention, DemandeAdhesion, Dossier, OffreVersion, RoleAttribue, Utilisateur
from services.adhesion.dossier_views import DossierFilter, DossierRow
from services.adhesion.intitules import name_dossiers
from services.adhesion.messages import count_unread
from services.centre.offres import get_offer, get_workflow, published_offers
from services.core import clock
from services.core.access import Acteur, visible_dossiers
from services.core.paging import AnySelect, Page, paginate
from services.core.portail import Portail
from services.core.sql_text import contains_word

Instructeur = aliased(Utilisateur, name="instructeur")
Sujet = aliased(Convention, name="sujet")
for _column in (Instructeur.id, Instructeur.nom, Instructeur.prenom, Sujet.id, Sujet.numero):
    _column.expression  # noqa: B018 – read here, in one thread: several that are the first to read an alias at once spoil it

_SORTS: dict[str, ColumnElement[Any]] = {
    "reference": Dossier.reference.expression,
    "collectivite": Collectivite.nom.expression,
    "type": Collectivite.type.expression,
    "etat": Dossier.etat.expression,
    "objet": Dossier.nature.expression,
    "offre": OffreVersion.titre.expression,
    "instructeur": Instructeur.nom.expression,
    "depose_le": Dossier.depose_le.expression,
    "modifie_le": Dossier.modifie_le.expression,
}
TRIS = tuple(_SORTS)
"""Codes that `DossierFilter.tri` may hold; another one means `modifie_le`."""


def search_condition(texte: str, *columns: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """One condition per word of `texte`: it is found in one of `columns` (folded)."""
    words = fold(texte[:200]).split()
    return [or_(*(contains_word(column, word) for column in columns)) for word in words]


def list_dossiers(portail: Portail, acteur: Acteur, filtre: DossierFilter) -> Page[DossierRow]:
    """One page of the dossiers that the person may see."""
    with portail.db.read() as session:
        column = _SORTS.get(filtre.tri, _SORTS["modifie_le"])
        direction = column.desc() if filtre.descendant else column.asc()
        found = paginate(
            session,
            _filtered(acteur, filtre),
            page=filtre.page,
            taille=filtre.taille,
            order=(direction.nulls_last(), Dossier.id.asc()),
            build=lambda row: row,
        )
        unread = count_unread(session, acteur, [row.Dossier.id for row in found.rows])
        names = name_dossiers(session, [row.Dossier for row in found.rows])
        rows = tuple(_row(session, acteur, row, unread, names) for row in found.rows)
        return Page(rows, found.total, found.page, found.taille)


def _filtered(acteur: Acteur, filtre: DossierFilter) -> AnySelect:
    query = (
        visible_dossiers(acteur)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .join(OffreVersion, OffreVersion.id == Dossier.offre_version_id)
        .outerjoin(Instructeur, Instructeur.id == Dossier.instructeur_id)
        .outerjoin(Sujet, Sujet.id == Dossier.convention_id)
        .with_only_columns(
            Dossier,
            Collectivite.nom.label("collectivite"),
            Collectivite.type.label("type"),
            OffreVersion.titre.label("offre"),
            Instructeur.prenom.label("prenom"),
            Instructeur.nom.label("nom"),
        )
    )
    if filtre.etats:
        query = query.where(Dossier.etat.in_(filtre.etats))
    if filtre.nature:
        query = query.where(Dossier.nature == filtre.nature)
    if filtre.offre:
        query = query.where(OffreVersion.code == filtre.offre)
    if filtre.instructeur:
        query = query.where(Dossier.instructeur_id == filtre.instructeur)
    words = search_condition(
        filtre.texte,
        Collectivite.nom.expression,
        Collectivite.siren.expression,
        Dossier.reference.expression,
        func.coalesce(Sujet.numero, ""),
    )
    return query.where(*words)


def _row(
    session: Session, acteur: Acteur, row: Row[*tuple[Any, ...]], unread: dict[UUID, int], names: dict[UUID, str]
) -> DossierRow:
    dossier: Dossier = row.Dossier
    workflow = get_workflow(session, dossier.offre_version_id, dossier.nature)
    return DossierRow(
        id=dossier.id,
        reference=dossier.reference,
        objet=names[dossier.id],
        collectivite=row.collectivite,
        type=row.type,
        etat=dossier.etat,
        etat_libelle=workflow.label(dossier.etat, collectivite=not acteur.par_centre.get(dossier.centre_id)),
        offre=row.offre,
        instructeur=f"{row.prenom} {row.nom}" if row.nom else None,
        depose_le=dossier.depose_le,
        modifie_le=dossier.modifie_le,
        non_lus=unread.get(dossier.id, 0),
    )


def list_etats(portail: Portail, acteur: Acteur) -> dict[str, tuple[str, ...]]:
    """States that the dossiers of the person's centres may be in, by label in the order of the circuits: the codes that bear
    this label, in the offers in force and in those of the dossiers there are."""
    with portail.db.read() as session:
        used = (
            select(Dossier.offre_version_id, Dossier.nature).where(Dossier.centre_id.in_(acteur.centre_ids)).distinct()
        )
        offered = [
            (version.id, nature)
            for centre_id in sorted(acteur.centre_ids)
            for version in published_offers(session, centre_id)
            for nature in (ADHESION, *get_offer(session, version.id).variants)
        ]
        found: dict[str, dict[str, None]] = {}
        inside = [(version_id, nature) for version_id, nature in session.execute(used)]
        for version_id, nature in dict.fromkeys([*offered, *inside]):
            for code, label in get_workflow(session, version_id, nature).etats.items():
                found.setdefault(label, {})[code] = None
    return {label: tuple(codes) for label, codes in found.items()}


def list_natures(portail: Portail, acteur: Acteur) -> dict[str, str]:
    """What the dossiers of the person's centres may be, by nature: adhesion, then the requests of their offers."""
    with portail.db.read() as session:
        found = {ADHESION: "Adhésion"}
        for centre_id in sorted(acteur.centre_ids):
            for version in published_offers(session, centre_id):
                for demande in get_offer(session, version.id).demandes:
                    found.setdefault(demande.nature, demande.titre)
        return found


def list_instructeurs(portail: Portail, acteur: Acteur) -> list[tuple[UUID, str]]:
    """Instructeurs of the person's centres today, by name: for the filter and for assigning a dossier."""
    with portail.db.read() as session:
        held = holders_today(session, acteur.centre_ids)
        people = {one for ids in held.values() for one in ids}
        query = select(Utilisateur).where(Utilisateur.id.in_(people)).order_by(Utilisateur.nom, Utilisateur.prenom)
        return [(one.id, one.nom_complet) for one in session.scalars(query)]


def holders_today(session: Session, centre_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """By centre, the people with an active account who are instructeurs there on the centre's day."""
    query = (
        select(RoleAttribue, Centre.id, Centre.fuseau)
        .join(Centre, Centre.id == RoleAttribue.centre_id)
        .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
        .where(RoleAttribue.role == Role.INSTRUCTEUR, RoleAttribue.centre_id.in_(centre_ids), Utilisateur.actif)
    )
    found: dict[UUID, set[UUID]] = {one: set() for one in centre_ids}
    for role, centre_id, fuseau in session.execute(query):
        if role.du <= (day := clock.today(fuseau)) and (role.au is None or role.au >= day):
            found[centre_id].add(role.utilisateur_id)
    return found


@dataclass(frozen=True)
class Creatable:
    """A dossier that the person may begin: this collectivité, this published offer of this centre."""

    collectivite_id: UUID
    collectivite: str
    offre_version_id: UUID
    offre: str
    centre_id: UUID
    centre: str


def list_creatable(portail: Portail, acteur: Acteur) -> list[Creatable]:
    """What the person may begin: for their own collectivités as gestionnaire, the published offers of the centres that
    know these; for the collectivités known to their centre as instructeur, this centre's offers."""
    with portail.db.read() as session:
        pairs = _creatable_pairs(session, acteur)
        newest = _newest_versions(session, {centre_id for centre_id, _ in pairs})
        wanted = select(Collectivite.id, Collectivite.nom).where(Collectivite.id.in_({one for _, one in pairs}))
        names = dict(session.execute(wanted).all())
        found = [
            Creatable(collectivite_id, names[collectivite_id], version_id, titre, centre_id, centre)
            for centre_id, collectivite_id in pairs
            for version_id, titre, centre in newest.get(centre_id, [])
        ]
    return sorted(found, key=lambda one: (fold(one.collectivite), one.offre))


def _creatable_pairs(session: Session, acteur: Acteur) -> set[tuple[UUID, UUID]]:
    """(centre, collectivité) couples. A centre knows a collectivité by a dossier or by an accepted request. A request that
    was forwarded to the collectivité's own people opens that centre's offers to them, and nothing to the centre."""
    mine = acteur.collectivites_with(Role.GESTIONNAIRE)
    centres = acteur.centres_with(Role.INSTRUCTEUR)
    pairs: set[tuple[UUID, UUID]] = set()
    for table in (Dossier, DemandeAdhesion):
        query = select(table.centre_id, table.collectivite_id).where(
            table.collectivite_id.is_not(None),
            or_(table.collectivite_id.in_(mine), table.centre_id.in_(centres)),
        )
        pairs.update((centre_id, one) for centre_id, one in session.execute(query.distinct()) if one)
    forwarded = (
        select(DemandeAdhesion.centre_id, Collectivite.id)
        .join(Collectivite, Collectivite.siren == DemandeAdhesion.siren)
        .where(DemandeAdhesion.etat == "acceptee", Collectivite.id.in_(mine))
    )
    pairs.update((centre_id, one) for centre_id, one in session.execute(forwarded.distinct()))
    alone = session.scalars(select(Centre.id).limit(2)).all()
    if len(alone) == 1:  # one centre only: every collectivité of the person is its own
        pairs.update((alone[0], one) for one in mine)
    return pairs


def _newest_versions(session: Session, centre_ids: set[UUID]) -> dict[UUID, list[tuple[UUID, str, str]]]:
    query = (
        select(OffreVersion.id, OffreVersion.code, OffreVersion.titre, Centre.id, Centre.nom)
        .join(Centre, Centre.id == OffreVersion.centre_id)
        .where(OffreVersion.etat == "publiee", OffreVersion.centre_id.in_(centre_ids))
        .order_by(OffreVersion.numero)
    )
    newest = {
        (centre_id, code): (version_id, titre, nom)
        for version_id, code, titre, centre_id, nom in session.execute(query)
    }
    found: dict[UUID, list[tuple[UUID, str, str]]] = {}
    for (centre_id, _), version in newest.items():
        found.setdefault(centre_id, []).append(version)
    return found
