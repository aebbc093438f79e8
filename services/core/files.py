"""The file store: bytes by SHA-256, through fsspec (a local folder by default, S3 by URL).

People reach bytes only through a `Piece` row, whose permission is checked (services.adhesion.pieces); a hash opens nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain.errors import Refus
from models import Fichier, JournalHead, utc_now
from services.core.locks import KEEP, lock_row, locked


class FileStore:
    """Content-addressed store at `url` (a folder, or s3://bucket/prefix)."""

    def __init__(self, url: str) -> None:
        self._fs: fsspec.AbstractFileSystem
        self._fs, root = url_to_fs(url)
        self._root = str(root).rstrip("/")

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"

    def write(self, data: bytes) -> str:
        """Store `data`, give its SHA-256. Writing the same bytes twice stores them once, unless what is there has another
        size: then it is damaged, and replaced. A crash or a power cut leaves no half file."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self._size(sha256) != len(data):
            self._put(self._path(sha256), data)
        return sha256

    def _size(self, sha256: str) -> int | None:
        try:
            return int(self._fs.size(self._path(sha256)))
        except FileNotFoundError:
            return None

    def _put(self, path: str, data: bytes) -> None:
        """Write under another name, then take the place of `path` at once."""
        folder = path.rsplit("/", 1)[0]
        self._fs.makedirs(folder, exist_ok=True)
        partial = f"{path}.{uuid4().hex}"
        with self._fs.open(partial, "wb") as stream:
            stream.write(data)
        if isinstance(self._fs, LocalFileSystem):
            # The database is told of a file only once the disk holds its bytes and its name.
            _sync(partial)
            Path(partial).replace(path)
            _sync(folder)
            _sync(self._root)
        else:
            self._fs.mv(partial, path)

    def read(self, sha256: str) -> bytes:
        """The bytes of `sha256`, checked against it. FileNotFoundError when absent, OSError when damaged."""
        with self._fs.open(self._path(sha256), "rb") as stream:
            data = bytes(stream.read())
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OSError(f"stored file {sha256} is damaged")
        return data

    def exists(self, sha256: str) -> bool:
        return bool(self._fs.exists(self._path(sha256)))

    def delete(self, sha256: str) -> None:
        """Remove the bytes; absent is fine."""
        if self.exists(sha256):
            self._fs.rm_file(self._path(sha256))

    def modified(self, sha256: str) -> datetime:
        """When the bytes were written, in UTC."""
        found: datetime = self._fs.modified(self._path(sha256))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

    def list_hashes(self) -> list[str]:
        """Hashes of everything stored (files being written apart)."""
        if not self._fs.exists(self._root):
            return []
        names = (str(path).rsplit("/", 1)[-1] for path in self._fs.find(self._root))
        return [name for name in names if re.fullmatch("[0-9a-f]{64}", name)]

    def owner(self) -> str | None:
        """The installation that this store belongs to; None when it has none yet."""
        try:
            with self._fs.open(self._mark, "rb") as stream:
                return bytes(stream.read()).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None

    def set_owner(self, installation: UUID) -> None:
        """Say which installation this store belongs to from now on."""
        self._put(self._mark, str(installation).encode())

    @property
    def _mark(self) -> str:
        return f"{self._root}/installation"

    def ping(self) -> None:
        """Write and remove a small file; raises when the store cannot be written."""
        probe = f"{self._root}/.sante-{uuid4().hex}"
        self._fs.makedirs(self._root, exist_ok=True)
        with self._fs.open(probe, "wb") as stream:
            stream.write(b"ok")
        self._fs.rm_file(probe)


def check_owner(session: Session, files: FileStore) -> None:
    """Refus when the file store belongs to another installation than the database: a wrong setting, or a copy, must not
    purge, nor add to, somebody else's files. A store without owner becomes this installation's."""
    installation = session.scalars(select(JournalHead.installation)).one()
    owner = files.owner()
    if owner is None:
        files.set_owner(installation)
    elif owner != str(installation):
        raise Refus(
            "Le magasin de fichiers appartient à une autre installation que la base de données. Vérifiez DATABASE_URL,"
            " PORTAIL_DATA et PORTAIL_FICHIERS. Si ces fichiers sont bien ceux de cette base (après une restauration, par"
            " exemple), lancez « portail fichiers rattacher »."
        )


def _sync(path: str) -> None:
    """Wait until the disk holds this file or this folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store(session: Session, files: FileStore, data: bytes) -> Fichier:
    """Store `data` and give its row. The row is taken first and held, so that the purge cannot remove the bytes under it
    and two people who send the same file wait for each other. A rolled back transaction leaves at most bytes without a
    row, which an operator may remove, never a row without bytes."""
    sha256 = hashlib.sha256(data).hexdigest()
    claim_row(session, sha256, len(data), utc_now())
    row = lock_row(session, Fichier, sha256, KEEP)
    files.write(data)
    return row


def store_all(session: Session, files: FileStore, several: Sequence[bytes]) -> list[str]:
    """As `store` for several files at once, in two statements; their hashes, in the same order."""
    now = utc_now()
    sizes = {hashlib.sha256(data).hexdigest(): len(data) for data in several}
    rows = [{"sha256": sha256, "taille": taille, "cree_le": now} for sha256, taille in sorted(sizes.items())]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    if rows:
        session.execute(insert(Fichier).values(rows).on_conflict_do_nothing(index_elements=[Fichier.sha256]))
    session.execute(locked(select(Fichier.sha256).where(Fichier.sha256.in_(sizes)), KEEP)).all()
    return [files.write(data) for data in several]


def claim_row(session: Session, sha256: str, taille: int, cree_le: datetime) -> None:
    """Make the row of these bytes unless there is one; waits for whoever is making or removing it."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Fichier).values(sha256=sha256, taille=taille, cree_le=cree_le)
    session.execute(statement.on_conflict_do_nothing(index_elements=[Fichier.sha256]))
