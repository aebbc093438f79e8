"""Backup of the whole installation into one file, and back.

The archive is a ZIP: `manifeste.json`, one `base/<table>.jsonl` per table, read in one transaction (a snapshot on both
databases), and the bytes of every file row under `fichiers/<sha256>`. It does not depend on the database: what was saved
from SQLite can be restored into PostgreSQL. Open sessions are left out, so that a restored copy never revives a login.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import (
    Column,
    Date,
    Numeric,
    Table,
    Update,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from domain.errors import Invalide, Refus
from models import Base, Courriel, Fichier, JournalHead, SessionUtilisateur, TicketConnexion, new_id, utc_now
from models.base import UtcDateTime
from services.core import journal
from services.core.portail import Portail

FORMAT = "portail-sauvegarde-1"
MANIFEST = "manifeste.json"
EPHEMERAL = frozenset({SessionUtilisateur.__tablename__, TicketConnexion.__tablename__})
BATCH = 500
DECODERS: dict[type[Any], Callable[[str], Any]] = {
    UtcDateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Uuid: UUID,
    Numeric: Decimal,
}


@dataclass(frozen=True)
class Bilan:
    """What an archive holds: rows by table, number of files, and where the journal stood."""

    lignes: dict[str, int]
    fichiers: int
    journal_seq: int
    journal_hash: str


def tables() -> list[Table]:
    """Tables that are saved, parents before children."""
    return [table for table in Base.metadata.sorted_tables if table.name not in EPHEMERAL]


# --- saving -----------------------------------------------------------------------------------------------------------


def save(portail: Portail, target: Path) -> Bilan:
    """Write the archive `target`, complete or not at all. Raises Refus when the file exists, Invalide when the folder cannot
    be written or a stored file is missing or damaged. The backup is journalled afterwards."""
    if target.exists():
        raise Refus(f"Le fichier {target} existe déjà : choisissez un autre nom.")
    partial = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with partial.open("xb") as stream:
            partial.chmod(0o600)
            bilan = _write_archive(portail, stream)
        partial.rename(target)
    except OSError as error:
        raise Invalide(
            f"La sauvegarde ne peut pas être écrite dans {target.parent} : {error.strerror or error}."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    with portail.db.write() as session:
        journal.record(session, "sauvegarde.creer", fichiers=bilan.fichiers, journal_seq=bilan.journal_seq)
    return bilan


def _write_archive(portail: Portail, stream: BinaryIO) -> Bilan:
    hashes: dict[str, str] = {}
    lignes: dict[str, int] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with portail.db.read() as session:
            if not portail.db.sqlite:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            for table in tables():
                name = f"base/{table.name}.jsonl"
                lignes[table.name], hashes[name] = _dump_table(session, table, archive, name)
            stored = list(session.scalars(select(Fichier.sha256).order_by(Fichier.sha256)))
            head = session.get_one(JournalHead, 1)
        for sha256 in stored:
            archive.writestr(f"fichiers/{sha256}", _stored_bytes(portail, sha256))
        bilan = Bilan(lignes, len(stored), head.seq, head.hash)
        manifest = {
            "format": FORMAT,
            "cree_le": utc_now().isoformat(),
            "revision": portail.db.revision(),
            "lignes": lignes,
            "fichiers": stored,
            "sha256": hashes,
            "journal": {"seq": head.seq, "hash": head.hash},
        }
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return bilan


def _dump_table(session: Session, table: Table, archive: zipfile.ZipFile, name: str) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    with archive.open(name, "w", force_zip64=True) as member:
        for row in session.execute(query).mappings():
            values = {key: _encode(value) for key, value in row.items()}
            line = json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            member.write(line)
            count += 1
    return count, digest.hexdigest()


def _encode(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _stored_bytes(portail: Portail, sha256: str) -> bytes:
    try:
        return portail.files.read(sha256)
    except OSError as error:
        raise Invalide(
            f"Le fichier {sha256} est absent ou endommagé dans le magasin : la sauvegarde serait incomplète."
        ) from error


# --- restoring --------------------------------------------------------------------------------------------------------


def restore(portail: Portail, source: Path) -> Bilan:
    """Load the archive `source` into this installation, which must be empty. Every hash is checked before anything is
    written; rows come in one transaction, committed only when the journal they carry is intact."""
    with _open(source) as archive:
        manifest = _checked_manifest(archive)
        _prepare_empty(portail, manifest)
        for sha256 in manifest["fichiers"]:
            portail.files.write(archive.read(f"fichiers/{sha256}"))
        try:
            with portail.db.write() as session:
                session.execute(delete(JournalHead))
                later = [_load_table(session, table, archive) for table in tables()]
                for statement, rows in chain.from_iterable(later):
                    session.execute(statement, rows)
                _settle(session, manifest)
        except (StatementError, KeyError, TypeError, ValueError) as error:
            raise Invalide(
                "La sauvegarde ne correspond pas à cette version du portail. Rien n’a été restauré."
            ) from error
    return Bilan(manifest["lignes"], len(manifest["fichiers"]), manifest["journal"]["seq"], manifest["journal"]["hash"])


def _open(source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except OSError as error:
        raise Invalide(f"Le fichier {source} ne peut pas être lu : {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise Invalide(f"Le fichier {source} n’est pas une sauvegarde du portail, ou il est endommagé.") from error


def _checked_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, after the hash of every member was compared with it."""
    damaged = Invalide("La sauvegarde est endommagée ou incomplète. Rien n’a été restauré.")
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise Invalide("Cette sauvegarde vient d’une autre version du portail, que celle-ci ne sait pas lire.")
        expected = dict(manifest["sha256"])
        expected.update({f"fichiers/{sha256}": sha256 for sha256 in manifest["fichiers"]})
        for name, sha256 in expected.items():
            if _member_hash(archive, name) != sha256:
                raise damaged
    except (KeyError, TypeError, AttributeError, ValueError, zipfile.BadZipFile) as error:
        raise damaged from error
    return manifest


