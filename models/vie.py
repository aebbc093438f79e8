"""The life of a convention: renewals, notice, formal notice, letters, reminders, calendar feeds, elimination of archives."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, new_id, one_of, utc_now
from models.conventions import Convention

AUTEURS_DENONCIATION = ("collectivite", "centre")
ETATS_DENONCIATION = ("recue", "confirmee", "sans_suite", "retiree")
RECEVABILITES = ("oui", "tardive", "sans_objet")
ETATS_MISE_EN_DEMEURE = ("preparee", "envoyee", "satisfaite", "resiliee", "retiree")
MODES_COURRIER = ("courriel", "impression")
ETATS_ELIMINATION = ("proposee", "approuvee", "executee", "refusee")


class Reconduction(Base):
    """The renewal of a convention for one calendar year (article 2.2): at most one row by year, whoever runs it and however
    often. `decision`: tacite (nobody gave notice), expresse (a person agreed, `par`)."""

    __tablename__ = "reconduction"

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), primary_key=True)
    annee: Mapped[int] = mapped_column(primary_key=True)
    rang: Mapped[int]
    decision: Mapped[str] = mapped_column(String(20), default="tacite")
    tarif_annee: Mapped[int | None]
    tarif_montant: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    montant_du: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    faite_le: Mapped[datetime] = mapped_column(default=utc_now)
    par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))

    __table_args__ = (one_of("decision", ("tacite", "expresse")), CheckConstraint("rang > 0", name="rang_positif"))


class Denonciation(Base):
    """A notice of one party (article 9.1). `date_reference` is the one of its three dates that counts for the centre (B13): until
    it is known, nothing is said of `recevabilite`. `fin_proposee` is computed, `fin` is what a person of the centre confirmed. One
    living notice by convention."""

    __tablename__ = "denonciation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    auteur: Mapped[str] = mapped_column(String(20))
    etat: Mapped[str] = mapped_column(String(20), default="recue")
    date_envoi: Mapped[date | None]
    date_presentation: Mapped[date | None]
    date_reception: Mapped[date | None]
    date_reference: Mapped[date | None]
    recevabilite: Mapped[str | None] = mapped_column(String(20))
    fin_proposee: Mapped[date | None]
    fin: Mapped[date | None]
    motif: Mapped[str] = mapped_column(Text, default="")
    piece_id: Mapped[UUID | None] = mapped_column(ForeignKey("piece.id"))
    enregistree_le: Mapped[datetime] = mapped_column(default=utc_now)
    enregistree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    traitee_le: Mapped[datetime | None]
    traitee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    reponse: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    convention: Mapped[Convention] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("auteur", AUTEURS_DENONCIATION),
        one_of("etat", ETATS_DENONCIATION),
        one_of("recevabilite", RECEVABILITES),
        Index(
            "uq_denonciation_vivante",
            "convention_id",
            unique=True,
            sqlite_where=text("etat IN ('recue', 'confirmee')"),
            postgresql_where=text("etat IN ('recue', 'confirmee')"),
        ),
    )


class MiseEnDemeure(Base):
    """The centre's letter of article 9.3 (or 9.2, same circuit, B15): what must be put right, within `delai_jours` calendar days of
    its first presentation (B16). Past `echeance`, silence or disagreement ends the convention by right, which a person records."""

    __tablename__ = "mise_en_demeure"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    article: Mapped[str] = mapped_column(String(10))
    etat: Mapped[str] = mapped_column(String(20), default="preparee")
    manquements: Mapped[str] = mapped_column(Text)
    delai_jours: Mapped[int]
    date_envoi: Mapped[date | None]
    date_presentation: Mapped[date | None]
    echeance: Mapped[date | None]
    reponse: Mapped[str] = mapped_column(Text, default="")
    reponse_le: Mapped[date | None]
    issue_motif: Mapped[str] = mapped_column(Text, default="")
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    cree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    close_le: Mapped[datetime | None]
    close_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    version: Mapped[int] = mapped_column(default=1)

    convention: Mapped[Convention] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("etat", ETATS_MISE_EN_DEMEURE),
        CheckConstraint("delai_jours BETWEEN 1 AND 365", name="delai_raisonnable"),
        Index(
            "uq_mise_en_demeure_vivante",
            "convention_id",
            unique=True,
            sqlite_where=text("etat IN ('preparee', 'envoyee')"),
            postgresql_where=text("etat IN ('preparee', 'envoyee')"),
        ),
    )


class CourrierTarif(Base):
    """The letter that tells a collectivité of the tariff of a year (A52): one by convention, year and tariff, whatever is clicked
    twice. `mode`: how it left; a printed one is said to be sent by a person."""

    __tablename__ = "courrier_tarif"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), index=True)
    tarif_id: Mapped[UUID] = mapped_column(ForeignKey("tarif.id"))
    annee: Mapped[int]
    montant_avant: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    montant_apres: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    piece_id: Mapped[UUID | None] = mapped_column(ForeignKey("piece.id"))
    mode: Mapped[str | None] = mapped_column(String(20))
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    cree_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    envoye_le: Mapped[datetime | None]

    convention: Mapped[Convention] = relationship()

    __table_args__ = (UniqueConstraint("convention_id", "tarif_id"), one_of("mode", MODES_COURRIER))


class Rappel(Base):
    """A reminder that was queued: once by deadline, delay and person, however often reminders are run."""

    __tablename__ = "rappel"

    convention_id: Mapped[UUID] = mapped_column(ForeignKey("convention.id"), primary_key=True)
    echeance: Mapped[str] = mapped_column(String(40), primary_key=True)
    le: Mapped[date] = mapped_column(primary_key=True)
    jours_avant: Mapped[int] = mapped_column(primary_key=True)
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), primary_key=True)
    courriel_id: Mapped[UUID | None] = mapped_column(ForeignKey("courriel.id", ondelete="SET NULL"))
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)


class FluxCalendrier(Base):
    """The secret address of a person's calendar feed (ICS). Only the hash of its token is stored."""

    __tablename__ = "flux_calendrier"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    utilisateur_id: Mapped[UUID] = mapped_column(ForeignKey("utilisateur.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    cree_le: Mapped[datetime] = mapped_column(default=utc_now)
    lu_le: Mapped[datetime | None]
    revoque_le: Mapped[datetime | None]


class Passage(Base):
    """One daily round of a centre: what the calendar does by itself (renewals, terms reached, reminders). `compte`: how many of
    each."""

    __tablename__ = "passage"

    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), primary_key=True)
    jour: Mapped[date] = mapped_column(primary_key=True)
    commence_le: Mapped[datetime] = mapped_column(default=utc_now)
    fini_le: Mapped[datetime | None]
    compte: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Elimination(Base):
    """The elimination of archives past their retention: proposed by one person, approved by another with the reference of the
    archives' visa, then carried out, with a certificate. `contenu` lists what it covers, without personal data."""

    __tablename__ = "elimination"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centre.id"), index=True)
    etat: Mapped[str] = mapped_column(String(20), default="proposee")
    contenu: Mapped[list[Any]] = mapped_column(default=list)
    visa: Mapped[str] = mapped_column(String(120), default="")
    certificat_id: Mapped[UUID | None] = mapped_column(ForeignKey("piece.id"))
    motif: Mapped[str] = mapped_column(Text, default="")
    proposee_le: Mapped[datetime] = mapped_column(default=utc_now)
    proposee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    traitee_le: Mapped[datetime | None]
    traitee_par: Mapped[UUID | None] = mapped_column(ForeignKey("utilisateur.id"))
    executee_le: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (one_of("etat", ETATS_ELIMINATION),)
