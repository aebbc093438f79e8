"""Published versions of an offer, and tariffs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of
from models.organisations import Centre


class OffreVersion(Base):
    """One bundle of an offer: forms, workflow, parameters (`contenu`, a domain.offer.Offer) and template hashes. Once
    published it never changes; a dossier keeps the one it began with."""

    __tablename__ = "offre_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    titre: Mapped[str] = mapped_column(String(200))
    numero: Mapped[int]
    etat: Mapped[str] = mapped_column(String(20), default="brouillon")
    contenu: Mapped[dict[str, Any]]
    gabarits: Mapped[dict[str, Any]]
    publiee_le: Mapped[datetime | None]
    publiee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    centre: Mapped[Centre] = relationship()

    __table_args__ = (
        UniqueConstraint("centre_id", "code", "numero"),
        one_of("etat", ("brouillon", "publiee", "retiree")),
    )


class Tarif(Base):
    """A tariff voted for one year: amount in euros per unit of `code` (temps_complet: a full-time year; heure: an hour)."""

    __tablename__ = "tarif"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    annee: Mapped[int]
    montant: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    deliberation_numero: Mapped[str | None] = mapped_column(String(60))
    deliberation_date: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("centre_id", "code", "annee"),
        CheckConstraint("montant >= 0", name="montant_positif"),
    )
