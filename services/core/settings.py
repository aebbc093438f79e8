"""Settings of an installation, read from the environment once (docs/exploitation.md lists them)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from domain.errors import Invalide

ROOT = Path(__file__).resolve().parents[2]
"""Folder of the application: forms/, doc_templates/, migrations/ and data/ are found from here."""


@dataclass(frozen=True)
class Settings:
    """Where things are and how the application is reached. Nothing secret is ever logged from here."""

    data: Path
    database_url: str
    fichiers_url: str
    adresse_publique: str
    production: bool
    demonstration: bool
    proxys: tuple[IPv4Network | IPv6Network, ...] = ()
    smtp_url: str | None = field(default=None, repr=False)
    courriel_expediteur: str = "portail@example.org"
    session_heures: int = 8
    taille_max_mo: int = 20
    certificats: tuple[bytes, ...] = field(default=(), repr=False)
    """PEM files of the authorities whose electronic signatures are recognised."""
    centres: tuple[str, ...] = ()
    """Codes of the centres that this installation serves; all those of forms/ when there is none."""

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Settings from `env` (default: the process environment). Raises Invalide with the variable's name."""
        env = os.environ if env is None else env
        data = Path(env.get("PORTAIL_DATA", "var")).resolve()
        mode = env.get("PORTAIL_MODE", "developpement")
        if mode not in ("production", "developpement", "demonstration"):
            raise Invalide("PORTAIL_MODE vaut production, developpement ou demonstration.")
        try:
            proxys = tuple(
                ip_network(part.strip()) for part in env.get("PORTAIL_PROXYS", "").split(",") if part.strip()
            )
        except ValueError as error:
            raise Invalide(
                f"PORTAIL_PROXYS : {error}. Donnez des adresses ou des réseaux séparés par des virgules."
            ) from error
        return cls(
            data=data,
            database_url=database_url(env.get("DATABASE_URL"), data),
            fichiers_url=env.get("PORTAIL_FICHIERS", str(data / "fichiers")),
            adresse_publique=env.get("PORTAIL_ADRESSE", "http://localhost:8501").rstrip("/"),
            production=mode == "production",
            demonstration=mode == "demonstration",
            proxys=proxys,
            smtp_url=env.get("PORTAIL_SMTP") or None,
            courriel_expediteur=env.get("PORTAIL_EXPEDITEUR", "portail@example.org"),
            session_heures=_count(env, "PORTAIL_SESSION_HEURES", 8),
            taille_max_mo=_count(env, "PORTAIL_TAILLE_MAX_MO", 20),
            certificats=_certificates(env.get("PORTAIL_CERTIFICATS")),
            centres=tuple(part.strip() for part in env.get("PORTAIL_CENTRES", "").split(",") if part.strip()),
        )


def _certificates(path: str | None) -> tuple[bytes, ...]:
    if not path:
        return ()
    from cryptography.x509 import load_pem_x509_certificates  # here: few installations give one, all wait for imports

    try:
        data = Path(path).read_bytes()
        found = load_pem_x509_certificates(data)
    except (OSError, ValueError) as error:
        raise Invalide(f"PORTAIL_CERTIFICATS : {path} n’est pas un fichier de certificats PEM lisible.") from error
    return (data,) if found else ()


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise Invalide(f"{name} vaut « {value} » : donnez un nombre entier, à partir de 1.")
    return int(value)


def database_url(given: str | None, data: Path) -> str:
    """SQLAlchemy URL: `given` (postgres:// accepted, psycopg driver) or the SQLite file of the data folder."""
    if not given:
        return f"sqlite:///{data / 'portail.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if given.startswith(prefix):
            return "postgresql+psycopg://" + given.removeprefix(prefix)
    return given
