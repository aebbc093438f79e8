"""What the elimination of one convention, or of one dossier, takes away, and what it leaves (decision 0016).

Gone: the files, the answers, the deposits, the corrections, the messages, every text typed by a person, every name, who did
what, the mails and reminders about it. Left, as lines of registers: the reference of each dossier; the number, the dates and
the quantities of each act; what was due and invoiced; hours, which name nobody. A number is thus never given twice, totals of
past years stay what they were, and the ids that the journal holds still lead to a line that says what happened.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Acte,
    Bilan,
    Courriel,
    CourrierTarif,
    Decompte,
    DemandeCorrection,
    DemandeServiceDegrade,
    Denonciation,
    Depot,
    Dossier,
    Fichier,
    LectureMessages,
    Levee,
    Message,
    MiseEnDemeure,
    OffreVersion,
    PeriodeSansAssistant,
    Piece,
    Rappel,
    Reconduction,
    Reponse,
    SaisieEnAttente,
)
from services.archives.conservation import Cle, Contenu, contents, owned_by
from services.core.locks import WHOLE, locked
from services.core.portail import Portail

OF_DOSSIER: tuple[type[Any], ...] = (
    Reponse,
    SaisieEnAttente,
    Depot,
    DemandeCorrection,
    Message,
    LectureMessages,
    Levee,
)
"""Tables of a dossier whose rows go."""

FIGURES = ("periode", "methode", "tarifs", "annule", "debiteur", "offre", "sceau")
"""What the manifest of a statement keeps: how it was computed, for which body, and the hashes of its seal."""


@dataclass(frozen=True)
class Efface:
    """What was removed: files and bytes, and the hashes that nothing refers to any more."""

    fichiers: int
    octets: int
    orphelins: tuple[str, ...]


def erase(session: Session, cle: Cle, elimination_id: UUID) -> Efface:
    """Take one ensemble away in the current transaction. The bytes stay until `drop_bytes`, the last thing before it ends."""
    contenu = contents(session, cle)
    _hold(session, contenu)
    removed = _erase_files(session, contenu)
    for table in OF_DOSSIER:
        session.execute(delete(table).where(table.dossier_id.in_(contenu.dossiers)))
    _erase_dossiers(session, contenu)
    _erase_actes(session, contenu, elimination_id)
    _erase_life(session, contenu)
    _erase_mails(session, contenu)
    session.flush()
    return removed


def erase_dossier(session: Session, dossier_id: UUID) -> Efface:
    """Take away what a dossier holds, its line in the register excepted: the same for a draft that was given up."""
    contenu = Contenu(frozenset(), frozenset({dossier_id}))
    _hold(session, contenu)
    removed = _erase_files(session, contenu)
    for table in OF_DOSSIER:
        session.execute(delete(table).where(table.dossier_id == dossier_id))
    _erase_dossiers(session, contenu)
    _erase_mails(session, contenu)
    session.flush()
    return removed


def _hold(session: Session, contenu: Contenu) -> None:
    """Nobody changes them meanwhile. Acts first, as everybody who takes a convention and its dossier."""
    session.scalars(locked(select(Acte).where(Acte.id.in_(contenu.actes)).order_by(Acte.id))).all()
    session.scalars(locked(select(Dossier).where(Dossier.id.in_(contenu.dossiers)).order_by(Dossier.id))).all()


# Files ------------------------------------------------------------------------------------------------------------------


def _erase_files(session: Session, contenu: Contenu) -> Efface:
    pieces = list(session.scalars(select(Piece).where(owned_by(contenu)).order_by(Piece.id)))
    elsewhere = _wanted_elsewhere(session, contenu, pieces)
    gone = [piece for piece in pieces if piece.id not in elsewhere]
    for piece in pieces:
        if piece.id in elsewhere:
            piece.dossier_id, piece.convention_id = elsewhere[piece.id], None
    ids = [piece.id for piece in gone]
    for table in (Denonciation, CourrierTarif):
        session.execute(update(table).where(table.piece_id.in_(ids)).values(piece_id=None))
    session.execute(delete(Piece).where(Piece.id.in_(ids)))
    session.flush()
    orphans = _orphans(session, {piece.sha256 for piece in gone})
    return Efface(len(gone), sum(piece.taille for piece in gone), tuple(orphans))


def _wanted_elsewhere(session: Session, contenu: Contenu, pieces: Collection[Piece]) -> dict[UUID, UUID]:
    """Files that an answer or a deposit of another dossier of the same collectivité names (one pre-filled from this one), and
    this dossier: they become its own."""
    named = {str(piece.id): piece.id for piece in pieces}
    if not named:
        return {}
    collectivites = select(Dossier.collectivite_id).where(Dossier.id.in_(contenu.dossiers))
    others = select(Dossier.id).where(Dossier.collectivite_id.in_(collectivites), Dossier.id.not_in(contenu.dossiers))
    found: dict[UUID, UUID] = {}
    for dossier_id, value in session.execute(
        select(Reponse.dossier_id, Reponse.valeur).where(Reponse.dossier_id.in_(others))
    ):
        found.update({named[one]: dossier_id for one in _pieces_in([value]) if one in named})
    for dossier_id, reponses in session.execute(
        select(Depot.dossier_id, Depot.reponses).where(Depot.dossier_id.in_(others))
    ):
        found.update({named[one]: dossier_id for one in _pieces_in(reponses.values()) if one in named})
    return found


def _pieces_in(values: Collection[Any]) -> list[str]:
    """Ids of the files that these answers name, rows of a table included."""
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            if isinstance(value.get("piece"), str):
                found.append(value["piece"])
            found += _pieces_in(list(value.values()))
        elif isinstance(value, list):
            found += _pieces_in(value)
    return found


def _orphans(session: Session, hashes: Collection[str]) -> list[str]:
    """Of these bytes, those that no file and no template refers to. Their rows are held, then removed: who would store the same
    bytes waits until they are gone (services.core.files.store)."""
    query = select(Fichier).where(Fichier.sha256.in_(hashes)).order_by(Fichier.sha256)
    held = session.scalars(locked(query, WHOLE)).all()
    used = set(session.scalars(select(Piece.sha256).where(Piece.sha256.in_(hashes))))
    for gabarits in session.scalars(select(OffreVersion.gabarits)):
        used.update(str(one) for one in gabarits.values())
    orphans = [one for one in held if one.sha256 not in used]
    for one in orphans:
        session.delete(one)
    session.flush()
    return [one.sha256 for one in orphans]


def drop_bytes(portail: Portail, effaces: Efface) -> None:
    """Remove the bytes from the store, as the last thing before the transaction ends. Stopped in between, the rows are still
    there: doing it again removes what is left."""
    for sha256 in effaces.orphelins:
        portail.files.delete(sha256)


# Rows that stay as lines of a register ----------------------------------------------------------------------------------


def _erase_dossiers(session: Session, contenu: Contenu) -> None:
    for dossier in session.scalars(select(Dossier).where(Dossier.id.in_(contenu.dossiers))):
        dossier.motif = dossier.instructeur_id = dossier.cree_par = None


def _erase_actes(session: Session, contenu: Contenu, elimination_id: UUID) -> None:
    for acte in session.scalars(select(Acte).where(Acte.id.in_(contenu.actes))):
        acte.manifeste = {"elimination": str(elimination_id)}
        acte.motif = acte.emise_par = acte.collectivite_signataire = acte.centre_signataire = None


def _erase_life(session: Session, contenu: Contenu) -> None:
    """Texts and names in what happened to the convention: its dates and its figures stay."""
    ids = contenu.actes
    blank: dict[type[Any], dict[str, Any]] = {
        PeriodeSansAssistant: {"motif": "", "saisie_par": None},
        DemandeServiceDegrade: {"motif": None, "demandee_par": None, "traitee_par": None},
        Reconduction: {"par": None},
        Denonciation: {"motif": "", "reponse": "", "piece_id": None, "enregistree_par": None, "traitee_par": None},
        MiseEnDemeure: {"manquements": "", "reponse": "", "issue_motif": "", "cree_par": None, "close_par": None},
        CourrierTarif: {"piece_id": None, "cree_par": None},
        Bilan: {"sections": {}, "publie_par": None},
    }
    for table, values in blank.items():
        session.execute(update(table).where(table.convention_id.in_(ids)).values(**values))
    session.execute(delete(Rappel).where(Rappel.convention_id.in_(ids)))
    session.execute(delete(Bilan).where(Bilan.convention_id.in_(ids), Bilan.etat == "brouillon"))
    for decompte in session.scalars(select(Decompte).where(Decompte.convention_id.in_(ids))):
        decompte.motif = decompte.cree_par = decompte.verifie_par = decompte.emis_par = None
        decompte.manifeste = {key: decompte.manifeste[key] for key in FIGURES if key in decompte.manifeste}


def _erase_mails(session: Session, contenu: Contenu) -> None:
    """Mails about it, sent or not: they hold addresses."""
    texts = [cast(Courriel.parametres, String).contains(str(one)) for one in (*contenu.actes, *contenu.dossiers)]
    ids = select(Courriel.id).where(or_(*texts))
    session.execute(update(Rappel).where(Rappel.courriel_id.in_(ids)).values(courriel_id=None))
    session.execute(delete(Courriel).where(Courriel.id.in_(ids)))


def elimination_of(session: Session, acte: Acte) -> UUID | None:
    """The elimination that took this act's archives away; None when they are there."""
    kept = acte.manifeste.get("elimination")
    return UUID(kept) if kept else None


__all__ = ["Efface", "drop_bytes", "elimination_of", "erase", "erase_dossier"]
