"""The whole of a convention, or of a dossier, as one ZIP that is read without the portal: a page in French, the files, the data
in JSON, the lines of the journal, and the SHA-256 of each member."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from domain.archives import EXPORTERS
from domain.errors import Introuvable
from domain.text import fold
from models import (
    Acte,
    AuditEvent,
    Bilan,
    Centre,
    Collectivite,
    Convention,
    CourrierTarif,
    Cumul,
    Decompte,
    DemandeCorrection,
    DemandeServiceDegrade,
    Denonciation,
    Depot,
    Dossier,
    Exercice,
    Levee,
    Message,
    MiseEnDemeure,
    PeriodeSansAssistant,
    Piece,
    Reconduction,
    Reponse,
    Utilisateur,
    utc_now,
)
from services.archives.conservation import Cle, contents, owned_by
from services.archives.lecture import Lecture, render_index
from services.centre.consultation_journal import LigneJournal, name_lines
from services.core.access import Acteur, get_convention, get_dossier, require, roles_on
from services.core.paquets import add_member, new_zip, stream_hash
from services.core.portail import Portail, record
from services.exports import Export

OF_CONVENTION: dict[str, type[Any]] = {
    "exercices": Exercice,
    "reconductions": Reconduction,
    "decomptes": Decompte,
    "services_degrades": DemandeServiceDegrade,
    "periodes_sans_assistant": PeriodeSansAssistant,
    "denonciations": Denonciation,
    "mises_en_demeure": MiseEnDemeure,
    "courriers_tarif": CourrierTarif,
    "bilans": Bilan,
    "heures": Cumul,
}
"""What hangs on a convention, by its name in the JSON."""
OF_DOSSIER: dict[str, type[Any]] = {
    "reponses": Reponse,
    "depots": Depot,
    "corrections": DemandeCorrection,
    "messages": Message,
    "levees": Levee,
}
MAX_NAME = 80


@dataclass(frozen=True)
class Fichier:
    """A file of the archive: its path there, None when its bytes are missing from the store."""

    id: UUID
    chemin: str | None
    nom: str
    usage: str
    champ: str | None
    sha256: str
    taille: int
    depose_le: datetime
    retire_le: datetime | None


def export_archive(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/archives.zip?convention=…` or `?dossier=…`: for the centre's instructeurs, responsables and administrators."""
    cle = _asked(parametres)
    with portail.view(acteur, "archives.exporter", objet=cle[0], objet_id=cle[1]) as session:
        nom, flux, fichiers, centre_id = build_archive(portail, session, acteur, cle)
    with portail.action(acteur, "archives.exporter", objet=cle[0], objet_id=cle[1]) as session:
        record(
            session,
            acteur,
            "archives.exporter",
            centre_id=centre_id,
            objet=cle[0],
            objet_id=cle[1],
            fichiers=fichiers,
            sha256=stream_hash(flux),
        )
    return Export(nom, "application/zip", flux=flux)


def _asked(parametres: Mapping[str, str]) -> Cle:
    try:
        if "convention" in parametres:
            return ("convention", UUID(parametres["convention"]))
        return ("dossier", UUID(parametres.get("dossier", "")))
    except ValueError:
        raise Introuvable() from None


def build_archive(portail: Portail, session: Session, acteur: Acteur, cle: Cle) -> tuple[str, IO[bytes], int, UUID]:
    """File name, temporary file, number of files inside, centre. Introuvable or Refus when the person may not."""
    thing: Convention | Dossier
    if cle[0] == "convention":
        thing = get_convention(session, acteur, cle[1])
    else:
        thing = get_dossier(session, acteur, cle[1])
        # The adhesion of a convention is exported with it: one whole, whichever page it is asked from.
        own = session.scalar(select(Convention.id).where(Convention.dossier_id == cle[1]))
        cle = ("convention", own) if own else cle
    require(roles_on(acteur, thing), *EXPORTERS)
    return _pack(portail, session, cle, thing.centre_id)


def _pack(portail: Portail, session: Session, cle: Cle, centre_id: UUID) -> tuple[str, IO[bytes], int, UUID]:
    centre = session.get_one(Centre, centre_id)
    contenu = contents(session, cle)
    actes = list(session.scalars(select(Acte).where(Acte.id.in_(contenu.actes)).order_by(Acte.date_effet, Acte.rang)))
    dossiers = list(session.scalars(select(Dossier).where(Dossier.id.in_(contenu.dossiers)).order_by(Dossier.cree_le)))
    pieces = list(session.scalars(select(Piece).where(owned_by(contenu)).order_by(Piece.deposee_le, Piece.id)))
    data = _data(session, centre, actes, dossiers)
    journal = _journal(session, centre_id, _ids(data) | {str(piece.id) for piece in pieces})
    with new_zip() as (stream, archive):
        pack = _Pack(archive)
        fichiers = [_add_file(portail, pack, piece, number) for number, piece in enumerate(pieces, start=1)]
        data["fichiers"] = [_plain(vars(one)) for one in fichiers]
        data["personnes"] = _people(session, data)
        pack.add("donnees/donnees.json", _json(data))
        pack.add("donnees/journal.json", _json([_journal_line(*one) for one in journal]))
        reading = Lecture(
            centre.nom, centre.fuseau, utc_now(), actes, dossiers, data, fichiers, [row for _, row in journal]
        )
        pack.add("index.html", render_index(session, reading).encode())
        pack.add("empreintes.txt", pack.sums().encode())
    first = actes[0] if actes else None
    name = f"convention-{first.numero}" if first else f"dossier-{dossiers[0].reference}"
    return f"{name}.zip", stream, sum(one.chemin is not None for one in fichiers), centre_id


