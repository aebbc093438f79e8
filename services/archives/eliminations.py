"""Eliminations of archives: proposed by the responsable, approved by another person with the reference of the archives' visa, then
executed (services.archives.execution). What is covered is written down when it is proposed, and looked at again each time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.archives import APPROVERS, ETATS, EXECUTORS, PROPOSERS, READERS
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from domain.text import clean_text
from models import Centre, Elimination, Piece, Utilisateur, utc_now
from services.archives.conservation import Cle, Ensemble, find_due, require_centre
from services.core import clock
from services.core.access import Acteur, require
from services.core.locks import locked
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, once, record

MAX_VISA, MAX_MOTIF, MIN_VISA = 120, 2000, 3


@dataclass(frozen=True)
class LigneElimination:
    """One convention or dossier of an elimination. `etat`: a_eliminer, eliminee, or conservee (with why, `raison`)."""

    nature: str
    id: UUID
    numero: str
    collectivite: str
    debut: date
    fin: date
    jusquau: date
    etat: str
    raison: str
    fichiers: int
    octets: int


@dataclass(frozen=True)
class EliminationRow:
    """An elimination as one person sees it: `approuvable`, `executable` and `retirable` by them."""

    id: UUID
    centre_id: UUID
    fuseau: str
    etat: str
    etat_libelle: str
    lignes: tuple[LigneElimination, ...]
    visa: str
    motif: str
    proposee_le: datetime
    proposee_par: str
    traitee_le: datetime | None
    traitee_par: str
    executee_le: datetime | None
    certificat: PieceRow | None
    version: int
    approuvable: bool
    executable: bool
    pourquoi: str

    def count(self, etat: str) -> int:
        """How many lines are in this state."""
        return sum(one.etat == etat for one in self.lignes)


# Reading ----------------------------------------------------------------------------------------------------------------


def list_eliminations(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[EliminationRow]:
    """Those of this centre, the newest first."""
    with portail.view(acteur, "elimination.lister", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = require_centre(session, acteur, centre_id, *READERS)
        query = select(Elimination).where(Elimination.centre_id == centre_id).order_by(Elimination.proposee_le.desc())
        return [_row(session, acteur, centre, one) for one in session.scalars(query)]


def _row(session: Session, acteur: Acteur, centre: Centre, one: Elimination) -> EliminationRow:
    held = acteur.roles_for(centre_id=centre.id)
    own = one.proposee_par == acteur.utilisateur_id
    approves = one.etat == "proposee" and bool(held.intersection(APPROVERS))
    pourquoi = "Vous l’avez proposée : une autre personne doit l’approuver." if approves and own else ""
    piece = session.get(Piece, one.certificat_id) if one.certificat_id else None
    return EliminationRow(
        id=one.id,
        centre_id=centre.id,
        fuseau=centre.fuseau,
        etat=one.etat,
        etat_libelle=ETATS[one.etat],
        lignes=tuple(read_line(line) for line in one.contenu),
        visa=one.visa,
        motif=one.motif,
        proposee_le=one.proposee_le,
        proposee_par=name_of(session, one.proposee_par),
        traitee_le=one.traitee_le,
        traitee_par=name_of(session, one.traitee_par),
        executee_le=one.executee_le,
        certificat=piece_row(piece) if piece else None,
        version=one.version,
        approuvable=approves and not own,
        executable=one.etat == "approuvee" and bool(held.intersection(EXECUTORS)),
        pourquoi=pourquoi,
    )


def read_line(line: dict[str, Any]) -> LigneElimination:
    """A line of `Elimination.contenu`."""
    return LigneElimination(
        nature=line["nature"],
        id=UUID(line["id"]),
        numero=line["numero"],
        collectivite=line["collectivite"],
        debut=date.fromisoformat(line["debut"]),
        fin=date.fromisoformat(line["fin"]),
        jusquau=date.fromisoformat(line["jusquau"]),
        etat=line["etat"],
        raison=line.get("raison", ""),
        fichiers=line["fichiers"],
        octets=line["octets"],
    )


def write_line(one: Ensemble) -> dict[str, Any]:
    """What an elimination keeps of a convention or dossier: nothing personal."""
    return {
        "nature": one.nature,
        "id": str(one.id),
        "numero": one.numero,
        "collectivite": one.collectivite,
        "debut": one.debut.isoformat(),
        "fin": one.fin.isoformat(),
        "jusquau": one.jusquau.isoformat(),
        "etat": "a_eliminer",
        "fichiers": one.fichiers,
        "octets": one.octets,
    }


def name_of(session: Session, utilisateur_id: UUID | None) -> str:
    """A person's name; empty when there is none."""
    person = session.get(Utilisateur, utilisateur_id) if utilisateur_id else None
    return person.nom_complet if person else ""


def get_elimination(
    session: Session, acteur: Acteur, elimination_id: UUID, *roles: Role, lock: bool = False
) -> tuple[Elimination, Centre]:
    """The elimination, for who reads its centre's archives, and its centre; Refus unless they hold one of `roles`."""
    query = select(Elimination).where(Elimination.id == elimination_id)
    if lock:
        query = locked(query)
    found = session.scalars(query).one_or_none()
    if found is None or found.centre_id not in acteur.centres_with(*READERS):
        raise Introuvable()
    require(acteur.roles_for(centre_id=found.centre_id), *(roles or READERS))
    return found, session.get_one(Centre, found.centre_id)


# Proposing and deciding -------------------------------------------------------------------------------------------------


def propose(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    choisies: Collection[Cle],
    *,
    motif: str = "",
    operation_id: str,
) -> UUID | None:
    """Propose what was chosen for elimination; its id (None: the echo of a double click). Invalide when something chosen is not
    due, waits for something, or is proposed already."""
    with portail.action(
        acteur, "elimination.proposer", objet="centre", objet_id=centre_id, centre_id=centre_id
    ) as session:
        # The centre is held: two people do not propose the same convention.
        centre = require_centre(session, acteur, centre_id, *PROPOSERS, lock=True)
        if not once(session, operation_id):
            return None
        if not choisies:
            raise Invalide("Choisissez au moins une convention ou un dossier.", champ="choisies")
        found = find_due(session, centre, clock.today(centre.fuseau), set(choisies))
        _check_chosen(choisies, found)
        elimination = Elimination(
            centre_id=centre.id,
            contenu=[write_line(one) for one in found],
            motif=_clean(motif, MAX_MOTIF),
            proposee_par=acteur.utilisateur_id,
        )
        session.add(elimination)
        session.flush()
        _record(
            session, acteur, "elimination.proposer", elimination, ensembles=[line["id"] for line in elimination.contenu]
        )
        return elimination.id


def _check_chosen(choisies: Collection[Cle], found: Sequence[Ensemble]) -> None:
    if {one.cle for one in found} != set(choisies):
        raise Invalide(
            "Une convention choisie n’est plus à éliminer : sa durée de conservation a changé, ou elle l’a déjà été. Rechargez"
            " la page.",
            champ="choisies",
        )
    for one in found:
        if one.proposee:
            raise Invalide(f"{one.numero} est déjà dans une proposition en attente.", champ="choisies")
        if one.blocages:
            raise Invalide(f"{one.numero} ne peut pas être éliminée : {one.blocages[0]}", champ="choisies")


def _clean(text: str, limit: int) -> str:
    cleaned = clean_text(text).strip()
    if len(cleaned) > limit:
        raise Invalide(f"{limit} caractères au plus.")
    return cleaned


def approve(portail: Portail, acteur: Acteur, elimination_id: UUID, *, visa: str, version: int) -> None:
    """Approve an elimination, with the reference of the archives' visa. Refus for who proposed it."""
    with portail.action(acteur, "elimination.approuver", objet="elimination", objet_id=elimination_id) as session:
        elimination, _ = _waiting(session, acteur, elimination_id, version)
        if elimination.proposee_par == acteur.utilisateur_id:
            raise Refus("Vous avez proposé cette élimination : une autre personne doit l’approuver.")
        reference = _clean(visa, MAX_VISA)
        if len(reference) < MIN_VISA:
            raise Invalide("Indiquez la référence du visa des archives départementales.", champ="visa")
        elimination.etat, elimination.visa = "approuvee", reference
        elimination.traitee_le, elimination.traitee_par = utc_now(), acteur.utilisateur_id
        session.flush()
        _record(session, acteur, "elimination.approuver", elimination)


def refuse(portail: Portail, acteur: Acteur, elimination_id: UUID, *, motif: str, version: int) -> None:
    """Refuse an elimination, with the reason; who proposed it may take it back the same way. Nothing is removed."""
    with portail.action(acteur, "elimination.refuser", objet="elimination", objet_id=elimination_id) as session:
        elimination, _ = _waiting(session, acteur, elimination_id, version, *PROPOSERS)
        reason = _clean(motif, MAX_MOTIF)
        if not reason:
            raise Invalide("Indiquez le motif.", champ="motif")
        held = acteur.roles_for(centre_id=elimination.centre_id)
        if not held.intersection(APPROVERS) and elimination.proposee_par != acteur.utilisateur_id:
            raise Refus("Seule la personne qui l’a proposée, ou une personne qui approuve, peut l’écarter.")
        elimination.etat, elimination.motif = "refusee", reason
        elimination.traitee_le, elimination.traitee_par = utc_now(), acteur.utilisateur_id
        session.flush()
        _record(session, acteur, "elimination.refuser", elimination)


def _waiting(
    session: Session, acteur: Acteur, elimination_id: UUID, version: int, *also: Role
) -> tuple[Elimination, Centre]:
    elimination, centre = get_elimination(session, acteur, elimination_id, *APPROVERS, *also, lock=True)
    if elimination.etat != "proposee":
        raise Conflit(f"Cette élimination n’attend plus de décision : elle est « {ETATS[elimination.etat].lower()} ».")
    if elimination.version != version:
        raise Conflit("Cette élimination a changé depuis que vous l’avez lue : rechargez la page.")
    return elimination, centre


def _record(session: Session, acteur: Acteur, action: str, elimination: Elimination, **details: Any) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=elimination.centre_id,
        objet="elimination",
        objet_id=elimination.id,
        **details,
    )


__all__ = [
    "EliminationRow",
    "LigneElimination",
    "approve",
    "get_elimination",
    "list_eliminations",
    "name_of",
    "propose",
    "read_line",
    "refuse",
    "write_line",
]
