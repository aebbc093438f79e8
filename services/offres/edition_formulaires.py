"""The form editor: what an administrator sees of an offer's forms, and one change at a time to its draft.

Reading makes nothing: the draft begins with the first change. What may be done to a form is in `domain.forms.editing` and
`domain.forms.structure_editing`; keeping, publishing and discarding the draft is `services.offres.versions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.definitions import Fault
from domain.errors import Introuvable
from domain.forms.editing import Contenu, field_ids
from domain.offer.reading import list_rows
from domain.offer.settings import LISTES
from domain.roles import Role
from models import Centre, OffreVersion
from services.centre.offres import published_offers
from services.centre.tarif_views import list_choices
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.diff import Change, describe_changes, describe_gabarits
from services.offres.versions import find_draft, open_draft, require_admin, save_draft, view_draft


@dataclass(frozen=True)
class OffreEditable:
    """An offer that the person may change. `publiee`: whether some version of it is in force."""

    centre_id: UUID
    centre: str
    code: str
    titre: str
    publiee: bool = True


@dataclass(frozen=True)
class Permanents:
    """Ids that published versions of an offer gave out, for ever: of fields, of forms, and of the rows of each list of
    `domain.offer.settings`."""

    champs: frozenset[str]
    formulaires: frozenset[str]
    lignes: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class EditionView:
    """An offer as it is being changed. Without a draft, `contenu` is what is published and `draft_id` None; `version` goes
    back with each change. `publie` and `numero` are the version in force (empty and 0 for an offer that was never published);
    `changements` is what publishing the draft would change, whoever changed it: its questions, its settings, its Word
    templates. `tarifs`: the kinds of tariffs that the offer may name, by code."""

    centre_id: UUID
    fuseau: str
    code: str
    titre: str
    numero: int
    contenu: Contenu = field(repr=False)
    publie: Contenu = field(repr=False)
    permanents: Permanents = field(repr=False)
    changements: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()
    draft_id: UUID | None = None
    version: int | None = None
    modifiee_le: datetime | None = None
    modifiee_par: str | None = None
    tarifs: dict[str, str] = field(default_factory=dict)


Operation = Callable[[Contenu, Permanents], Contenu]
"""One change: gives the new content, or raises Invalide; it may not touch the one it was given."""


def list_editable(portail: Portail, acteur: Acteur) -> list[OffreEditable]:
    """Published offers of the centres that the person administers, by centre and title."""
    with portail.db.read() as session:
        query = select(Centre).where(Centre.id.in_(acteur.centres_with(Role.ADMINISTRATEUR))).order_by(Centre.nom)
        return [
            OffreEditable(centre.id, centre.nom, version.code, version.titre)
            for centre in session.scalars(query)
            for version in published_offers(session, centre.id)
        ]


def list_administered(portail: Portail, acteur: Acteur) -> list[OffreEditable]:
    """As `list_editable`, then the offers that came in as files and were never published."""
    found = list_editable(portail, acteur)
    known = {(one.centre_id, one.code) for one in found}
    with portail.db.read() as session:
        query = (
            select(OffreVersion.centre_id, Centre.nom, OffreVersion.code, OffreVersion.titre)
            .join(Centre, Centre.id == OffreVersion.centre_id)
            .where(
                OffreVersion.centre_id.in_(acteur.centres_with(Role.ADMINISTRATEUR)), OffreVersion.etat == "brouillon"
            )
            .order_by(Centre.nom, OffreVersion.titre)
        )
        fresh = [OffreEditable(*row, publiee=False) for row in session.execute(query)]
    return [*found, *(one for one in fresh if (one.centre_id, one.code) not in known)]


def open_edition(portail: Portail, acteur: Acteur, centre_id: UUID, code: str) -> EditionView:
    """An offer as its draft says, or as it is in force. Introuvable for another centre's, or an unknown one."""
    with portail.view(acteur, "offre.consulter", objet="offre", objet_id=code, centre_id=centre_id) as session:
        require_admin(acteur, centre_id)
        published = next((one for one in published_offers(session, centre_id) if one.code == code), None)
        row = find_draft(session, centre_id, code)
        if published is None and row is None:
            raise Introuvable("Cette offre n’existe pas.")
        centre = session.get_one(Centre, centre_id)
        view = EditionView(
            centre_id=centre_id,
            fuseau=centre.fuseau,
            code=code,
            titre=published.titre if published else "",
            numero=published.numero if published else 0,
            contenu=published.contenu if published else {},
            publie=published.contenu if published else {},
            permanents=_permanents(session, centre_id, code),
            tarifs=list_choices(session, centre_id),
        )
        if row is None:
            return view
        draft = view_draft(session, row)
        return replace(
            view,
            titre=row.titre,
            contenu=draft.contenu,
            changements=(
                *describe_changes(view.publie, draft.contenu),
                *describe_gabarits(published.gabarits if published else {}, draft.gabarits),
            ),
            faults=draft.faults,
            draft_id=draft.id,
            version=draft.version,
            modifiee_le=draft.modifiee_le,
            modifiee_par=draft.modifiee_par,
        )


def _permanents(session: Session, centre_id: UUID, code: str) -> Permanents:
    """What every published version asked, withdrawn ones included."""
    query = select(OffreVersion.contenu).where(
        OffreVersion.centre_id == centre_id, OffreVersion.code == code, OffreVersion.etat != "brouillon"
    )
    contents = list(session.scalars(query))
    return Permanents(
        frozenset().union(*(field_ids(one) for one in contents)),
        frozenset(str(form["id"]) for one in contents for form in one["forms"]),
        {
            code: frozenset(str(row[liste.cle]) for one in contents for row in list_rows(one, code))
            for code, liste in LISTES.items()
        },
    )


def edit_offer(
    portail: Portail, acteur: Acteur, centre_id: UUID, code: str, version_vue: int | None, operation: Operation
) -> bool:
    """Apply one change to the draft, made from the version in force when there is none. `version_vue` is what was shown:
    Conflit when somebody changed the draft since. False when the change changes nothing, and then nothing is kept."""
    view = open_edition(portail, acteur, centre_id, code)
    changed = operation(view.contenu, view.permanents)
    if changed == view.contenu:
        return False
    draft = open_draft(portail, acteur, centre_id, code)
    if view.draft_id is None and version_vue is None and draft.contenu == view.contenu:
        version_vue = draft.version  # it was made just now, by this change
    save_draft(portail, acteur, draft.id, version_vue or 0, changed)
    return True
