"""The letters about the end of a convention: rendered with the newest published templates of its offer, kept with it.

A letter is an aid to whoever sends it: an offer without a template for it loses the letter, never the act it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.contexts.lettres import build_convention, build_lettre
from documents.uploads import DOCX_TYPE, UploadKind, check_upload
from domain.errors import Invalide
from domain.offer import Contexte
from domain.text import clean_text
from models import Convention, Piece, utc_now
from services.adhesion.editique import Rendered
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur
from services.core.files import store
from services.core.portail import Portail
from services.facturation.gabarits import DocumentAbsent, render_published
from services.facturation.scellement import find_debiteur
from services.vie.texte import text_in_force

MEGABYTE = 1_000_000
LETTRE = "lettre"
"""Mark, in the analysis of a file of these usages, of the centre's own letter: the other files are what was scanned."""


def render_lettre(
    portail: Portail,
    session: Session,
    convention: Convention,
    contexte: Contexte,
    sujet: Mapping[str, Mapping[str, Any]],
) -> Rendered:
    """The letter of this context about a convention, dated today; DocumentAbsent when its offer has no template for it."""
    offer = get_offer(session, convention.dossier.offre_version_id)
    today = clock.today(convention.centre.fuseau)
    answers = text_in_force(session, convention, today)  # the name and the representative of today, not of the adhesion
    context = build_lettre(
        jour=today,
        collectivite=find_debiteur(convention, offer, answers),
        convention=build_convention(
            numero=convention.numero,
            date_effet=convention.date_effet,
            terme=convention.terme,
            fin=convention.fin,
            signee_le=convention.centre_signee_le,
        ),
        answers=answers,
        **sujet,
    )
    nom = file_name(contexte, convention.numero, convention.collectivite.nom, extension="docx")
    return render_published(portail, session, convention.centre_id, offer.code, contexte, context, nom=nom)


def store_lettre(
    portail: Portail,
    session: Session,
    acteur: Acteur,
    convention: Convention,
    contexte: Contexte,
    sujet: Mapping[str, Mapping[str, Any]],
    *,
    usage: str,
    cle: UUID,
) -> Piece | None:
    """Keep the letter of this context in place of the one before, in the caller's transaction; None when the offer has no
    template for it. `cle` is the id of the notice that it is about."""
    try:
        rendered = render_lettre(portail, session, convention, contexte, sujet)
    except DocumentAbsent:
        return None
    for former in letters_of(session, convention.id, usage, cle):
        if former.analyse.get(LETTRE) == contexte:
            former.retiree_le = utc_now()
    piece = Piece(
        sha256=store(session, portail.files, rendered.data).sha256,
        usage=usage,
        nom=rendered.nom,
        type_mime=DOCX_TYPE,
        taille=len(rendered.data),
        analyse={LETTRE: contexte, "sceau": rendered.manifest},
        champ=str(cle),
        convention_id=convention.id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece


def letters_of(session: Session, convention_id: UUID, usage: str, cle: UUID) -> list[Piece]:
    """The files of a notice that were not taken away, oldest first."""
    query = select(Piece).where(
        Piece.convention_id == convention_id,
        Piece.usage == usage,
        Piece.champ == str(cle),
        Piece.retiree_le.is_(None),
    )
    return list(session.scalars(query.order_by(Piece.deposee_le, Piece.id)))


# Scans ------------------------------------------------------------------------------------------------------------------


def check_scan(portail: Portail, fichier: tuple[str, bytes]) -> UploadKind:
    """What a scanned letter is; Invalide with `champ` fichier when it is not accepted. Takes a process: never in a transaction."""
    try:
        return check_upload(fichier[0], fichier[1], ("pdf", "png", "jpeg"), portail.settings.taille_max_mo * MEGABYTE)
    except Invalide as error:
        raise Invalide(error.message, champ="fichier") from error


def keep_scan(
    portail: Portail,
    session: Session,
    acteur: Acteur,
    convention: Convention,
    fichier: tuple[str, bytes],
    checked: UploadKind,
    *,
    usage: str,
    cle: UUID,
) -> Piece:
    """Keep a scanned letter that `check_scan` accepted, beside the notice whose id is `cle`."""
    nom = PurePath(clean_text(fichier[0]).replace("\\", "/")).name[-200:] or "lettre"
    piece = Piece(
        sha256=store(session, portail.files, fichier[1]).sha256,
        usage=usage,
        nom=nom,
        type_mime=checked.content_type,
        taille=len(fichier[1]),
        pages=checked.report.pages if checked.report else None,
        analyse={"avertissements": list(checked.report.avertissements)} if checked.report else {},
        champ=str(cle),
        convention_id=convention.id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece
