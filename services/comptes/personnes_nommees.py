"""Finding a person by first name and surname, whatever the case, the accents and the fields that hold each word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from domain.text import fold
from models import Acte, DemandeAdhesion, Depot, Dossier, Reponse, Utilisateur
from services.comptes import accounts
from services.core.access import Acteur
from services.core.sql_text import contains_word

MAX_WORDS, MAX_ACCOUNTS, MAX_ROWS = 6, 20, 2000
ACCENTED = str.maketrans(dict.fromkeys("aceinouy", "%"))
"""Letters that an answer may hold with an accent, which JSON writes otherwise."""


def name_words(texte: str) -> list[str]:
    """The folded words of a name; none for an address, which is looked for as it is."""
    return [] if "@" in texte else fold(texte).split()[:MAX_WORDS]


def list_accounts(session: Session, acteur: Acteur, words: list[str]) -> list[Utilisateur]:
    """Accounts that the person may look at, whose first name and surname hold every word."""
    if not words:
        return []
    query = accounts.visible_users(acteur).where(~Utilisateur.courriel.endswith(f"@{accounts.SUPPRIME}"))
    query = query.where(_hold_all((Utilisateur.prenom, Utilisateur.nom), words))
    return list(
        session.scalars(query.order_by(Utilisateur.nom, Utilisateur.prenom, Utilisateur.id).limit(MAX_ACCOUNTS))
    )


def list_signed(session: Session, words: list[str], centre_ids: Iterable[UUID]) -> list[tuple[Acte, str]]:
    """Conventions and avenants of these centres that a person of this name signed, and for whom."""
    found = []
    for column, champ in (
        (Acte.collectivite_signataire, "Signataire de la collectivité"),
        (Acte.centre_signataire, "Signataire du centre"),
    ):
        query = select(Acte).where(Acte.centre_id.in_(list(centre_ids)), _hold_all((column,), words))
        found += [(acte, champ) for acte in session.scalars(query.order_by(Acte.numero).limit(MAX_ROWS))]
    return found


def list_requests(session: Session, words: list[str], centre_ids: Iterable[UUID]) -> list[DemandeAdhesion]:
    """Requests for adhesion to these centres by a person of this name."""
    named = _hold_all((DemandeAdhesion.prenom, DemandeAdhesion.nom), words)
    query = select(DemandeAdhesion).where(DemandeAdhesion.centre_id.in_(list(centre_ids)), named)
    return list(session.scalars(query.limit(MAX_ROWS)))


def iter_answers(session: Session, words: list[str], dossiers: Select[UUID]) -> Iterator[tuple[Dossier, str]]:
    """Fields of these dossiers, as answered or as deposited, that hold a word, where those of one group (`referent.prenom`,
    `referent.nom`) hold them all."""
    having = [select(Reponse.dossier_id).where(_like(Reponse.valeur, word)) for word in words]
    answered = (
        select(Dossier, Reponse.champ, Reponse.valeur)
        .join(Reponse, Reponse.dossier_id == Dossier.id)
        .where(Dossier.id.in_(dossiers), *(Dossier.id.in_(one) for one in having))
        .where(or_(*(_like(Reponse.valeur, word) for word in words)))
        .limit(MAX_ROWS)
    )
    rows: dict[UUID, tuple[Dossier, dict[str, Any]]] = {}
    for dossier, champ, valeur in session.execute(answered):
        rows.setdefault(dossier.id, (dossier, {}))[1][champ] = valeur
    for dossier, reponses in rows.values():
        yield from ((dossier, champ) for champ in _naming(reponses, words))
    deposited = (
        select(Dossier, Depot.reponses)
        .join(Depot, Depot.dossier_id == Dossier.id)
        .where(Dossier.id.in_(dossiers), *(_like(Depot.reponses, word) for word in words))
        .limit(MAX_ROWS)
    )
    for dossier, reponses in session.execute(deposited):
        yield from ((dossier, champ) for champ in _naming(reponses, words))


def _naming(reponses: dict[str, Any], words: list[str]) -> Iterator[str]:
    groups: dict[str, dict[str, str]] = {}
    for champ, valeur in reponses.items():
        text = " " + fold(" ".join(_texts(valeur)))
        if any(f" {word}" in text for word in words):
            groups.setdefault(champ.rpartition(".")[0], {})[champ] = text
    for group in groups.values():
        whole = " ".join(group.values())
        if all(f" {word}" in whole for word in words):
            yield from group


def _texts(valeur: Any) -> Iterator[str]:
    """The texts of an answer, those of a table's rows included."""
    if isinstance(valeur, str):
        yield valeur
    elif isinstance(valeur, dict | list):
        for one in valeur.values() if isinstance(valeur, dict) else valeur:
            yield from _texts(one)


def _hold_all(columns: Iterable[Any], words: list[str]) -> ColumnElement[bool]:
    held = tuple(columns)
    return and_(*(or_(*(contains_word(column, word) for column in held)) for word in words))


def _like(column: Any, word: str) -> ColumnElement[bool]:
    """A first sieve, in the database: the JSON holds the letters of the word that never bear an accent."""
    return func.lower(cast(column, String)).like(f"%{word.translate(ACCENTED)}%")
