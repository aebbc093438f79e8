"""Stored bytes (by hash, once) and the rows through which people reach them (by opaque id, permission-checked)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of, utc_now

USAGES = (
    "reponse",
    "convention",
    "convention_pdf",
    "annexe",
    "signee_collectivite",
    "signee_centre",
    "accuse_prefecture",
    "logo",
    "annexe_centre",
    "deliberation_tarif",
    "decompte",
    "bilan",
    "avenant",
    "avenant_pdf",
    "courrier",
    "denonciation",
    "mise_en_demeure",
    "certificat_elimination",
)


class Fichier(Base):
    """Bytes in the file store, named by their SHA-256. Deleted from the store when nothing refers to them any more."""

    __tablename__ = "fichier"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    taille: Mapped[int]
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)


class Piece(Base):
    """A named file of exactly one owner (dossier, convention or centre). `retiree_le` takes it away without losing it."""

    __tablename__ = "piece"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(ForeignKey("fichier.sha256"), index=True)
    usage: Mapped[str] = mapped_column(String(30))
    nom: Mapped[str] = mapped_column(String(200))
    type_mime: Mapped[str] = mapped_column(String(100))
    taille: Mapped[int]
    pages: Mapped[int | None]
    analyse: Mapped[dict[str, Any]] = mapped_column(default=dict)
    champ: Mapped[str | None] = mapped_column(String(120))
    centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("centre.id"), index=True)
    dossier_id: Mapped[UUID | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    convention_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention.id"), index=True)
    deposee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    deposee_le: Mapped[datetime] = mapped_column(default=utc_now)
    retiree_le: Mapped[datetime | None]

    __table_args__ = (
        one_of("usage", USAGES),
        CheckConstraint(
            "(CASE WHEN centre_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN dossier_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN convention_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="un_seul_proprietaire",
        ),
        Index("ix_piece_dossier_champ", "dossier_id", "champ"),
    )
