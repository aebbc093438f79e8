"""What is due and what is invoiced: the years of a convention, statements (*décomptes*), requests for the service dégradé."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now
from models.conventions import Convention

ETATS_DECOMPTE = ("brouillon", "verifie", "emis", "paye", "annule")
NATURES_LIGNE = ("part", "heures", "etat_des_lieux", "service_degrade", "deplacement")
NATURES_EN_SUS = ("service_degrade", "deplacement")
"""Lines that come on top of what is due for the year."""


class Exercice(Base):
    """One year of a convention: what is due for it, and the working time it gives right to. The rollup of costs, kept by
    every transaction that changes it (signature, tariff, absence, statement) and rebuilt by a command.

    `montant_du`: euros committed (for hours: planned minutes × rate); `minutes_dues`: quota (F6, or the planned hours);
    `montant_facture`: issued statements less those cancelled, everything included; `montant_facture_du`: of it, what pays
    `montant_du` (service dégradé and journeys left out); `tarif_annee`: the year whose tariff was taken."""

    __tablename__ = "exercice"

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"))
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"))
    offre_code: Mapped[str] = mapped_column(String(60))
    quotite: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    tarif_annee: Mapped[int | None]
    tarif_montant: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    montant_du: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
    minutes_dues: Mapped[int] = mapped_column(default=0)
    montant_facture: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
    montant_facture_du: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))

    convention: Mapped[Convention] = relationship()

    __table_args__ = (Index("ix_exercice_centre_id_annee", "centre_id", "annee"),)


class Decompte(Base):
    """A statement for one convention and one period. Never edited once issued: cancelled by a counter-statement
    (`contre_id` is the one it cancels). `sha256` seals the Word file, `manifeste` says what it was made from."""

    __tablename__ = "decompte"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    exercice: Mapped[int]
    du: Mapped[date]
    au: Mapped[date]
    etat: Mapped[str] = mapped_column(String(20), default="brouillon", index=True)
    numero: Mapped[str | None] = mapped_column(String(20))
    annee: Mapped[int | None]
    rang: Mapped[int | None]
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0))
    contre_id: Mapped[UUID | None] = mapped_column(ForeignKey("decompte.id"), unique=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    manifeste: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    cree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    verifie_le: Mapped[datetime | None]
    verifie_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    emis_le: Mapped[datetime | None]
    emis_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    paye_le: Mapped[date | None]
    motif: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    convention: Mapped[Convention] = relationship()
    lignes: Mapped[list[LigneDecompte]] = relationship(
        order_by="LigneDecompte.ordre", cascade="all, delete-orphan", back_populates="decompte"
    )

    __table_args__ = (
        UniqueConstraint("centre_id", "annee", "rang"),
        UniqueConstraint("centre_id", "numero"),
        one_of("etat", ETATS_DECOMPTE),
        CheckConstraint("au >= du", name="dates_ordonnees"),
        Index(
            "uq_decompte_convention_id_du_vivant",
            "convention_id",
            "du",
            unique=True,
            sqlite_where=text("etat <> 'annule' AND contre_id IS NULL"),
            postgresql_where=text("etat <> 'annule' AND contre_id IS NULL"),
        ),
    )
    __mapper_args__ = {"version_id_col": version}


class LigneDecompte(Base):
    """One line of a statement: `quantite` of `unite` (minute, pourcent, km, unité) at `prix` euros makes `montant` euros,
    rounded on the line. `etapes`: how, in French."""

    __tablename__ = "ligne_decompte"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    decompte_id: Mapped[UUID] = mapped_column(ForeignKey("decompte.id"), index=True)
    ordre: Mapped[int]
    nature: Mapped[str] = mapped_column(String(20))
    libelle: Mapped[str] = mapped_column(String(300))
    quantite: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    unite: Mapped[str] = mapped_column(String(20))
    prix: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    montant: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    etapes: Mapped[list[Any]] = mapped_column(default=list)

    decompte: Mapped[Decompte] = relationship(back_populates="lignes")

    __table_args__ = (one_of("nature", NATURES_LIGNE),)


class DemandeServiceDegrade(Base):
    """The written request of a collectivité for the service dégradé (article 8.4, A57), answered by the centre. It holds
    no word about any agent: a reason from a closed list, and days (included)."""

    __tablename__ = "demande_service_degrade"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    etat: Mapped[str] = mapped_column(String(20), default="demandee", index=True)
    raison: Mapped[str] = mapped_column(String(30))
    du: Mapped[date]
    au: Mapped[date | None]
    minutes_max: Mapped[int | None]
    demandee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    demandee_le: Mapped[datetime] = mapped_column(default=utc_now)
    traitee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    traitee_le: Mapped[datetime | None]
    motif: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    convention: Mapped[Convention] = relationship()

    __table_args__ = (
        one_of("etat", ("demandee", "acceptee", "refusee", "retiree", "close")),
        CheckConstraint("au IS NULL OR au >= du", name="dates_ordonnees"),
    )
    __mapper_args__ = {"version_id_col": version}
