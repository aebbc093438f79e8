"""The legal acts: a convention, created when a dossier's documents are issued, and the avenants that change it; and gapless
numbering."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Numeric, String, Text, UniqueConstraint, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.workflow.tables import CONVENTION
from models.base import Base, new_id, one_of, utc_now
from models.dossiers import Dossier
from models.organisations import Centre, Collectivite

NATURES_ACTE = ("convention", "avenant")
MOTIFS_FIN = ("terme", "denonciation", "resiliation", "remplacement", "non_reconduite")


class Acte(Base):
    """A numbered, sealed act: a `Convention`, or an `Avenant` to one. `sha256` seals the Word file, `manifeste` says what it was
    made from. A query for one of the two classes never sees the other.

    What it is billed by: `quotite` percent of a full-time post, or `minutes_prevues` a year; `effectif` agents and `affiliee`
    choose the tariff where the centre has voted several."""

    __tablename__ = "convention"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), unique=True)
    nature: Mapped[str] = mapped_column(String(20), default="convention")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention.id"), index=True)
    remplace_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention.id"), index=True)
    numero: Mapped[str] = mapped_column(String(20))
    annee: Mapped[int]
    rang: Mapped[int]
    etat: Mapped[str] = mapped_column(String(30), default="a_signer", index=True)
    date_effet: Mapped[date]
    date_debut_prestations: Mapped[date]
    terme: Mapped[date]
    fin: Mapped[date | None]
    fin_motif: Mapped[str | None] = mapped_column(String(20))
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
    dossier: Mapped[Dossier] = relationship(foreign_keys=[dossier_id])

    __table_args__ = (
        UniqueConstraint("centre_id", "nature", "annee", "rang"),
        UniqueConstraint("centre_id", "numero"),
        one_of("nature", NATURES_ACTE),
        one_of("etat", tuple(CONVENTION.etats)),
        CheckConstraint("(nature = 'avenant') = (parent_id IS NOT NULL)", name="avenant_a_une_convention"),
        CheckConstraint("fin IS NULL OR fin_motif IS NOT NULL", name="fin_motivee"),
        CheckConstraint("fin IS NULL OR fin <= terme", name="fin_avant_terme"),
    )
    __mapper_args__ = {"version_id_col": version, "polymorphic_on": nature, "polymorphic_abstract": True}

    @hybrid_property
    def dernier_jour(self) -> date:
        """Last day in force: the term, unless notice, termination or replacement ends it sooner (`fin`)."""
        return self.fin or self.terme

    @dernier_jour.inplace.expression
    @classmethod
    def _dernier_jour(cls) -> ColumnElement[date]:
        return func.coalesce(cls.fin, cls.terme)


class Convention(Acte):
    """A convention. `fin` is the last day decided before the term, with its reason; `remplace_id` the convention that this one
    renews."""

    __mapper_args__ = {"polymorphic_identity": "convention"}


class Avenant(Acte):
    """A change to the convention `parent_id` from `date_effet` on. Quantities that it does not change are empty."""

    __mapper_args__ = {"polymorphic_identity": "avenant"}


class Numerotation(Base):
    """Last number given, by centre, series (`dossier`, `convention`) and year. Taken inside the transaction that uses it:
    no gap, no double."""

    __tablename__ = "numerotation"

    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), primary_key=True)
    serie: Mapped[str] = mapped_column(String(20), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    dernier: Mapped[int]
