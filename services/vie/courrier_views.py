"""The letters about tariffs as screens show them, and their files as one ZIP to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.errors import Introuvable, Invalide
from domain.roles import Role
from models import Centre, Collectivite, Convention, CourrierTarif, Piece, RoleAttribue, Tarif, Utilisateur
from services.centre.tarif_views import MANAGERS, require_centre
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur
from services.core.paquets import add_member, new_zip
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, record
from services.exports import Export
from services.vie.courriers_tarif import list_announcements, may_leave, ready_letters

A_PREPARER, PRET, ENVOYE = "a_preparer", "pret", "envoye"
A_ENVOYER = "Pas encore envoyée"
"""Filter of the list, as the address says it: the letters to make, and those made that have not left."""


@dataclass(frozen=True)
class CourrierRow:
    """One letter, made or to make: the euros due for the year before and after, its file, how and when it left, and how many
    people of the collectivité would be told by mail."""

    convention_id: UUID
    numero: str
    collectivite_id: UUID
    collectivite: str
    etat: str
    avant: Decimal | None
    apres: Decimal | None
    piece: PieceRow | None
    mode: str | None
    envoye_le: datetime | None
    destinataires: int


@dataclass(frozen=True)
class CourriersView:
    """The letters of one centre for one year. `annees`: the years that have tariffs to tell, the newest first."""

    centre_id: UUID
    fuseau: str
    annees: tuple[int, ...]
    annee: int | None
    lignes: tuple[CourrierRow, ...]
    modifiable: bool

    def count(self, etat: str) -> int:
        """How many letters are in this state."""
        return sum(row.etat == etat for row in self.lignes)

    @property
    def pretes(self) -> frozenset[UUID]:
        """The files of the letters that are ready: what is sent or marked is these, and no other."""
        return frozenset(row.piece.id for row in self.lignes if row.etat == PRET and row.piece is not None)

    @property
    def par_courriel(self) -> int:
        """How many collectivités with letters that are ready would be told by mail."""
        return len({row.collectivite_id for row in self.lignes if row.etat == PRET and row.destinataires})

    @property
    def sur_papier(self) -> int:
        """How many have letters that are ready, and nobody to tell by mail."""
        return len({row.collectivite_id for row in self.lignes if row.etat == PRET and not row.destinataires})


def open_letters(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int | None = None) -> CourriersView:
    """The letters of `annee` (default: the newest year with tariffs from this year on); Introuvable for another centre."""
    with portail.view(acteur, "courrier.consulter", objet="centre", objet_id=centre_id) as session:
        require_centre(acteur, centre_id)
        roles = acteur.roles_for(centre_id=centre_id)
        if not roles.intersection(MANAGERS):
            raise Introuvable()
        fuseau = session.get_one(Centre, centre_id).fuseau
        years = _years(session, centre_id, clock.today(fuseau).year)
        chosen = annee if annee in years else next(iter(years), None)
        rows = _rows(session, centre_id, chosen) if chosen is not None else ()
        return CourriersView(centre_id, fuseau, years, chosen, tuple(rows), modifiable=True)


def export_letters(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The letters of a year that have not left, as one ZIP of Word files to print. Parameters: `centre`, `annee`."""
    centre_id, annee = _read(parametres)
    with portail.view(acteur, "courrier.exporter", objet="centre", objet_id=centre_id) as session:
        require_centre(acteur, centre_id)
        if not acteur.roles_for(centre_id=centre_id).intersection(MANAGERS):
            raise Introuvable()
        ids = [rows[0].piece_id for rows in ready_letters(session, centre_id, annee)]
        pieces = {one.id: one for one in session.scalars(select(Piece).where(Piece.id.in_(ids)))}
        wanted = [pieces[one] for one in ids if one in pieces]
        if not wanted:
            raise Invalide("Aucun courrier de cette année n’attend d’être envoyé.")
        flux = _zip(portail, wanted)
    with portail.action(acteur, "courrier.exporter", objet="centre", objet_id=centre_id) as session:
        record(
            session, acteur, "courrier.exporter", centre_id=centre_id, objet="centre", objet_id=centre_id, annee=annee,
            nombre=len(wanted),
        )  # fmt: skip
    return Export(file_name("courriers-tarifs", str(annee), extension="zip"), "application/zip", flux=flux)


