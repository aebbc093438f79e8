"""What the commands share: the portal of `PORTAIL_DATA`, input and output files, JSON as conception.md describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from domain.errors import Invalide
from services.core.portail import Portail
from services.core.settings import Settings
from services.operation.installation import make_private_folder

MAX_INPUT = 5_000_000
FILE = click.Path(path_type=Path)


@contextmanager
def open_portail(settings: Settings | None = None) -> Iterator[Portail]:
    """The portal of the environment's settings, closed afterwards."""
    settings = settings or Settings.from_environment()
    make_private_folder(settings.data)
    portail = Portail(settings)
    try:
        yield portail
    finally:
        portail.db.dispose()


@contextmanager
def open_installed() -> Iterator[Portail]:
    """The same, refused when the database was never made or is not at this version's schema."""
    settings = Settings.from_environment()
    sqlite = settings.database_url.removeprefix("sqlite:///")
    if sqlite != settings.database_url and not Path(sqlite).exists():
        raise Invalide(
            f"Aucune installation dans le dossier {settings.data}. Indiquez le bon dossier par PORTAIL_DATA, ou lancez"
            " « portail init »."
        )
    with open_portail(settings) as portail:
        if not portail.db.is_current():
            raise Invalide("La base de données n’est pas à jour. Lancez « portail init ».")
        yield portail


def read_bytes(path: Path, most: int = MAX_INPUT) -> bytes:
    """The bytes of a file; Invalide when it cannot be read or is larger than `most`."""
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise Invalide(f"Le fichier {path} ne peut pas être lu : {_reason(error)}.") from error
    if len(data) > most:
        raise Invalide(f"Le fichier {path} est trop gros.")
    return data


def read_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file. Decimal numbers keep their digits; a name given twice is refused."""
    try:
        data = json.loads(read_bytes(path).decode("utf-8-sig"), parse_float=Decimal, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise Invalide(f"Le fichier {path} n’est pas encodé en UTF-8.") from error
    except json.JSONDecodeError as error:
        raise Invalide(f"Le fichier {path} n’est pas du JSON correct (ligne {error.lineno}).") from error
    except (RecursionError, ValueError) as error:
        raise Invalide(f"Le fichier {path} n’est pas du JSON utilisable.") from error
    if not isinstance(data, dict):
        raise Invalide(f"Le fichier {path} doit contenir un objet JSON : des noms et des valeurs entre accolades.")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Invalide(f"« {key} » est donné deux fois dans le fichier JSON.")
        found[key] = value
    return found


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, complete or not at all; Invalide when it cannot be written."""
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise Invalide(f"Le fichier {path} ne peut pas être écrit : {_reason(error)}.") from error
    finally:
        if partial.exists():
            partial.unlink()


_REASONS = {
    FileNotFoundError: "il n’existe pas, ou son dossier non plus",
    PermissionError: "vous n’en avez pas le droit",
    IsADirectoryError: "c’est un dossier",
    NotADirectoryError: "son chemin passe par ce qui n’est pas un dossier",
}


def _reason(error: OSError) -> str:
    return _REASONS.get(type(error), f"erreur {error.errno} du système")


def print_json(data: Mapping[str, Any] | Sequence[Any]) -> None:
    """Machine-readable output: amounts with two decimals and a point, dates ISO 8601, everything else plain."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain).encode(errors="replace").decode())


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
