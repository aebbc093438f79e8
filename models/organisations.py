"""Centres, collectivités, and the requests for adhesion that come from the public page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now

ETATS_DEMANDE = ("a_confirmer", "recue", "acceptee", "refusee")


class Centre(Base):
    """A centre de gestion. `parametres` is centre.yaml as the centre has edited it since (identity, references, signatories)."""

    __tablename__ = "centre"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    nom: Mapped[str] = mapped_column(String(200))
    fuseau: Mapped[str] = mapped_column(String(60))
    parametres: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Collectivite(Base):
    """A local authority, once, with its SIREN as key, shared by all centres (each sees it only through its own dossiers)."""

    __tablename__ = "collectivite"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    siren: Mapped[str] = mapped_column(String(9), unique=True)
    nom: Mapped[str] = mapped_column(String(200), index=True)
    type: Mapped[str] = mapped_column(String(30))
    code_insee: Mapped[str | None] = mapped_column(String(5))
    departement: Mapped[str | None] = mapped_column(String(3))
    code_postal: Mapped[str | None] = mapped_column(String(5))
    population: Mapped[int | None]
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (CheckConstraint("length(siren) = 9", name="siren_9_chiffres"),)


class DemandeAdhesion(Base):
    """A request from the public page *Demander une adhésion*: confirmed by mail, then accepted or refused by the centre."""

    __tablename__ = "demande_adhesion"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    etat: Mapped[str] = mapped_column(String(20), default="a_confirmer", index=True)
    siren: Mapped[str] = mapped_column(String(9))
    collectivite_nom: Mapped[str] = mapped_column(String(200))
    collectivite_type: Mapped[str] = mapped_column(String(30))
    prenom: Mapped[str] = mapped_column(String(100))
    nom: Mapped[str] = mapped_column(String(100))
    fonction: Mapped[str | None] = mapped_column(String(150))
    courriel: Mapped[str] = mapped_column(String(254))
    telephone: Mapped[str | None] = mapped_column(String(30))
    message: Mapped[str | None] = mapped_column(Text)
    creee_le: Mapped[datetime] = mapped_column(default=utc_now)
    confirmee_le: Mapped[datetime | None]
    traitee_le: Mapped[datetime | None]
    traitee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    motif: Mapped[str | None] = mapped_column(Text)
    collectivite_id: Mapped[UUID | None] = mapped_column(ForeignKey("collectivite.id"))

    centre: Mapped[Centre] = relationship()

    __table_args__ = (one_of("etat", ETATS_DEMANDE),)
