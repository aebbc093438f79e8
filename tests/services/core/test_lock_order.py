"""No two actions wait for each other: a centre is locked without its key, and the journal's head comes last."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import ORMExecuteState, Session

from services.adhesion import messages, workflow
from services.centre import centre_files, parametres, tarifs
from services.convention import signatures
from tests.conventions import examine_here, make_convention, signing
from tests.factories import Monde, make_dossier

JOURNAL = ("audit_event", "journal_head")
WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def _written(monde: Monde) -> Iterator[list[str]]:
    """Tables written, in order."""
    found: list[str] = []

    def listen(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        if words[0] in WRITES:
            found.append(words[1 if words[0] == "UPDATE" else 2].strip('"'))

    engine = monde.portail.db.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield found
    event.remove(engine, "before_cursor_execute", listen)


def _message(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    with _written(monde) as tables:
        messages.post_message(monde.portail, monde.gestionnaire, dossier_id, "Bonjour.", operation_id=uuid4().hex)
    _check(tables)


def _deposit(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    with _written(monde) as tables:
        workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    _check(tables)


def _sign(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde)
    with _written(monde) as tables:
        signatures.submit_signature(monde.portail, monde.gestionnaire, convention_id, **signing())
    _check(tables)


def _cancel(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde)
    with _written(monde) as tables:
        signatures.cancel_convention(monde.portail, monde.instructeur, convention_id, motif="Erreur.")
    _check(tables)


def _check(tables: list[str]) -> None:
    first = next(place for place, table in enumerate(tables) if table in JOURNAL)
    assert "courriel" in tables[:first]
    assert {table for table in tables[first:] if table not in JOURNAL} == set()


@pytest.mark.parametrize("act", [_message, _deposit, _sign, _cancel])
def test_the_journal_is_written_after_the_mails(
    monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch, act: Callable[[Monde], None]
) -> None:
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)
    act(monde_sqlite)


def _save_tarif(monde: Monde) -> None:
    given = {"annee": "2023", "montant": "70 000", "numero": "2022-60", "date": "1/12/2022"}
    tarifs.save_tarif(monde.portail, monde.responsable, monde.centre_id, "temps_complet", given)


def _save_parametres(monde: Monde) -> None:
    view = parametres.open_parametres(monde.portail, monde.administrateur, monde.centre_id)
    parametres.save_parametres(monde.portail, monde.administrateur, monde.centre_id, {}, version_vue=view.version)


def _attach(monde: Monde) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20)).save(stream, "PNG")
    centre_files.attach_logo(
        monde.portail,
        monde.administrateur,
        monde.centre_id,
        nom="logo.png",
        data=stream.getvalue(),
        operation_id=uuid4().hex,
    )


@pytest.mark.parametrize("act", [_save_tarif, _save_parametres, _attach])
def test_a_centre_is_locked_without_its_key(monde_sqlite: Monde, act: Callable[[Monde], None]) -> None:
    locks: list[str] = []

    def listen(state: ORMExecuteState) -> None:
        sql = str(state.statement.compile(dialect=postgresql.dialect())) if state.is_select else ""
        if " FOR " in sql and "FROM centre" in sql:
            locks.append(sql.rpartition(" FOR ")[2])

    event.listen(Session, "do_orm_execute", listen)
    try:
        act(monde_sqlite)
    finally:
        event.remove(Session, "do_orm_execute", listen)
    assert locks == ["NO KEY UPDATE"]
