"""Published versions of an offer, and tariffs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now
from models.organisations import Centre


class OffreVersion(Base):
    """One bundle of an offer: forms, workflow, parameters (`contenu`, a domain.offer.Offer) and template hashes. Once
    published it never changes; a dossier keeps the one it began with.

    An offer has one draft at most, whose `contenu` may still be faulty; `issue_de` is the version it was made from. `sources`
    holds the texts of the files that the version came from, by path (`forms/offre.yaml`, `doc_templates/points.yaml`): a
    file that nobody edited goes out as it came in, comments included."""

    __tablename__ = "offre_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    titre: Mapped[str] = mapped_column(String(200))
    numero: Mapped[int]
    etat: Mapped[str] = mapped_column(String(20), default="brouillon")
    contenu: Mapped[dict[str, Any]]
    gabarits: Mapped[dict[str, Any]]
    sources: Mapped[dict[str, Any]] = mapped_column(default=dict)
    issue_de: Mapped[UUID | None] = mapped_column(ForeignKey("offre_version.id"))
    version: Mapped[int] = mapped_column(default=1)
    modifiee_le: Mapped[datetime | None]
    modifiee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    publiee_le: Mapped[datetime | None]
    publiee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    centre: Mapped[Centre] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("centre_id", "code", "numero"),
        one_of("etat", ("brouillon", "publiee", "retiree")),
        Index(
            "uq_offre_version_brouillon",
            "centre_id",
            "code",
            unique=True,
            sqlite_where=text("etat = 'brouillon'"),
            postgresql_where=text("etat = 'brouillon'"),
        ),
    )


PUBLICS_TARIF = ("tous", "affilie", "non_affilie")


class Tarif(Base):
    """A tariff voted for one year: amount in euros per unit of `code` (temps_complet: a full-time year; heure: an hour…).

    `public` and `effectif_min` say whom it is for: affiliated bodies or not, and from how many agents. A correction is a new
    row: the one it replaces stays, with `remplace_le`."""

    __tablename__ = "tarif"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    annee: Mapped[int]
    public: Mapped[str] = mapped_column(String(20), default="tous")
    effectif_min: Mapped[int] = mapped_column(default=0)
    montant: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    deliberation_numero: Mapped[str | None] = mapped_column(String(60))
    deliberation_date: Mapped[date | None]
    deliberation_organe: Mapped[str | None] = mapped_column(String(120))
    deliberation_piece_id: Mapped[UUID | None] = mapped_column(ForeignKey("piece.id"))
    enregistre_le: Mapped[datetime] = mapped_column(default=utc_now)
    enregistre_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    remplace_le: Mapped[datetime | None]

    __table_args__ = (
        one_of("public", PUBLICS_TARIF),
        CheckConstraint("montant >= 0", name="montant_positif"),
        CheckConstraint("effectif_min >= 0", name="effectif_positif"),
        Index(
            "uq_tarif_en_vigueur",
            "centre_id",
            "code",
            "annee",
            "public",
            "effectif_min",
            unique=True,
            sqlite_where=text("remplace_le IS NULL"),
            postgresql_where=text("remplace_le IS NULL"),
        ),
    )
