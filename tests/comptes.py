"""Accounts with passwords, logins and links, for the tests that need them. Hashing is made cheap: its cost is not the point."""

from __future__ import annotations

from uuid import UUID

import bcrypt
import pytest
from sqlalchemy import select

from models import Courriel, Utilisateur
from services.comptes import passwords, sessions
from services.core.portail import Portail

PASSWORD = "une phrase de passe 2026"
ADDRESS = "192.0.2.10"


def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt at its lowest cost, the dummy hash too."""
    monkeypatch.setattr(passwords, "COST", 4)
    monkeypatch.setattr(passwords, "DUMMY_HASH", bcrypt.hashpw(b"personne", bcrypt.gensalt(4)).decode())


def give_password(portail: Portail, user_id: UUID, password: str = PASSWORD, *, courriel: str | None = None) -> str:
    """Let this person log in; gives their login."""
    with portail.db.write() as session:
        user = session.get_one(Utilisateur, user_id)
        user.password_hash = passwords.hash_password(password)
        user.courriel = courriel or user.courriel
        return user.courriel


def log_in(portail: Portail, courriel: str, password: str = PASSWORD) -> str:
    """A session; gives its token."""
    ticket = sessions.authenticate(portail, courriel, password, ADDRESS)
    return sessions.exchange(portail, ticket, "Firefox/1")[0]


def token_of(link: str) -> str:
    """The secret in a link's address."""
    return link.split("jeton=")[1]


def mails(portail: Portail) -> list[tuple[str, str, str]]:
    """(model, recipient, state) of every mail, in order."""
    with portail.db.read() as session:
        return [
            (one.modele, one.destinataire, one.etat)
            for one in session.scalars(select(Courriel).order_by(Courriel.cree_le))
        ]
