"""Messages on a dossier, between the collectivité and the centre, and who has read them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from domain.errors import Invalide
from domain.roles import ROLES_CENTRE, Role
from domain.text import clean_text
from models import Dossier, LectureMessages, Message, Utilisateur, utc_now
from services.adhesion.dossier_views import MessageRow
from services.core.access import Acteur, get_dossier, require, roles_on
from services.core.portail import Portail, once, record
from services.courriels.notifications import notify_message

MAX_LENGTH = 5000
WRITERS = (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.INSTRUCTEUR, Role.RESPONSABLE)


def post_message(portail: Portail, acteur: Acteur, dossier_id: UUID, texte: str, *, operation_id: str) -> None:
    """Write `texte` on the dossier; the other side is told by mail. Invalide when it is empty or too long."""
    with portail.action(acteur, "message.ecrire", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        roles = roles_on(acteur, dossier)
        require(roles, *WRITERS, message="Votre rôle ne permet pas d’écrire sur ce dossier.")
        cleaned = clean_message(texte)
        if once(session, operation_id):
            add_message(session, acteur, dossier, cleaned, du_centre=bool(roles & ROLES_CENTRE))


def clean_message(texte: str) -> str:
    """`texte` as it is stored; Invalide when nothing is left of it or when it is too long."""
    cleaned = clean_text(texte, multiline=True)
    if not cleaned:
        raise Invalide("Écrivez votre message avant de l’envoyer.", champ="message")
    if len(cleaned) > MAX_LENGTH:
        over = len(cleaned) - MAX_LENGTH
        raise Invalide(f"Ce message est trop long de {over} caractères : raccourcissez-le.", champ="message")
    return cleaned


def add_message(session: Session, acteur: Acteur, dossier: Dossier, texte: str, *, du_centre: bool) -> Message:
    """Add a checked message, journal it and queue the mails, in the current transaction."""
    message = Message(dossier_id=dossier.id, auteur_id=acteur.utilisateur_id, du_centre=du_centre, texte=texte)
    session.add(message)
    session.flush()
    notify_message(session, dossier, du_centre=du_centre)
    record(
        session,
        acteur,
        "message.ecrire",
        centre_id=dossier.centre_id,
        objet="dossier",
        objet_id=dossier.id,
        message=message.id,
    )
    return message


def mark_messages_read(portail: Portail, acteur: Acteur, dossier_id: UUID, *, jusqu_a: datetime | None = None) -> None:
    """Remember that the person has read the messages written until `jusqu_a`, the date of the last one shown: one that
    arrived since then stays new. Without it, every message that the dossier has now. Nothing is written when none is new.
    """
    with portail.view(acteur, "message.lire", objet="dossier", objet_id=dossier_id) as session:
        get_dossier(session, acteur, dossier_id)
        if not count_unread(session, acteur, [dossier_id]):
            return
    with portail.action(acteur, "message.lire", objet="dossier", objet_id=dossier_id) as session:
        get_dossier(session, acteur, dossier_id, lock=True)
        key = (acteur.utilisateur_id, dossier_id)
        seen = session.get(LectureMessages, key)
        until = jusqu_a or utc_now()
        if seen is None:
            session.add(LectureMessages(utilisateur_id=key[0], dossier_id=key[1], lu_le=until))
        else:  # an older page, shown again, does not make new what was read since
            seen.lu_le = max(seen.lu_le, until)


def list_messages(session: Session, acteur: Acteur, dossier: Dossier) -> tuple[MessageRow, ...]:
    """The messages of one dossier, oldest first, as this person sees them."""
    du_centre = acteur_is_centre(acteur, dossier)
    seen = session.get(LectureMessages, (acteur.utilisateur_id, dossier.id))
    query = (
        select(Message, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Message.auteur_id)
        .where(Message.dossier_id == dossier.id)
        .order_by(Message.le, Message.id)
    )
    return tuple(
        MessageRow(
            id=message.id,
            auteur=author.nom_complet if author else "Compte supprimé",
            du_centre=message.du_centre,
            texte=message.texte,
            le=message.le,
            mien=message.auteur_id == acteur.utilisateur_id,
            nouveau=message.du_centre != du_centre and (seen is None or message.le > seen.lu_le),
        )
        for message, author in session.execute(query)
    )


def acteur_is_centre(acteur: Acteur, dossier: Dossier) -> bool:
    """Whether the person stands on the centre's side of this dossier."""
    return bool(acteur.par_centre.get(dossier.centre_id))


def count_unread(session: Session, acteur: Acteur, dossier_ids: Collection[UUID] | Select[UUID]) -> dict[UUID, int]:
    """Number of messages of the other side that the person has not read, by dossier (absent when none): one query."""
    query = (
        select(Message.dossier_id, func.count())
        .join(Dossier, Dossier.id == Message.dossier_id)
        .outerjoin(
            LectureMessages,
            and_(
                LectureMessages.dossier_id == Message.dossier_id,
                LectureMessages.utilisateur_id == acteur.utilisateur_id,
            ),
        )
        .where(
            Message.dossier_id.in_(dossier_ids),
            or_(LectureMessages.lu_le.is_(None), Message.le > LectureMessages.lu_le),
            _from_other_side(acteur),
        )
        .group_by(Message.dossier_id)
    )
    return dict(session.execute(query).all())


def _from_other_side(acteur: Acteur) -> ColumnElement[bool]:
    """Messages of the collectivité on dossiers of the person's centres, of the centre on the others."""
    mine = Dossier.centre_id.in_(acteur.centre_ids)
    return or_(and_(mine, Message.du_centre.is_(False)), and_(~mine, Message.du_centre.is_(True)))