def _read(parametres: Mapping[str, str]) -> tuple[UUID, int]:
    try:
        return UUID(parametres.get("centre", "")), int(parametres.get("annee", ""))
    except ValueError:
        raise Introuvable() from None


def _zip(portail: Portail, pieces: Sequence[Piece]) -> IO[bytes]:
    """The files, each under a number that keeps the order of the list."""
    width = len(str(len(pieces)))
    with new_zip() as (stream, archive):
        for number, piece in enumerate(pieces, start=1):
            add_member(archive, f"{number:0{width}d}-{piece.nom}", portail.files.read(piece.sha256))
    return stream


def _years(session: Session, centre_id: UUID, since: int) -> tuple[int, ...]:
    query = (
        select(Tarif.annee)
        .distinct()
        .where(Tarif.centre_id == centre_id, Tarif.remplace_le.is_(None), Tarif.annee >= since)
        .order_by(Tarif.annee.desc())
    )
    return tuple(session.scalars(query))


def _rows(session: Session, centre_id: UUID, annee: int) -> list[CourrierRow]:
    people = _recipients(session, centre_id)
    waiting = [
        CourrierRow(
            convention_id=one.convention.id,
            numero=one.convention.numero,
            collectivite_id=one.convention.collectivite_id,
            collectivite=one.convention.collectivite.nom,
            etat=A_PREPARER,
            avant=one.avant,
            apres=one.apres,
            piece=None,
            mode=None,
            envoye_le=None,
            destinataires=people.get(one.convention.collectivite_id, 0),
        )
        for one in list_announcements(session, centre_id, annee)
    ]
    return sorted([*waiting, *_made(session, centre_id, annee, people)], key=lambda row: (row.collectivite, row.numero))


def _made(session: Session, centre_id: UUID, annee: int, people: Mapping[UUID, int]) -> list[CourrierRow]:
    """The letters that left and those that may, one by file: one of whose tariffs was corrected, or whose convention ended, before
    it left is not there."""
    piece = aliased(Piece)
    query = (
        select(CourrierTarif, Convention, Collectivite, piece)
        .join(Convention, Convention.id == CourrierTarif.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .outerjoin(piece, piece.id == CourrierTarif.piece_id)
        .where(
            CourrierTarif.centre_id == centre_id,
            CourrierTarif.annee == annee,
            or_(CourrierTarif.envoye_le.is_not(None), may_leave(centre_id, annee)),
        )
        .order_by(CourrierTarif.montant_apres.is_(None), CourrierTarif.cree_le)
    )
    found: dict[UUID, CourrierRow] = {}
    for row, convention, collectivite, file in session.execute(query):
        found.setdefault(
            row.piece_id or row.id,
            CourrierRow(
                convention_id=convention.id,
                numero=convention.numero,
                collectivite_id=collectivite.id,
                collectivite=collectivite.nom,
                etat=ENVOYE if row.envoye_le else PRET,
                avant=row.montant_avant,
                apres=row.montant_apres,
                piece=piece_row(file) if file else None,
                mode=row.mode,
                envoye_le=row.envoye_le,
                destinataires=people.get(convention.collectivite_id, 0),
            ),
        )
    return list(found.values())


def _recipients(session: Session, centre_id: UUID) -> dict[UUID, int]:
    """How many people of each collectivité can open a letter today: they have chosen their password."""
    today = clock.today(session.get_one(Centre, centre_id).fuseau)
    roles = (Role.GESTIONNAIRE.value, Role.DIRECTION.value, Role.SIGNATAIRE.value)
    query = (
        select(RoleAttribue.collectivite_id, func.count(func.distinct(RoleAttribue.utilisateur_id)))
        .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
        .where(
            RoleAttribue.collectivite_id.is_not(None),
            RoleAttribue.role.in_(roles),
            RoleAttribue.du <= today,
            or_(RoleAttribue.au.is_(None), RoleAttribue.au >= today),
            Utilisateur.actif,
            Utilisateur.password_hash.is_not(None),
        )
        .group_by(RoleAttribue.collectivite_id)
    )
    return {collectivite: count for collectivite, count in session.execute(query) if collectivite}
