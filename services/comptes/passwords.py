"""Passwords: bcrypt at cost 12, on a digest so that long passphrases count in full. No password is ever stored or logged."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Callable

import bcrypt

from domain.errors import Invalide

COST = 12
MIN_LENGTH = 12
MAX_LENGTH = 1000

DUMMY_HASH = "$2b$12$Hbv5suIPGcXdh1fKxkbZn.ywNbh1GT8eNnPjW50XRSFxQLGZLkIF2"
"""Hash of a discarded random password: checking against it costs what a real check costs, and never succeeds."""

Verifier = Callable[[str, str], bool]
"""(prepared password, bcrypt hash) → whether they match; bcrypt's own or streamlit-authenticator's."""


def prepare(password: str) -> str:
    """What is given to bcrypt: base64 of SHA-256 of the NFC form. bcrypt reads 72 bytes and refuses NUL; this has neither limit."""
    normal = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(normal).digest()).decode()


def hash_password(password: str) -> str:
    """bcrypt hash of `password` (60 characters)."""
    return bcrypt.hashpw(prepare(password).encode(), bcrypt.gensalt(COST)).decode()


def matches(prepared: str, stored: str) -> bool:
    """Whether the prepared password is the one behind `stored`."""
    return bcrypt.checkpw(prepared.encode(), stored.encode())


def check_strength(password: str, *, courriel: str = "", confirmation: str | None = None) -> None:
    """Raise Invalide, in French, when `password` is not acceptable: too short, too repetitive, equal to the login, or
    different from its confirmation. Length is what protects; no composition rule (CNIL 2022-100, case of 12 characters
    or more with lock-out)."""
    if confirmation is not None and password != confirmation:
        raise Invalide("Les deux mots de passe ne sont pas identiques.", champ="confirmation")
    if len(password) < MIN_LENGTH:
        raise Invalide(
            f"Le mot de passe doit compter au moins {MIN_LENGTH} caractères. Une phrase de plusieurs mots convient très bien.",
            champ="mot_de_passe",
        )
    if len(password) > MAX_LENGTH:
        raise Invalide(f"Le mot de passe est limité à {MAX_LENGTH} caractères.", champ="mot_de_passe")
    if len(set(password)) < 5:
        raise Invalide(
            "Ce mot de passe répète trop les mêmes caractères. Choisissez-en un autre.", champ="mot_de_passe"
        )
    if courriel and password.casefold() in (courriel.casefold(), courriel.casefold().split("@")[0]):
        raise Invalide("Le mot de passe ne peut pas être votre adresse électronique.", champ="mot_de_passe")
