"""Changing a Word template: a new file goes into the draft of its offer once it is right, the draft is published, an older
file comes back. What is in force changes only by a publication."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from documents.engine.lint import TemplateError
from documents.word.seal import sha256 as sha256_of
from domain.definitions import Fault
from domain.errors import Conflit, Introuvable, Invalide
from services.core import files
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.offres.controle_gabarits import check_gabarits, check_one
from services.offres.gabarits import document_of, load_materials, load_version
from services.offres.publication import publish_draft
from services.offres.verification import check_draft
from services.offres.versions import DraftView, open_draft, take_draft, touch

MEGABYTE = 1_000_000
SAME = "Ce fichier est celui qui est déjà en place : rien n’a changé."
TAKEN = "Quelqu’un d’autre a déposé un gabarit entre-temps. Rechargez la page, puis comparez avant de déposer le vôtre."


@dataclass(frozen=True)
class Depot:
    """What became of a file: kept in the draft, or what must be corrected in it first."""

    erreurs: tuple[TemplateError, ...] = ()

    @property
    def garde(self) -> bool:
        return not self.erreurs


def deposit_template(
    portail: Portail, acteur: Acteur, centre_id: UUID, code: str, nom: str, data: bytes, *, remplace: str | None
) -> Depot:
    """Check `data`, and put it into the draft of the offer as the template `nom` (the draft is made when there is none).

    `remplace` is the SHA-256 that the person saw in place: Conflit when it is another one by now. Nothing is kept of a file
    that has errors. Invalide when it is empty or too large.
    """
    largest = portail.settings.taille_max_mo
    if not data:
        raise Invalide("Ce fichier est vide.", champ="gabarit")
    if len(data) > largest * MEGABYTE:
        raise Invalide(f"Ce fichier dépasse {largest} Mo.", champ="gabarit")
    draft = open_draft(portail, acteur, centre_id, code)
    return _keep(portail, acteur, draft, nom, data, remplace)


def take_back_template(portail: Portail, acteur: Acteur, version_id: UUID, nom: str, *, remplace: str | None) -> Depot:
    """Put into the draft the template `nom` as it was in an older version, if it still suits the forms. Arguments and
    result as in `deposit_template`."""
    with portail.view(acteur, "gabarit.reprendre", objet="offre_version", objet_id=version_id) as session:
        version = load_version(session, acteur, version_id)
        sha256 = version.gabarits.get(nom)
        if sha256 is None:
            raise Introuvable()
        centre_id, code = version.centre_id, version.code
    draft = open_draft(portail, acteur, centre_id, code)
    return _keep(portail, acteur, draft, nom, portail.files.read(str(sha256)), remplace)


def _keep(portail: Portail, acteur: Acteur, draft: DraftView, nom: str, data: bytes, remplace: str | None) -> Depot:
    current = draft.gabarits.get(nom)
    if current != remplace:
        raise Conflit(TAKEN)
    if sha256_of(data) == current:
        raise Invalide(SAME, champ="gabarit")
    with portail.view(acteur, "gabarit.deposer", objet="offre_version", objet_id=draft.id) as session:
        found = load_materials(portail, session, load_version(session, acteur, draft.id))
        document_of(found.made_of.offer, nom)
    errors = check_one(found, nom, data)
    if errors:
        return Depot(tuple(errors))
    with portail.action(acteur, "gabarit.deposer", objet="offre_version", objet_id=draft.id) as session:
        # The draft is held, and still what it was, before the bytes are kept: a conflict leaves no file behind.
        version = take_draft(session, acteur, draft.id, draft.version)
        sha256 = files.store(session, portail.files, data).sha256
        version.gabarits = {**version.gabarits, nom: sha256}
        touch(version, acteur)
        session.flush()
        record(
            session,
            acteur,
            "gabarit.deposer",
            centre_id=version.centre_id,
            objet="offre_version",
            objet_id=draft.id,
            gabarit=nom,
            sha256=sha256,
        )
    return Depot()


def check_publication(portail: Portail, acteur: Acteur, draft_id: UUID) -> tuple[Fault, ...]:
    """What keeps the draft from being published: the faults of its forms and settings, else those of its templates."""
    with portail.view(acteur, "gabarit.consulter", objet="offre_version", objet_id=draft_id) as session:
        faults = check_draft(session, load_version(session, acteur, draft_id))
    return faults or check_gabarits(portail, acteur, draft_id)


def publish(portail: Portail, acteur: Acteur, draft_id: UUID, version: int) -> UUID:
    """Publish the draft of an offer, its templates checked first against its forms: DefinitionError lists every fault."""
    return publish_draft(portail, acteur, draft_id, version)
