"""What must be right before a draft becomes the version in force: the offer as a whole, its templates, its permanent ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.definitions import DefinitionError, Fault
from domain.forms.fields import FIELD_TYPES
from domain.offer import Offer, read_offer
from domain.text import suggestion
from models import OffreVersion, Tarif
from services.centre.tarif_views import LABELS, offered_codes

Types = Mapping[str, str]

_types_of_version: dict[UUID, Types] = {}


def check_draft(session: Session, draft: OffreVersion) -> tuple[Fault, ...]:
    """Everything that keeps a draft from being published: faults of the offer (each with its place), templates that are not
    there, ids of fields that were published and disappeared, or changed type, codes of no tariff. Empty when it can be published.

    What the templates contain is examined apart (services.offres.gabarits): that takes a process of its own.
    """
    try:
        offer = read_offer(draft.contenu)
    except DefinitionError as error:
        return error.faults
    return (
        *_missing_templates(offer, draft.gabarits),
        *_lost_ids(session, draft, offer),
        *_unknown_tarifs(session, draft, offer),
    )


def _unknown_tarifs(session: Session, draft: OffreVersion, offer: Offer) -> Iterator[Fault]:
    """A code that is neither usual, nor that of a tariff of the centre, nor that of an offer in force: nothing would be priced."""
    voted = session.scalars(select(Tarif.code).where(Tarif.centre_id == draft.centre_id).distinct())
    known = {*LABELS, *voted, *offered_codes(session, draft.centre_id)}
    for code in dict.fromkeys(offer.facturation.codes_tarifs):
        if code not in known:
            yield Fault(
                f"code du tarif « {code} »",
                f"aucun tarif du centre n’a ce code{suggestion(code, known)} : corrigez-le dans les réglages, ou enregistrez"
                " d’abord ce tarif sur la page Tarifs",
            )


def _missing_templates(offer: Offer, gabarits: Mapping[str, Any]) -> Iterator[Fault]:
    for name in offer.templates():
        if name not in gabarits:
            yield Fault(
                f"gabarit « {name} »", "ce fichier Word manque : déposez-le, ou retirez le document qui l’emploie"
            )


def _lost_ids(session: Session, draft: OffreVersion, offer: Offer) -> Iterator[Fault]:
    """Ids are permanent: answers, documents and requests for corrections refer to them for ever."""
    types = {field.id: field.type for form in offer.forms for _, field in form.iter_fields()}
    for field_id in _types_in(session, draft.issue_de):
        if field_id not in types:
            yield Fault(
                f"champ « {field_id} »",
                "un champ publié ne disparaît pas et ne change pas d’identifiant : marquez-le comme retiré, ses réponses"
                " seront conservées",
            )
    former = _former_types(session, draft)
    for field_id, kind in types.items():
        if former.get(field_id, kind) != kind:
            yield Fault(
                f"champ « {field_id} »",
                f"ce champ a été publié avec le type « {_type_label(former[field_id])} », qui ne change pas : retirez-le"
                " et ajoutez un champ d’un autre identifiant",
            )


def _type_label(code: str) -> str:
    kind = FIELD_TYPES.get(code)
    return kind.label if kind else code


def _former_types(session: Session, draft: OffreVersion) -> dict[str, str]:
    """Type of each field id that some version of the offer was published with."""
    query = (
        select(OffreVersion.id)
        .where(
            OffreVersion.centre_id == draft.centre_id,
            OffreVersion.code == draft.code,
            OffreVersion.etat != "brouillon",
        )
        .order_by(OffreVersion.numero)
    )
    return {key: kind for found in session.scalars(query) for key, kind in _types_in(session, found).items()}


def _types_in(session: Session, version_id: UUID | None) -> Types:
    """Type by field id in one published version, read once by each process since it never changes."""
    if version_id is None:
        return {}
    if version_id not in _types_of_version:
        contenu: Any = session.scalar(select(OffreVersion.contenu).where(OffreVersion.id == version_id)) or {}
        _types_of_version[version_id] = {
            field["id"]: field["type"]
            for form in contenu.get("forms", ())
            for section in form["sections"]
            for field in section["fields"]
        }
    return _types_of_version[version_id]
