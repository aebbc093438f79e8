"""Files that belong to a centre: its logo, and the annexes it supplies itself (its code of ethics…).

An annex's file is a piece of usage `annexe_centre` whose `champ` is the annex's id in the offers. Replacing one keeps the
old one, since issued conventions were made with it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from io import BytesIO
from pathlib import PurePath
from uuid import UUID

from docx import Document as new_document
from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.engine.compiled import CompiledTemplate
from documents.uploads import UploadKind, check_upload
from documents.word.compose import Part, compose
from documents.word.logo import check_logo
from domain.errors import Introuvable, Invalide
from domain.offer import Offer
from domain.roles import Role
from domain.text import clean_text
from models import Centre, Piece, utc_now
from services.centre.offres import get_offer, published_offers
from services.core.access import Acteur, require
from services.core.files import store
from services.core.locks import WHOLE, find_row, lock_row
from services.core.portail import Portail, once, record

logger = logging.getLogger("portail")

MAX_LOGO = 1_000_000


def annexes_of(offers: Iterable[Offer]) -> dict[str, str]:
    """Annexes that the centre supplies as files: title by id."""
    return {annexe.id: annexe.titre for offer in offers for annexe in offer.annexes if annexe.source == "piece_centre"}


def current_pieces(session: Session, centre_id: UUID) -> dict[tuple[str, str], Piece]:
    """The centre's current files by (usage, annex id), the newest of each."""
    query = select(Piece).where(Piece.centre_id == centre_id, Piece.retiree_le.is_(None)).order_by(Piece.deposee_le)
    return {(piece.usage, piece.champ or ""): piece for piece in session.scalars(query)}


def attach_logo(portail: Portail, acteur: Acteur, centre_id: UUID, *, nom: str, data: bytes, operation_id: str) -> None:
    """Replace the centre's logo (PNG or JPEG). Invalide with `champ` "logo" when it is not one."""
    checked = _check("logo", nom, data, ("png", "jpeg"), MAX_LOGO)
    _attach(portail, acteur, centre_id, "logo", None, nom, data, checked, operation_id)


def attach_annexe(
    portail: Portail, acteur: Acteur, centre_id: UUID, annexe: str, *, nom: str, data: bytes, operation_id: str
) -> None:
    """Replace the file of an annex (DOCX or PDF). Invalide with `champ` the annex's id when it cannot be used."""
    checked = _check(annexe, nom, data, ("docx", "pdf"), portail.settings.taille_max_mo * 1_000_000)
    _attach(portail, acteur, centre_id, "annexe_centre", annexe, nom, data, checked, operation_id)


def remove_centre_file(portail: Portail, acteur: Acteur, piece_id: UUID) -> None:
    """Take a file of the centre away from what is issued from now on."""
    with portail.action(acteur, "centre.retirer_fichier", objet="piece", objet_id=piece_id) as session:
        piece = find_row(session, Piece, piece_id, WHOLE)
        if piece is None or piece.centre_id is None or piece.centre_id not in acteur.centre_ids:
            raise Introuvable()
        require(acteur.roles_for(centre_id=piece.centre_id), Role.ADMINISTRATEUR)
        if piece.retiree_le is None:
            piece.retiree_le = utc_now()
            _record(session, acteur, "centre.retirer_fichier", piece)


def _attach(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    usage: str,
    annexe: str | None,
    nom: str,
    data: bytes,
    checked: UploadKind,
    operation_id: str,
) -> None:
    with portail.action(acteur, "centre.deposer_fichier", objet="centre", objet_id=centre_id) as session:
        if centre_id not in acteur.centre_ids:
            raise Introuvable()
        require(acteur.roles_for(centre_id=centre_id), Role.ADMINISTRATEUR)
        # The centre's row is the lock: two people who replace the same file leave one current file.
        lock_row(session, Centre, centre_id)
        if annexe is not None:
            offers = [get_offer(session, version.id) for version in published_offers(session, centre_id)]
            if annexe not in annexes_of(offers):
                raise Introuvable()
        if not once(session, operation_id):
            return
        former = current_pieces(session, centre_id).get((usage, annexe or ""))
        if former is not None:
            former.retiree_le = utc_now()
        piece = Piece(
            sha256=store(session, portail.files, data).sha256,
            usage=usage,
            nom=clean_text(PurePath(nom).name)[:200] or "fichier",
            type_mime=checked.content_type,
            taille=len(data),
            pages=checked.report.pages if checked.report else None,
            champ=annexe,
            centre_id=centre_id,
            deposee_par=acteur.utilisateur_id,
        )
        session.add(piece)
        session.flush()
        _record(session, acteur, "centre.deposer_fichier", piece)


def _record(session: Session, acteur: Acteur, action: str, piece: Piece) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=piece.centre_id,
        objet="piece",
        objet_id=piece.id,
        usage=piece.usage,
        annexe=piece.champ,
        sha256=piece.sha256,
    )


def _compose_alone(data: bytes) -> None:
    """Make a document of this annex, as issuing does: a file that cannot be composed is refused when it is deposited, not
    when a convention is issued."""
    try:
        CompiledTemplate(compose([Part(_cover()), Part(data, static=True)])).render({})
    except Invalide:
        raise
    except Exception as error:  # whatever an unusual file makes the engine stumble on
        logger.exception("an annex could not be composed")
        raise Invalide(
            "Ce document Word ne peut pas être joint aux conventions. Enregistrez-le à nouveau dans Word, ou déposez un PDF."
        ) from error


def _cover() -> bytes:
    """A page for the annex to come after."""
    document, stream = new_document(), BytesIO()
    document.add_paragraph("Annexe")
    document.save(stream)
    return stream.getvalue()


def _check(champ: str, nom: str, data: bytes, kinds: Collection[str], limit: int) -> UploadKind:
    """What the file is; the message of a refusal belongs to `champ`."""
    try:
        checked = check_upload(nom, data, kinds, limit)
        if checked.kind == "docx":
            _compose_alone(data)
        elif champ == "logo":
            check_logo(data)
    except Invalide as error:
        raise Invalide(error.message, champ=champ) from error
    return checked
