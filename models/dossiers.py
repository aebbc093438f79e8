"""The dossier: processing of one request, its answers, its deposits, its corrections and messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now
from models.offres import OffreVersion
from models.organisations import Centre, Collectivite


class Dossier(Base):
    """One request of a collectivité to a centre, at one state of its offer's workflow, whose states are data. `nature`: adhesion,
    or one of the offer's requests about `convention_id` (avenant, nouveau référent…). It belongs to the collectivité, never to
    a person."""

    __tablename__ = "dossier"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(20))
    nature: Mapped[str] = mapped_column(String(30), default="adhesion")
    etat: Mapped[str] = mapped_column(String(40), default="brouillon", index=True)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID] = mapped_column(ForeignKey("collectivite.id"), index=True)
    offre_version_id: Mapped[UUID] = mapped_column(ForeignKey("offre_version.id"))
    convention_id: Mapped[UUID | None] = mapped_column(ForeignKey("convention.id", use_alter=True), index=True)
    instructeur_id: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    cree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    modifie_le: Mapped[datetime] = mapped_column(default=utc_now)
    depose_le: Mapped[datetime | None]
    motif: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    centre: Mapped[Centre] = relationship()
    collectivite: Mapped[Collectivite] = relationship()
    offre_version: Mapped[OffreVersion] = relationship()

    __table_args__ = (UniqueConstraint("centre_id", "reference"),)
    __mapper_args__ = {"version_id_col": version}


class Reponse(Base):
    """The answer to one field, as JSON of the field's type. `version` counts its changes: two people never overwrite
    each other unknowingly."""

    __tablename__ = "reponse"

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    champ: Mapped[str] = mapped_column(String(120), primary_key=True)
    valeur: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)
    modifiee_le: Mapped[datetime] = mapped_column(default=utc_now)
    modifiee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))


class SaisieEnAttente(Base):
    """A value that a person typed and that could not become the answer: somebody else had changed the field (`conflit`),
    the session had expired (`session`), or it is not valid (`invalide`; kept as typed). Shown next to the field."""

    __tablename__ = "saisie_en_attente"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    champ: Mapped[str] = mapped_column(String(120))
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"))
    motif: Mapped[str] = mapped_column(String(20))
    valeur: Mapped[Any] = mapped_column(JSON)
    version_vue: Mapped[int]
    le: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (
        UniqueConstraint("dossier_id", "champ", "utilisateur_id"),
        one_of("motif", ("conflit", "session", "invalide")),
    )


class Depot(Base):
    """Snapshot of the answers at a deposit: what the centre reviews and what documents are made from."""

    __tablename__ = "depot"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    numero: Mapped[int]
    reponses: Mapped[dict[str, Any]]
    le: Mapped[datetime] = mapped_column(default=utc_now)
    par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    __table_args__ = (UniqueConstraint("dossier_id", "numero"),)


MOTIFS_CORRECTION = {"incorrect": "Incorrect", "incomplet": "Incomplet", "perime": "Périmé"}


class DemandeCorrection(Base):
    """A correction asked for one field; it closes when the field is resubmitted."""

    __tablename__ = "demande_correction"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    champ: Mapped[str] = mapped_column(String(120))
    motif: Mapped[str] = mapped_column(String(20))
    texte: Mapped[str] = mapped_column(Text, default="")
    creee_le: Mapped[datetime] = mapped_column(default=utc_now)
    creee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    envoyee_le: Mapped[datetime | None]
    traitee_le: Mapped[datetime | None]
    close_le: Mapped[datetime | None]

    __table_args__ = (one_of("motif", tuple(MOTIFS_CORRECTION)),)


class Message(Base):
    """A message on a dossier, between the collectivité and the centre."""

    __tablename__ = "message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    auteur_id: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    du_centre: Mapped[bool]
    texte: Mapped[str] = mapped_column(Text)
    le: Mapped[datetime] = mapped_column(default=utc_now)


class LectureMessages(Base):
    """When a person last read the messages of a dossier."""

    __tablename__ = "lecture_messages"

    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), primary_key=True)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    lu_le: Mapped[datetime]


class Levee(Base):
    """A warning that a person has lifted, with the reason: `code` names the warning (tarif_autre_annee, pages:<piece id>…)."""

    __tablename__ = "levee"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    code: Mapped[str] = mapped_column(String(80))
    motif: Mapped[str] = mapped_column(Text)
    le: Mapped[datetime] = mapped_column(default=utc_now)
    par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    __table_args__ = (UniqueConstraint("dossier_id", "code"),)
