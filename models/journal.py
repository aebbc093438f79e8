"""Append-only, hash-chained journal; operations done once; mails to send."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of, utc_now


class AuditEvent(Base):
    """One line of the journal. Opaque ids and hashes only, so that what must be erased can be. `hash` covers the line and
    the previous line's hash (services.core.journal)."""

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    le: Mapped[datetime]
    acteur_id: Mapped[UUID | None]
    centre_id: Mapped[UUID | None] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(60), index=True)
    objet: Mapped[str | None] = mapped_column(String(30))
    objet_id: Mapped[str | None] = mapped_column(String(64), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hash: Mapped[str] = mapped_column(String(64))


class JournalHead(Base):
    """The end of the chain: one row, locked while a transaction appends. `installation` names this database: the file
    store carries the same name, so that neither is ever used with another (services.core.files.check_owner)."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    installation: Mapped[UUID] = mapped_column(default=new_id)


class Operation(Base):
    """An operation id that a page made for one intent: the second arrival (double click, resent form) changes nothing."""

    __tablename__ = "operation"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    le: Mapped[datetime] = mapped_column(default=utc_now)


class Courriel(Base):
    """A mail to send, written in the transaction that wants it. Text is made when it is sent: links carry a secret that is
    never stored."""

    __tablename__ = "courriel"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    modele: Mapped[str] = mapped_column(String(40))
    destinataire: Mapped[str] = mapped_column(String(254))
    utilisateur_id: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    demande_id: Mapped[UUID | None] = mapped_column(ForeignKey("demande_adhesion.id"), index=True)
    centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("centre.id"), index=True)
    parametres: Mapped[dict[str, Any]] = mapped_column(default=dict)
    etat: Mapped[str] = mapped_column(String(20), default="a_envoyer", index=True)
    erreur: Mapped[str | None] = mapped_column(Text)
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    envoye_le: Mapped[datetime | None]

    __table_args__ = (one_of("etat", ("a_envoyer", "envoye", "echec", "incertain", "sans_smtp", "annule")),)
