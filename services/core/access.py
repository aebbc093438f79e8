"""Who is acting, and what they may see. Every query starts from a `visible_*` helper; every action from `require`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Refus
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import Acte, Affectation, Centre, Convention, Dossier, RoleAttribue, Utilisateur
from services.core.locks import lock_row, locked


@dataclass(frozen=True)
class Acteur:
    """The person acting, with the roles they hold today. Built anew for each request (services.comptes.sessions), never kept."""

    utilisateur_id: UUID
    nom: str
    courriel: str
    par_centre: dict[UUID, frozenset[Role]] = field(default_factory=dict)
    par_collectivite: dict[UUID, frozenset[Role]] = field(default_factory=dict)
    session_id: UUID | None = None
    adresse: str | None = None

    @property
    def centre_ids(self) -> frozenset[UUID]:
        """Centres where the person holds a role."""
        return frozenset(self.par_centre)

    @property
    def collectivite_ids(self) -> frozenset[UUID]:
        """Collectivités for which the person holds a role."""
        return frozenset(self.par_collectivite)

    @property
    def du_centre(self) -> bool:
        return bool(self.par_centre)

    def centres_with(self, *roles: Role) -> frozenset[UUID]:
        """Centres where the person holds one of `roles`."""
        return frozenset(key for key, held in self.par_centre.items() if held.intersection(roles))

    def collectivites_with(self, *roles: Role) -> frozenset[UUID]:
        """Collectivités for which the person holds one of `roles`."""
        return frozenset(key for key, held in self.par_collectivite.items() if held.intersection(roles))

    def roles_for(self, *, centre_id: UUID | None = None, collectivite_id: UUID | None = None) -> frozenset[Role]:
        """Roles held over this centre and over this collectivité, together."""
        centre = self.par_centre.get(centre_id, frozenset()) if centre_id else frozenset()
        collectivite = self.par_collectivite.get(collectivite_id, frozenset()) if collectivite_id else frozenset()
        return centre | collectivite

    def has(self, *roles: Role) -> bool:
        """Whether the person holds one of `roles` anywhere."""
        return bool(self.centres_with(*roles) or self.collectivites_with(*roles))


def load_acteur(
    session: Session,
    utilisateur: Utilisateur,
    day: date,
    *,
    session_id: UUID | None = None,
    adresse: str | None = None,
) -> Acteur:
    """The person with the roles in force on `day`."""
    query = select(RoleAttribue).where(RoleAttribue.utilisateur_id == utilisateur.id)
    return build_acteur(utilisateur, session.scalars(query), day, session_id=session_id, adresse=adresse)


def build_acteur(
    utilisateur: Utilisateur,
    roles: Iterable[RoleAttribue],
    day: date,
    *,
    session_id: UUID | None = None,
    adresse: str | None = None,
) -> Acteur:
    """The person with those of their `roles` that are in force on `day`."""
    centres: dict[UUID, set[Role]] = {}
    collectivites: dict[UUID, set[Role]] = {}
    for held in roles:
        if held.du > day or (held.au is not None and held.au < day):
            continue
        role = Role(held.role)
        if held.centre_id and role in ROLES_CENTRE:
            centres.setdefault(held.centre_id, set()).add(role)
        elif held.collectivite_id and role in ROLES_COLLECTIVITE:
            collectivites.setdefault(held.collectivite_id, set()).add(role)
    return Acteur(
        utilisateur_id=utilisateur.id,
        nom=utilisateur.nom_complet,
        courriel=utilisateur.courriel,
        par_centre={key: frozenset(roles) for key, roles in centres.items()},
        par_collectivite={key: frozenset(roles) for key, roles in collectivites.items()},
        session_id=session_id,
        adresse=adresse,
    )


def require(held: frozenset[Role], *roles: Role, message: str = "Votre rôle ne permet pas cette action.") -> None:
    """Raise Refus unless one of `roles` is among `held`."""
    if not held.intersection(roles):
        raise Refus(message)


def visible_dossiers(acteur: Acteur) -> Select[Dossier]:
    """Dossiers of the person's collectivités, and those addressed to the centres where the person is more than an
    assistant: the assistant of a centre records hours for the collectivités assigned to them, and reads no dossier."""
    return select(Dossier).where(_scope(Dossier, acteur, _wider_centres(acteur)))


def visible_conventions(acteur: Acteur) -> Select[Convention]:
    """Conventions of the person's collectivités, and those of the centres where the person is more than an assistant. An
    assistant sees those that they are, were or will be assigned to: last year's hours and report are still theirs."""
    assigned = select(Affectation.convention_id).where(
        Affectation.assistant_id == acteur.utilisateur_id,
        Affectation.centre_id.in_(acteur.centres_with(Role.ASSISTANT)),
    )
    seen = _scope(Convention, acteur, _wider_centres(acteur))
    if not acteur.centres_with(Role.ASSISTANT):
        return select(Convention).where(seen)
    return select(Convention).where(or_(seen, Convention.id.in_(assigned)))


