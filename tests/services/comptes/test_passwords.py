"""Passwords: what is refused, and that every character of a long one counts."""

from __future__ import annotations

import pytest
from streamlit_authenticator.utilities.hasher import Hasher

from domain.errors import Invalide
from services.comptes import passwords


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("court", "12 caractères"),
        ("", "12 caractères"),
        ("aaaaaaaaaaaaaaaa", "répète"),
        ("camille@example.org", "adresse électronique"),
        ("x" * 500 + "abcdef" * 100, "1000"),
    ],
)
def test_weak_password_is_refused_with_a_reason(password: str, said: str) -> None:
    with pytest.raises(Invalide, match=said) as caught:
        passwords.check_strength(password, courriel="camille@example.org")
    assert caught.value.champ == "mot_de_passe"


def test_confirmation_must_be_the_same() -> None:
    with pytest.raises(Invalide) as caught:
        passwords.check_strength("une phrase de passe", confirmation="une phrase de passé")
    assert caught.value.champ == "confirmation"


def test_characters_beyond_72_bytes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    stored = passwords.hash_password("é" * 60 + " fin")
    assert passwords.matches(passwords.prepare("é" * 60 + " fin"), stored)
    assert not passwords.matches(passwords.prepare("é" * 60 + " fim"), stored)


def test_two_ways_of_typing_an_accent_are_one_password() -> None:
    assert passwords.prepare("caf\u00e9 cr\u00e8me") == passwords.prepare("cafe\u0301 cre\u0300me")


@pytest.mark.parametrize("password", ["avec\0nul au milieu", "emoji 🦀🦀🦀🦀", "\ud800 seul"])
def test_any_text_can_be_checked(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    assert passwords.matches(passwords.prepare(password), passwords.hash_password(password))


def test_hashes_are_those_of_the_authenticator(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passwords.COST == 12
    monkeypatch.setattr(passwords, "COST", 4)
    stored = passwords.hash_password("une phrase de passe")
    assert Hasher.is_hash(stored)
    assert Hasher.check_pw(passwords.prepare("une phrase de passe"), stored)
    assert Hasher.is_hash(passwords.DUMMY_HASH)
