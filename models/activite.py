"""What assistants do: posts, dated assignments, recorded interventions and journeys, closed months, and the rollup that
dashboards read. No text can be written here and no accompanied agent is known: closed lists only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts import Utilisateur
from models.base import Base, new_id, one_of, utc_now
from models.conventions import Convention


class Poste(Base):
    """A post of assistant that the centre holds: `quotite` percent of a full-time post, from a day to a day (included).
    Nobody in it yet when `assistant_id` is empty."""

    __tablename__ = "poste"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    assistant_id: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    libelle: Mapped[str] = mapped_column(String(120))
    quotite: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    du: Mapped[date]
    au: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    assistant: Mapped[Utilisateur | None] = relationship()

    __table_args__ = (
        CheckConstraint("quotite > 0 AND quotite <= 100", name="quotite_bornee"),
        CheckConstraint("au IS NULL OR au >= du", name="dates_ordonnees"),
    )
    __mapper_args__ = {"version_id_col": version}


class Affectation(Base):
    """An assistant assigned to a convention from a day to a day (included), for `quotite` percent of a full-time post
    (None where the convention is billed by the hour)."""

    __tablename__ = "affectation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    quotite: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    du: Mapped[date]
    au: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    assistant: Mapped[Utilisateur] = relationship()
    convention: Mapped[Convention] = relationship()

    __table_args__ = (
        CheckConstraint("quotite IS NULL OR (quotite > 0 AND quotite <= 100)", name="quotite_bornee"),
        CheckConstraint("au IS NULL OR au >= du", name="dates_ordonnees"),
    )
    __mapper_args__ = {"version_id_col": version}


class PeriodeSansAssistant(Base):
    """Days (included) on which no assistant was assigned, imputable to the centre: they reduce what is due (article 8.3,
    B08). Never a statutory leave. `annulee_le` takes it back without losing it."""

    __tablename__ = "periode_sans_assistant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    du: Mapped[date]
    au: Mapped[date]
    motif: Mapped[str] = mapped_column(Text)
    saisie_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    saisie_le: Mapped[datetime] = mapped_column(default=utc_now)
    annulee_le: Mapped[datetime | None]

    convention: Mapped[Convention] = relationship()

    __table_args__ = (CheckConstraint("au >= du", name="dates_ordonnees"),)


class Intervention(Base):
    """One recorded piece of work: a day, whole minutes, and codes of the closed lists of `forms/activite.yaml`."""

    __tablename__ = "intervention"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"))
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"))
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"))
    jour: Mapped[date]
    minutes: Mapped[int]
    categorie: Mapped[str] = mapped_column(String(30))
    origine: Mapped[str] = mapped_column(String(30))
    lieu: Mapped[str] = mapped_column(String(30))
    forme: Mapped[str] = mapped_column(String(30))
    nature: Mapped[str] = mapped_column(String(30))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("import_heures.id"))
    saisie_le: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("minutes > 0 AND minutes <= 1440", name="minutes_bornees"),
        Index("ix_intervention_assistant_id_jour", "assistant_id", "jour"),
        Index("ix_intervention_convention_id_jour", "convention_id", "jour"),
        Index("ix_intervention_centre_id_jour", "centre_id", "jour"),
    )
    __mapper_args__ = {"version_id_col": version}


class Cumul(Base):
    """The rollup: minutes and number of interventions of one convention, assistant and month, for one value of one
    dimension (nature, categorie, origine, lieu, forme). Kept in the recording transaction; rebuilt by a command.

    Every dimension adds up to the same total, so any of them gives it; `nature` is the one that is billed."""

    __tablename__ = "cumul"

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), primary_key=True)
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    mois: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(String(20), primary_key=True)
    valeur: Mapped[str] = mapped_column(String(30), primary_key=True)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"))
    minutes: Mapped[int]
    nombre: Mapped[int]

    __table_args__ = (
        CheckConstraint("minutes >= 0 AND nombre >= 0", name="positifs"),
        Index("ix_cumul_centre_id_annee_dimension", "centre_id", "annee", "dimension"),
    )


class ImportHeures(Base):
    """One file of hours taken in, whole; refused a second time while some of its hours remain. Its name is not kept: a person
    may have written another's name in it."""

    __tablename__ = "import_heures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    lignes: Mapped[int]
    par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    le: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (UniqueConstraint("centre_id", "sha256"),)


class BrouillonHeures(Base):
    """What somebody is typing in the grid of a week and has not recorded yet: it outlives a reload and an expired session.
    Days, durations as typed and codes; gone once recorded, or after a month."""

    __tablename__ = "brouillon_heures"

    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), primary_key=True)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), primary_key=True)
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), primary_key=True)
    lundi: Mapped[date] = mapped_column(primary_key=True)
    contenu: Mapped[dict[str, Any]]
    modifie_le: Mapped[datetime] = mapped_column(default=utc_now)


class Cloture(Base):
    """A month of a centre that is closed: nothing of it is recorded, changed or removed any more."""

    __tablename__ = "cloture"

    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    mois: Mapped[int] = mapped_column(primary_key=True)
    par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    le: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (CheckConstraint("mois >= 1 AND mois <= 12", name="mois_borne"),)


class Deplacement(Base):
    """A journey of an assistant for a convention, in kilometres. Only those out of the included zone are claimed (8.6, B20)."""

    __tablename__ = "deplacement"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"))
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"))
    assistant_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"))
    jour: Mapped[date]
    km: Mapped[Decimal] = mapped_column(Numeric(7, 1))
    zone: Mapped[str] = mapped_column(String(20))
    puissance: Mapped[str] = mapped_column(String(20))
    saisi_le: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("km > 0 AND km <= 5000", name="km_bornes"),
        one_of("zone", ("incluse", "hors_zone")),
        Index("ix_deplacement_convention_id_jour", "convention_id", "jour"),
        Index("ix_deplacement_assistant_id_jour", "assistant_id", "jour"),
    )
    __mapper_args__ = {"version_id_col": version}