def visible_actes(acteur: Acteur) -> Select[Acte]:
    """The conventions that the person may see, and the avenants to these."""
    seen = visible_conventions(acteur).with_only_columns(Convention.id)
    return select(Acte).where(or_(Acte.id.in_(seen), Acte.parent_id.in_(seen)))


def _wider_centres(acteur: Acteur) -> set[UUID]:
    """Centres where the person holds another role than assistant."""
    return {centre_id for centre_id, roles in acteur.par_centre.items() if roles - {Role.ASSISTANT}}


def _scope(
    table: type[Dossier] | type[Convention], acteur: Acteur, centre_ids: Collection[UUID]
) -> ColumnElement[bool]:
    conditions = []
    if centre_ids:
        conditions.append(table.centre_id.in_(centre_ids))
    if acteur.collectivite_ids:
        conditions.append(table.collectivite_id.in_(acteur.collectivite_ids))
    return or_(*conditions) if conditions else false()


def visible_centres(acteur: Acteur) -> Select[Centre]:
    """The person's centres, and those that hold a dossier of the person's collectivités."""
    conditions = [Centre.id.in_(acteur.centre_ids)]
    if acteur.collectivite_ids:
        conditions.append(
            Centre.id.in_(select(Dossier.centre_id).where(Dossier.collectivite_id.in_(acteur.collectivite_ids)))
        )
    return select(Centre).where(or_(*conditions))


def get_dossier(session: Session, acteur: Acteur, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """The dossier, if this person may see it; Introuvable otherwise. `lock` takes the row until the transaction ends,
    without its key: what refers to it goes on being recorded (a plain FOR UPDATE would make the two wait in a circle)."""
    query = visible_dossiers(acteur).where(Dossier.id == dossier_id)
    found = session.scalars(locked(query, of=Dossier) if lock else query).one_or_none()
    if found is None:
        raise Introuvable()
    return found


def get_convention(session: Session, acteur: Acteur, convention_id: UUID, *, lock: bool = False) -> Convention:
    """The convention, if this person may see it; Introuvable otherwise. `lock` takes the row until the transaction ends,
    without its key: what refers to it goes on being recorded (a plain FOR UPDATE would make the two wait in a circle)."""
    query = visible_conventions(acteur).where(Convention.id == convention_id)
    found = session.scalars(locked(query, of=Convention) if lock else query).one_or_none()
    if found is None:
        raise Introuvable()
    return found


def get_acte(session: Session, acteur: Acteur, acte_id: UUID, *, lock: bool = False) -> Acte:
    """The convention or the avenant, if this person may see it; Introuvable otherwise. `lock` takes the convention's row
    first, as everybody does, then the avenant's own."""
    query = visible_actes(acteur).where(Acte.id == acte_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise Introuvable()
    if lock:
        for ident in filter(None, (found.parent_id, found.id)):
            lock_row(session, Acte, ident)
    return found


def roles_on(acteur: Acteur, thing: Dossier | Acte) -> frozenset[Role]:
    """Roles the person holds over this dossier or this act, on either side."""
    return acteur.roles_for(centre_id=thing.centre_id, collectivite_id=thing.collectivite_id)


def only_assists(acteur: Acteur, thing: Dossier | Acte) -> bool:
    """Whether the person is nothing else than an assistant there: they come to the collectivité, and have no part in what is
    decided between it and the centre."""
    return roles_on(acteur, thing) == {Role.ASSISTANT}


def follows_for_centre(acteur: Acteur, thing: Dossier | Acte) -> bool:
    """Whether the person is on the centre's side of it, as more than an assistant."""
    return bool(acteur.roles_for(centre_id=thing.centre_id) - {Role.ASSISTANT})
