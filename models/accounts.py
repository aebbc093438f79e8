"""People: accounts, dated roles, sessions, single-use links, login attempts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.roles import Role
from models.base import Base, new_id, one_of, utc_now


class Utilisateur(Base):
    """A person. The login is `courriel`, lower-cased and unique; without `password_hash` the account awaits its invitation."""

    __tablename__ = "utilisateur"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    courriel: Mapped[str] = mapped_column(String(254), unique=True)
    prenom: Mapped[str] = mapped_column(String(100))
    nom: Mapped[str] = mapped_column(String(100))
    telephone: Mapped[str | None] = mapped_column(String(30))
    password_hash: Mapped[str | None] = mapped_column(String(100))
    actif: Mapped[bool] = mapped_column(default=True)
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    derniere_connexion: Mapped[datetime | None]

    roles: Mapped[list[RoleAttribue]] = relationship(
        back_populates="utilisateur", foreign_keys="RoleAttribue.utilisateur_id"
    )

    __table_args__ = (CheckConstraint("courriel = lower(courriel)", name="courriel_minuscule"),)

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}"


class RoleAttribue(Base):
    """A role held by a person from a day to a day, for exactly one centre or one collectivité, titular or deputy."""

    __tablename__ = "role_attribue"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("centre.id"), index=True)
    collectivite_id: Mapped[UUID | None] = mapped_column(ForeignKey("collectivite.id"), index=True)
    titulaire: Mapped[bool] = mapped_column(default=True)
    du: Mapped[date]
    au: Mapped[date | None]
    attribue_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    utilisateur: Mapped[Utilisateur] = relationship(back_populates="roles", foreign_keys=[utilisateur_id])

    __table_args__ = (
        one_of("role", tuple(Role)),
        CheckConstraint("(centre_id IS NULL) <> (collectivite_id IS NULL)", name="un_seul_perimetre"),
        CheckConstraint("au IS NULL OR au >= du", name="dates_ordonnees"),
    )


class SessionUtilisateur(Base):
    """A login. The cookie holds a random token, the table its hash only; revoking takes effect at the next request."""

    __tablename__ = "session_utilisateur"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    creee_le: Mapped[datetime] = mapped_column(default=utc_now)
    vue_le: Mapped[datetime] = mapped_column(default=utc_now)
    expire_le: Mapped[datetime]
    revoquee_le: Mapped[datetime | None]
    agent: Mapped[str | None] = mapped_column(String(200))


class TicketConnexion(Base):
    """One-time, 30-second ticket that the browser exchanges for the session cookie."""

    __tablename__ = "ticket_connexion"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"))
    expire_le: Mapped[datetime]


class LienUsageUnique(Base):
    """Single-use link (invitation, password reset, confirmation of a request). Only the hash of its token is stored."""

    __tablename__ = "lien_usage_unique"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    usage: Mapped[str] = mapped_column(String(30))
    utilisateur_id: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    demande_id: Mapped[UUID | None] = mapped_column(ForeignKey("demande_adhesion.id"), index=True)
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    expire_le: Mapped[datetime]
    utilise_le: Mapped[datetime | None]

    __table_args__ = (one_of("usage", ("invitation", "mot_de_passe", "confirmation")),)


class TentativeConnexion(Base):
    """A failed login, kept to lock out by account (hash of the address typed) and by network address."""

    __tablename__ = "tentative_connexion"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    compte_hash: Mapped[str] = mapped_column(String(64))
    adresse: Mapped[str] = mapped_column(String(45))
    le: Mapped[datetime] = mapped_column(default=utc_now)

    __table_args__ = (
        Index("ix_tentative_connexion_compte_le", "compte_hash", "le"),
        Index("ix_tentative_connexion_adresse_le", "adresse", "le"),
    )
