"""Documents that belong to no dossier (statement, annual report, note of a simulation): rendered with the newest published
version of the offer, through the same compiled engine and cache as conventions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from documents.contexts.adhesion import build_centre, build_offre
from documents.word.seal import seal
from domain.errors import Invalide
from domain.offer import Centre, Contexte, Document, Offer
from models import Centre as CentreTable
from services.adhesion.editique import Ingredients, Rendered, compiled_master
from services.centre.centre_files import current_pieces
from services.centre.offres import current_version, get_offer
from services.core.portail import Portail


class DocumentAbsent(Invalide):
    """The offer has no template for what is asked."""


def load_published(portail: Portail, session: Session, centre_id: UUID, offre_code: str) -> Ingredients:
    """What documents of the newest published version of an offer are made from. Introuvable when none is published."""
    version = current_version(session, centre_id, offre_code)
    centre = session.get_one(CentreTable, centre_id)
    logo = current_pieces(session, centre_id).get(("logo", ""))
    return Ingredients(
        offer=get_offer(session, version.id),
        centre=Centre.model_validate(centre.parametres),
        tarifs=(),
        gabarits=version.gabarits,
        read=portail.files.read,
        logo=logo.sha256 if logo else None,
        version=version.numero,
    )


def find_document(offer: Offer, contexte: Contexte) -> Document:
    """The document of this context; DocumentAbsent says what to do when the offer has none."""
    found = offer.document_for(contexte)
    if found is None:
        raise DocumentAbsent(
            f"L’offre « {offer.titre} » n’a pas de gabarit Word pour ce document ({LABELS[contexte]}) : "
            "un administrateur doit l’ajouter aux documents de l’offre."
        )
    return found


LABELS: dict[Contexte, str] = {
    "adhesion": "adhésion",
    "decompte": "décompte",
    "bilan": "bilan annuel",
    "simulation": "note de simulation",
    "courrier_tarif": "lettre sur les tarifs",
    "denonciation": "dénonciation",
    "mise_en_demeure": "mise en demeure",
    "resiliation": "constat de résiliation",
    "elimination": "certificat d’élimination",
}


def render_published(
    portail: Portail,
    session: Session,
    centre_id: UUID,
    offre_code: str,
    document_id: str,
    context: Mapping[str, Any],
    *,
    nom: str | None = None,
) -> Rendered:
    """The document `document_id` (its id, or the name of its context) of the newest published version of the offer.

    `context` is the tree that its template sees, without `centre` and `offre`, which are added. `nom` is the file's name (`<document>.docx`).
    DocumentAbsent when the offer has no such document; Invalide when the template asks for what is not there.
    """
    return render_with(load_published(portail, session, centre_id, offre_code), document_id, context, nom=nom)


def render_with(
    made_of: Ingredients, document_id: str, context: Mapping[str, Any], *, nom: str | None = None
) -> Rendered:
    """The same from ingredients already loaded: for many documents of one centre and offer."""
    document = _find(made_of.offer, document_id)
    for part in document.parts:
        if part.template and part.template not in made_of.gabarits:
            raise DocumentAbsent(f"Le gabarit Word « {part.template} » n’est pas enregistré avec l’offre publiée.")
    whole = {
        **context,
        "centre": build_centre(made_of.centre, made_of.offer),
        "offre": build_offre(made_of.offer),
    }
    data = compiled_master(made_of, document, None).render(whole)
    version = f"{made_of.offer.centre}/{made_of.offer.code} v{made_of.version}"
    manifest = {
        **seal(data, whole, {}, version),
        "gabarits": {name: made_of.gabarits[name] for part in document.parts if (name := part.template)},
        "document": document.id,
        "logo": made_of.logo,
    }
    return Rendered(
        nom=nom or f"{document.id}.docx", data=data, sha256=manifest["sha256"], manifest=manifest, context=dict(whole)
    )


def _find(offer: Offer, document_id: str) -> Document:
    for document in offer.documents:
        if document.id == document_id:
            return document
    if document_id in LABELS:
        return find_document(offer, document_id)
    raise DocumentAbsent(f"L’offre « {offer.titre} » n’a pas de document « {document_id} ».")
