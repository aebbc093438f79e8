"""The Word templates of an offer, for who writes them: which there are, what they may say, where each comes from.

Reads only. What changes a template is in services.offres.depot_gabarits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.uploads import DOCX_TYPE
from domain.definitions import DefinitionError, Fault
from domain.errors import Introuvable
from domain.offer import Centre as CentreDefinition
from domain.offer import Contexte, Document, Offer, read_offer
from domain.roles import Role
from models import Centre, OffreVersion, Utilisateur
from services.adhesion.editique import AnnexFile, Ingredients
from services.centre.centre_files import current_pieces
from services.centre.offres import current_version, list_tarifs
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.verification import check_draft
from services.offres.versions import find_draft, require_admin


@dataclass(frozen=True)
class OffreChoix:
    """An offer whose templates the person may change."""

    centre_id: UUID
    centre: str
    code: str
    titre: str


@dataclass(frozen=True)
class Gabarit:
    """One template file: what it is called for people, the document it is part of, the data that it sees. `publie` and
    `brouillon`: SHA-256 in the version in force and in the draft (None: not there)."""

    nom: str
    titre: str
    document_id: str
    document: str
    contexte: Contexte
    publie: str | None
    brouillon: str | None

    @property
    def modifie(self) -> bool:
        """Whether the draft holds another file than the version in force."""
        return self.brouillon is not None and self.brouillon != self.publie


@dataclass(frozen=True)
class Brouillon:
    """The draft of the offer, if any: `version` goes back with what is published; `fautes` is what its forms and settings
    keep from being published, whoever changed them."""

    id: UUID
    version: int
    numero: int
    modifie_le: datetime | None
    modifie_par: str | None
    fautes: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Banc:
    """What the template bench shows of one offer."""

    centre_id: UUID
    code: str
    titre: str
    fuseau: str
    publiee_id: UUID
    publiee_numero: int
    publiee_le: datetime | None
    gabarits: tuple[Gabarit, ...]
    brouillon: Brouillon | None

    def gabarit(self, nom: str | None) -> Gabarit:
        """The template of this file name, else the first one."""
        return next((one for one in self.gabarits if one.nom == nom), self.gabarits[0])


@dataclass(frozen=True)
class EtatGabarit:
    """One state of a template in the history of its offer: the version that brought it, who published it and when."""

    version_id: UUID
    numero: int
    etat: str
    le: datetime | None
    par: str | None
    sha256: str
    en_service: bool


@dataclass(frozen=True)
class Materiaux:
    """What the templates of one version are checked and tried with."""

    version_id: UUID
    made_of: Ingredients
    gabarits: Mapping[str, str]
    today: date
    fuseau: str = field(default=clock.DEFAULT_ZONE)


def list_offres(portail: Portail, acteur: Acteur) -> list[OffreChoix]:
    """Published offers of the centres that the person administers, by centre and title."""
    with portail.db.read() as session:
        query = (
            select(OffreVersion.centre_id, Centre.nom, OffreVersion.code, OffreVersion.titre)
            .join(Centre, Centre.id == OffreVersion.centre_id)
            .where(OffreVersion.centre_id.in_(acteur.centres_with(Role.ADMINISTRATEUR)), OffreVersion.etat == "publiee")
            .order_by(Centre.nom, OffreVersion.titre, OffreVersion.numero)
        )
        newest = {(row.centre_id, row.code): OffreChoix(*row) for row in session.execute(query)}
        return list(newest.values())


def open_banc(portail: Portail, acteur: Acteur, centre_id: UUID, code: str) -> Banc:
    """The templates of an offer, those of its draft when there is one. Introuvable without a published offer."""
    with portail.view(acteur, "gabarit.consulter", objet="offre", objet_id=code, centre_id=centre_id) as session:
        require_admin(acteur, centre_id)
        published = current_version(session, centre_id, code)
        draft = find_draft(session, centre_id, code)
        offer = readable_offer(draft) or read_offer(published.contenu)
        return Banc(
            centre_id=centre_id,
            code=code,
            titre=published.titre,
            fuseau=session.get_one(Centre, centre_id).fuseau,
            publiee_id=published.id,
            publiee_numero=published.numero,
            publiee_le=published.publiee_le,
            gabarits=tuple(_templates(offer, published.gabarits, draft.gabarits if draft else {})),
            brouillon=_draft(session, draft) if draft else None,
        )


def _draft(session: Session, draft: OffreVersion) -> Brouillon:
    editor = session.get(Utilisateur, draft.modifiee_par) if draft.modifiee_par else None
    name = editor.nom_complet if editor else None
    return Brouillon(draft.id, draft.version, draft.numero, draft.modifiee_le, name, check_draft(session, draft))


def _templates(offer: Offer, published: Mapping[str, str], draft: Mapping[str, str]) -> list[Gabarit]:
    found: dict[str, Gabarit] = {}
    for document in offer.documents:
        for part in document.parts:
            annexe = offer.annexe(part.annexe) if part.annexe else None
            nom = str(part.template or (annexe and annexe.template))
            titre = f"Annexe : {annexe.titre}" if annexe else document.titre
            found.setdefault(
                nom,
                Gabarit(nom, titre, document.id, document.titre, document.contexte, published.get(nom), draft.get(nom)),
            )
    return list(found.values())


def readable_offer(version: OffreVersion | None) -> Offer | None:
    """The offer that a version holds; None when there is none, or when the draft is faulty."""
    if version is None:
        return None
    try:
        return read_offer(version.contenu)
    except DefinitionError:
        return None


def list_history(portail: Portail, acteur: Acteur, centre_id: UUID, code: str, nom: str) -> list[EtatGabarit]:
    """Each different file that a template has been, the newest first; the draft apart."""
    with portail.view(acteur, "gabarit.consulter", objet="offre", objet_id=code, centre_id=centre_id) as session:
        require_admin(acteur, centre_id)
        query = (
            select(OffreVersion, Utilisateur)
            .outerjoin(Utilisateur, Utilisateur.id == OffreVersion.publiee_par)
            .where(OffreVersion.centre_id == centre_id, OffreVersion.code == code, OffreVersion.etat != "brouillon")
            .order_by(OffreVersion.numero)
        )
        rows = [(version, author) for version, author in session.execute(query) if nom in version.gabarits]
        in_force = next((row.gabarits[nom] for row, _ in reversed(rows) if row.etat == "publiee"), None)
        found: list[EtatGabarit] = []
        for version, author in rows:
            sha256 = str(version.gabarits[nom])
            if found and found[-1].sha256 == sha256:
                continue
            par = author.nom_complet if author else None
            found.append(EtatGabarit(version.id, version.numero, version.etat, version.publiee_le, par, sha256, False))
    last = next((index for index in range(len(found) - 1, -1, -1) if found[index].sha256 == in_force), None)
    return [replace(one, en_service=index == last) for index, one in enumerate(found)][::-1]


def load_version(session: Session, acteur: Acteur, version_id: UUID | None) -> OffreVersion:
    """A version of an offer of a centre that the person administers; Introuvable otherwise."""
    version = session.get(OffreVersion, version_id) if version_id else None
    if version is None:
        raise Introuvable()
    require_admin(acteur, version.centre_id)
    return version


def load_materials(portail: Portail, session: Session, version: OffreVersion) -> Materiaux:
    """What this version's templates are tried with; of a draft whose definitions are faulty, the published ones. The caller
    checked the permission."""
    centre = session.get_one(Centre, version.centre_id)
    offer = readable_offer(version)
    if offer is None:
        offer = read_offer(current_version(session, version.centre_id, version.code).contenu)
    pieces = current_pieces(session, centre.id)
    logo = pieces.get(("logo", ""))
    annexes = {
        annexe.id: AnnexFile(piece.nom, piece.sha256, piece.type_mime)
        for annexe in offer.annexes
        if annexe.source == "piece_centre" and (piece := pieces.get(("annexe_centre", annexe.id)))
    }
    gabarits: dict[str, Any] = dict(version.gabarits)
    made_of = Ingredients(
        offer=offer,
        centre=CentreDefinition.model_validate(centre.parametres),
        tarifs=tuple(list_tarifs(session, centre.id)),
        gabarits=gabarits,
        read=portail.files.read,
        annexes=annexes,
        logo=logo.sha256 if logo else None,
        version=version.numero,
    )
    return Materiaux(version.id, made_of, gabarits, clock.today(centre.fuseau), centre.fuseau)


def document_of(offer: Offer, nom: str) -> Document:
    """The first document that a template is part of; Introuvable when none has it."""
    for document in offer.documents:
        if any((part.template or offer.annexe(str(part.annexe)).template) == nom for part in document.parts):
            return document
    raise Introuvable()


def is_composed_in(annexe: AnnexFile | None) -> bool:
    """Whether the centre's own file for an annex is part of the Word document."""
    return annexe is not None and annexe.type_mime == DOCX_TYPE
