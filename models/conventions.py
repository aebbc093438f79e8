"""The convention: the legal act, created when a dossier's documents are issued; and gapless numbering."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.workflow import CONVENTION
from models.base import Base, new_id, one_of, utc_now
from models.dossiers import Dossier
from models.organisations import Centre, Collectivite


class Convention(Base):
    """A numbered, sealed convention. `sha256` seals the Word file, `manifeste` says what it was made from.

    What it is billed by: `quotite` percent of a full-time post, or `minutes_prevues` a year; `effectif` agents and `affiliee`
    choose the tariff where the centre has voted several."""

    __tablename__ = "convention"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), unique=True)
    numero: Mapped[str] = mapped_column(String(20))
    annee: Mapped[int]
    rang: Mapped[int]
    etat: Mapped[str] = mapped_column(String(30), default="a_signer", index=True)
    date_effet: Mapped[date]
    date_debut_prestations: Mapped[date]
    terme: Mapped[date]
    quotite: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    minutes_prevues: Mapped[int | None]
    effectif: Mapped[int | None]
    affiliee: Mapped[bool | None]
    montant_annuel: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    montant_premiere_annee: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    sha256: Mapped[str] = mapped_column(String(64))
    manifeste: Mapped[dict[str, Any]]
    emise_le: Mapped[datetime] = mapped_column(default=utc_now)
    emise_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    collectivite_signee_le: Mapped[date | None]
    collectivite_signataire: Mapped[str | None] = mapped_column(String(200))
    centre_signee_le: Mapped[date | None]
    centre_signataire: Mapped[str | None] = mapped_column(String(200))
    motif: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    centre: Mapped[Centre] = relationship()
    collectivite: Mapped[Collectivite] = relationship()
    dossier: Mapped[Dossier] = relationship()

    __table_args__ = (
        UniqueConstraint("centre_id", "annee", "rang"),
        UniqueConstraint("centre_id", "numero"),
        one_of("etat", tuple(CONVENTION.etats)),
    )
    __mapper_args__ = {"version_id_col": version}


class Numerotation(Base):
    """Last number given, by centre, series (`dossier`, `convention`) and year. Taken inside the transaction that uses it:
    no gap, no double."""

    __tablename__ = "numerotation"

    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), primary_key=True)
    serie: Mapped[str] = mapped_column(String(20), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    dernier: Mapped[int]