class _Pack:
    """Members of the ZIP and their hashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sums: list[str] = []

    def add(self, path: str, data: bytes) -> None:
        add_member(self._archive, path, data)
        self._sums.append(f"{hashlib.sha256(data).hexdigest()}  {path}\n")

    def sums(self) -> str:
        """As `sha256sum --check` reads them."""
        return "".join(self._sums)


def _add_file(portail: Portail, pack: _Pack, piece: Piece, number: int) -> Fichier:
    path: str | None = f"fichiers/{number:03d}-{safe_name(piece.nom)}"
    try:
        pack.add(str(path), portail.files.read(piece.sha256))
    except OSError:  # missing or damaged: the page of the archive says so, and gives the rest
        path = None
    return Fichier(
        piece.id,
        path,
        piece.nom,
        piece.usage,
        piece.champ,
        piece.sha256,
        piece.taille,
        piece.deposee_le,
        piece.retiree_le,
    )


def safe_name(nom: str) -> str:
    """A file name that every system takes: plain letters, digits, hyphens; its extension kept."""
    found = re.fullmatch(r"(.*)\.([A-Za-z0-9]{1,8})", nom, re.DOTALL)
    words = re.sub(r"[^a-z0-9]+", "-", fold(found[1] if found else nom)).strip("-")[:MAX_NAME]
    return f"{words or 'fichier'}{f'.{found[2].lower()}' if found else ''}"


# Data ---------------------------------------------------------------------------------------------------------------------


def _data(session: Session, centre: Centre, actes: list[Acte], dossiers: list[Dossier]) -> dict[str, Any]:
    collectivite_id = (actes or dossiers)[0].collectivite_id
    ids = [acte.id for acte in actes]
    life = {name: _rows(session, table, table.convention_id.in_(ids)) for name, table in OF_CONVENTION.items()}
    for row in life["decomptes"]:
        decompte = session.get_one(Decompte, UUID(row["id"]))
        row["lignes"] = [dump_row(line) for line in decompte.lignes]
    return {
        "centre": {"code": centre.code, "nom": centre.nom},
        "collectivite": dump_row(session.get_one(Collectivite, collectivite_id)),
        "actes": [dump_row(acte) for acte in actes],
        "dossiers": [
            {
                **dump_row(dossier),
                **{name: _rows(session, table, table.dossier_id == dossier.id) for name, table in OF_DOSSIER.items()},
            }
            for dossier in dossiers
        ],
        **life,
    }


def _rows(session: Session, table: type[Any], condition: Any) -> list[dict[str, Any]]:
    return [
        dump_row(row) for row in session.scalars(select(table).where(condition).order_by(*inspect(table).primary_key))
    ]


def dump_row(row: Any) -> dict[str, Any]:
    """Every column of a row as JSON: dates as ISO 8601, amounts as strings."""
    return {column.key: _plain(getattr(row, column.key)) for column in inspect(type(row)).column_attrs}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Decimal)) else value


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _ids(value: Any) -> set[str]:
    """Every `id` in the data: what the journal may be about."""
    if isinstance(value, dict):
        own = {str(value["id"])} if "id" in value else set()
        return own.union(*(_ids(one) for one in value.values()))
    return set().union(*(_ids(one) for one in value)) if isinstance(value, list) else set()


def _people(session: Session, data: Any) -> dict[str, str]:
    """Names of the people whose ids the data hold."""
    found = set(_uuids(data))
    rows = session.scalars(select(Utilisateur).where(Utilisateur.id.in_(found)))
    return {str(person.id): person.nom_complet for person in rows}


def _uuids(value: Any) -> Iterable[UUID]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _uuids(one)
    elif isinstance(value, list):
        for one in value:
            yield from _uuids(one)
    elif isinstance(value, str) and len(value) == 36:
        try:
            yield UUID(value)
        except ValueError:
            return


def _journal(session: Session, centre_id: UUID, ids: set[str]) -> list[tuple[AuditEvent, LigneJournal]]:
    """Lines about any of these things, oldest first."""
    wanted = sorted(ids)
    events: list[AuditEvent] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        query = select(AuditEvent).where(
            or_(AuditEvent.centre_id == centre_id, AuditEvent.centre_id.is_(None)), AuditEvent.objet_id.in_(part)
        )
        events += session.scalars(query).all()
    events.sort(key=lambda event: event.seq)
    return list(zip(events, name_lines(session, events), strict=True))


def _journal_line(event: AuditEvent, row: LigneJournal) -> dict[str, Any]:
    return {**dump_row(event), "libelle": row.libelle, "personne": row.acteur}
