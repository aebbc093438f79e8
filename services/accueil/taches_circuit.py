"""Things to do that an offer's own circuit gives: states that it added, actions that it gave to other roles.

What the portal's circuits give is told by the lists of each side, in their words; here the words are those of the offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from domain.offer import ADHESION
from domain.offer.requests import CIRCUITS
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from domain.workflow.reading import CLOS, steps_forward
from domain.workflow.tables import DOSSIER, Workflow
from models import Collectivite, Dossier
from services.accueil.tache_rows import LIMIT, Tache
from services.adhesion.intitules import title_dossiers
from services.centre.offres import get_offer
from services.core.access import Acteur

Place = tuple[UUID, str, str]
"""An offer version, the nature of its dossiers, one of their states."""


def list_centre(session: Session, acteur: Acteur, mine: ColumnElement[bool]) -> list[Tache]:
    """Dossiers that wait for the person at the centre. `mine`: those that an instructeur looks after."""
    held = {role: acteur.centres_with(role) for role in ROLES_CENTRE}
    centres = Dossier.centre_id.in_(acteur.centre_ids)

    def scope(role: Role) -> ColumnElement[bool]:
        own = Dossier.centre_id.in_(held[role])
        return own & mine if role == Role.INSTRUCTEUR else own

    return _list(session, centres, {role for role, ids in held.items() if ids}, scope, "instruction")


def list_collectivite(session: Session, acteur: Acteur) -> list[Tache]:
    """Dossiers that wait for the person in their collectivités."""
    held = {role: acteur.collectivites_with(role) for role in ROLES_COLLECTIVITE}
    theirs = Dossier.collectivite_id.in_(acteur.collectivite_ids)
    return _list(
        session,
        theirs,
        {role for role, ids in held.items() if ids},
        lambda role: Dossier.collectivite_id.in_(held[role]),
        "dossier",
    )


def _list(
    session: Session,
    reach: ColumnElement[bool],
    roles: Iterable[Role],
    scope: Callable[[Role], ColumnElement[bool]],
    page: str,
) -> list[Tache]:
    places = (
        select(Dossier.offre_version_id, Dossier.nature, Dossier.etat)
        .where(reach, Dossier.etat.not_in(CLOS))
        .distinct()
    )
    held = sorted(roles)
    waiting: list[ColumnElement[bool]] = []
    words: dict[Place, tuple[str, str]] = {}
    for version_id, nature, etat in session.execute(places):
        own, table = _tables(session, version_id, nature)
        extra = [role for role in held if steps_forward(table, etat, {role}) and not steps_forward(own, etat, {role})]
        if not extra:
            continue
        here = and_(Dossier.offre_version_id == version_id, Dossier.nature == nature, Dossier.etat == etat)
        waiting += [here & scope(role) for role in extra]
        todo = " ou ".join(f"« {line.libelle} »" for line in steps_forward(table, etat, extra))
        words[version_id, nature, etat] = table.label(etat, collectivite=page == "dossier"), f"À faire : {todo}."
    if not waiting:
        return []
    query = (
        select(Dossier, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .where(or_(*waiting))
        .order_by(Dossier.modifie_le)
        .limit(LIMIT)
    )
    rows = session.execute(query).all()
    titles = title_dossiers(session, [dossier for dossier, _ in rows])
    found = []
    for dossier, nom in rows:
        label, detail = words[dossier.offre_version_id, dossier.nature, dossier.etat]
        titre = f"{titles[dossier.id]}, {nom}"
        found.append(
            Tache(f"Dossiers : {label.lower()}", titre, detail, page, {"id": str(dossier.id)}, dossier.modifie_le)
        )
    return found


def _tables(session: Session, version_id: UUID, nature: str) -> tuple[Workflow, Workflow]:
    """The portal's own circuit for these dossiers, and that of the offer."""
    offer = get_offer(session, version_id)
    base = DOSSIER if nature == ADHESION else CIRCUITS[offer.demande(nature).circuit]
    return base, offer.variant(nature).workflow_dossier
