"""What managers keep: simulated scenarios, and the annual reports (*bilans*)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now
from models.conventions import Convention


class Scenario(Base):
    """A saved simulation: the parameters only, so that it is computed with what is in force when it is read. It belongs to
    the collectivité when there is one, else to the centre; `centre_id` is whose tariffs are taken."""

    __tablename__ = "scenario"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID | None] = mapped_column(ForeignKey("collectivite.id"), index=True)
    nom: Mapped[str] = mapped_column(String(120))
    parametres: Mapped[dict[str, Any]]
    cree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    modifie_le: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Bilan(Base):
    """The annual report of a convention (A25, M24): the assistant's sections by id, and the masked figures of the year
    (`chiffres`): frozen when its last month is closed, empty until then, never changed after."""

    __tablename__ = "bilan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    annee: Mapped[int]
    etat: Mapped[str] = mapped_column(String(20), default="brouillon", index=True)
    sections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    chiffres: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sha256: Mapped[str | None] = mapped_column(String(64))
    modifie_le: Mapped[datetime] = mapped_column(default=utc_now)
    publie_le: Mapped[datetime | None]
    publie_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    version: Mapped[int] = mapped_column(default=1)

    convention: Mapped[Convention] = relationship()

    __table_args__ = (UniqueConstraint("convention_id", "annee"), one_of("etat", ("brouillon", "publie")))
    __mapper_args__ = {"version_id_col": version}