def _member_hash(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as member:
        while chunk := member.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _prepare_empty(portail: Portail, manifest: dict[str, Any]) -> None:
    """Create the schema when there is none; refuse a database that holds anything, or an archive of another schema."""
    if manifest["revision"] != portail.db.newest_revision():
        raise Refus(
            "Cette sauvegarde a été faite avec une autre version du portail. Restaurez-la avec cette version-là, puis"
            " mettez le portail à jour et lancez « portail init »."
        )
    existing = set(inspect(portail.db.engine).get_table_names())
    with portail.db.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in existing:
                continue
            query = select(func.count()).select_from(table)
            if table.name == JournalHead.__tablename__:
                query = query.where(table.c.seq > 0)
            if session.execute(query).scalar_one():
                raise Refus("La base de destination n’est pas vide. Restaurez dans une installation neuve.")
    portail.db.migrate()


def _load_table(session: Session, table: Table, archive: zipfile.ZipFile) -> list[tuple[Update, list[dict[str, Any]]]]:
    """Insert the rows of a table; what is to run once every table is there: a dossier names the convention that it is about,
    which names its own dossier."""
    own, forward = _references(table)
    late: list[dict[str, Any]] = []
    with archive.open(f"base/{table.name}.jsonl") as member:
        rows: Iterable[dict[str, Any]] = (_read_row(table, line) for line in member)
        for batch in _batches(_parents_first(list(rows), own) if own else rows):
            if forward:
                late += [row for row in batch if any(row[name] is not None for name in forward)]
                batch = [{**row, **dict.fromkeys(forward)} for row in batch]
            session.execute(insert(table), batch)
    if not late:
        return []
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in forward}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
    return [(statement, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in forward}} for row in late])]


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _read_row(table: Table, line: bytes) -> dict[str, Any]:
    row = json.loads(line)
    return {column.name: _decode(column, row[column.name]) for column in table.columns}


def _references(table: Table) -> tuple[list[str], list[str]]:
    """Columns that refer to the table itself, and to one that is loaded after it."""
    order = [one.name for one in tables()]
    own, forward = [], []
    for key in table.foreign_keys:
        if key.column.table is table:
            own.append(key.parent.name)
        elif order.index(key.column.table.name) > order.index(table.name):
            forward.append(key.parent.name)
    return own, forward


def _parents_first(rows: list[dict[str, Any]], own: list[str]) -> list[dict[str, Any]]:
    """The same rows, each after those of the same table that it refers to."""
    left = {row["id"]: row for row in rows}
    found: list[dict[str, Any]] = []
    while left:
        ready = [row for row in left.values() if not any(row[name] in left for name in own if row[name] != row["id"])]
        if not ready:
            raise ValueError("rows that refer to each other in a circle")
        found += ready
        for row in ready:
            del left[row["id"]]
    return found


def _decode(column: Column[Any], value: Any) -> Any:
    """The value of the column's type from its JSON form."""
    if value is None:
        return None
    decode = DECODERS.get(type(column.type))
    return decode(value) if decode else value


def _settle(session: Session, manifest: dict[str, Any]) -> None:
    """Last checks before the commit: the journal is whole and stands where the manifest says; mails that were waiting may
    have been sent since, so they are not sent again by themselves."""
    outcome = journal.verify(session)
    head = session.get_one(JournalHead, 1)
    if not outcome.intacte or (head.seq, head.hash) != (manifest["journal"]["seq"], manifest["journal"]["hash"]):
        raise Refus(f"Le journal de la sauvegarde n’est pas intact ({outcome.message}) Rien n’a été restauré.")
    # Another installation than the one that was saved: it does not purge that one's files by mistake (services.core.files).
    head.installation = new_id()
    session.execute(update(Courriel).where(Courriel.etat == "a_envoyer").values(etat="incertain"))
    journal.record(session, "sauvegarde.restaurer", journal_seq=head.seq, journal_hash=head.hash)
