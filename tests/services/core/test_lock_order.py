"""No two actions wait for each other: a centre is locked without its key, and the journal's head comes last."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import ORMExecuteState, Session

from domain.errors import Refus
from domain.roles import Role
from models import Base, Convention, Intervention
from services.adhesion import messages, workflow
from services.archives.effacement import erase
from services.centre import centre_files, parametres, tarifs
from services.comptes import rights
from services.convention import signatures
from services.core import access
from services.core.portail import Portail
from services.facturation import decomptes, emission, lots, preparation
from services.vie import effets
from tests.conventions import examine_here, make_convention, pdf, read_convention, signing
from tests.decomptes import add_tarifs, close_until, drafts, prepare
from tests.factories import Monde, make_dossier, make_monde

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


def _replace(monde: Monde) -> None:
    """The signature that says replaced the convention that this one follows."""
    old = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2022, 1, 1))
    new = make_convention(monde.portail, monde, "signee_collectivite")
    with monde.portail.db.write() as session:
        session.get_one(Convention, new).remplace_id = old
    with _written(monde) as tables:
        signatures.countersign(monde.portail, monde.signataire_centre, new, **signing(pdf(3, "contresignée")))
    _check(tables)
    assert read_convention(monde.portail, old).etat == "remplacee"


def _check(tables: list[str]) -> None:
    first = next(place for place, table in enumerate(tables) if table in JOURNAL)
    assert "courriel" in tables[:first]
    assert {table for table in tables[first:] if table not in JOURNAL} == set()


@pytest.mark.parametrize("act", [_message, _deposit, _sign, _cancel, _replace])
def test_the_journal_is_written_after_the_mails(
    monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch, act: Callable[[Monde], None]
) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    act(monde_sqlite)


def test_the_journal_is_written_after_every_convention_that_is_replaced(monde_sqlite: Monde) -> None:
    """The round holds no head of the journal while it takes the next convention, which somebody may be acting on."""
    portail, day = monde_sqlite.portail, date(2026, 1, 1)
    pairs = [
        [make_convention(portail, monde_sqlite, "en_vigueur", date_effet=one) for one in (date(2022, 1, 1), day)]
        for _ in range(2)
    ]
    with portail.db.write() as session:
        for old, new in pairs:
            session.get_one(Convention, new).remplace_id = old
    with _written(monde_sqlite) as tables, portail.db.write() as session:
        assert effets.replace_due(session, monde_sqlite.centre_id, day) == 2
    first = next(place for place, table in enumerate(tables) if table in JOURNAL)
    assert tables[:first].count("convention") >= 2 and "exercice" in tables[:first]
    assert {table for table in tables[first:] if table not in JOURNAL} == set()


def test_an_elimination_takes_the_convention_before_its_dossier(monde_sqlite: Monde) -> None:
    """As everybody who acts on both: two orders would wait for each other."""
    portail = monde_sqlite.portail
    convention_id = make_convention(portail, monde_sqlite, "echue")
    locks: list[str] = []

    def listen(state: ORMExecuteState) -> None:
        sql = str(state.statement.compile(dialect=postgresql.dialect())) if state.is_select else ""
        if " FOR NO KEY UPDATE" in sql:
            locks.append(re.search(r"FROM (\w+)", sql)[1])  # type: ignore[index]

    event.listen(Session, "do_orm_execute", listen)
    try:
        with portail.db.write() as session:
            erase(session, ("convention", convention_id), uuid4())
    finally:
        event.remove(Session, "do_orm_execute", listen)
    assert locks[:2] == ["convention", "dossier"]


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


def _state_quarter(monde: Monde) -> None:
    """Statements of a quarter, prepared together and alone, checked, issued, cancelled: one by one and by the dozen."""
    portail, responsable = monde.portail, monde.gens[Role.RESPONSABLE]
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    prepare(portail, monde, 2023, 1)
    first = drafts(portail, convention_id)[0].id
    decomptes.check(portail, responsable, first)
    emission.issue(portail, responsable, first)
    emission.cancel(portail, responsable, first, "Erreur.")
    second = preparation.prepare_one(portail, responsable, convention_id, date(2023, 4, 1))
    assert lots.check_all(portail, responsable, [second]).faits == 1
    assert lots.issue_all(portail, responsable, [second]).faits == 1


def _hold_rows(monde: Monde) -> None:
    """Rows held by the actions of the other folders."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        held = access.get_convention(session, monde.responsable, convention_id, lock=True)
        access.get_dossier(session, monde.responsable, held.dossier_id, lock=True)
        with pytest.raises(Refus):  # the row is held before anything is looked at
            rights.check_administrators(session, [monde.centre_id], date(2000, 1, 1))


@pytest.mark.parametrize("act", [_state_quarter, _hold_rows])
def test_no_row_that_others_refer_to_is_locked_with_its_key(
    make_portail: Callable[[str], Portail], act: Callable[[Monde], None]
) -> None:
    """A plain FOR UPDATE waits for every row being inserted that refers to it: those who record hours hold several
    conventions in an order of their own."""
    monde = make_monde(make_portail("sqlite"), gabarits=True)
    referred = {key.column.table.name for table in Base.metadata.tables.values() for key in table.foreign_keys}
    locks: list[tuple[str, str]] = []

    def listen(state: ORMExecuteState) -> None:
        sql = str(state.statement.compile(dialect=postgresql.dialect())) if state.is_select else ""
        found = re.search(r" FOR (NO KEY UPDATE|UPDATE|SHARE|KEY SHARE)(?: OF (\w+))?", sql)
        if found:
            table = found[2] or re.search(r"FROM (\w+)", sql)[1]  # type: ignore[index]
            locks.append((str(table), found[1]))

    event.listen(Session, "do_orm_execute", listen)
    try:
        act(monde)
    finally:
        event.remove(Session, "do_orm_execute", listen)
    assert ("convention", "NO KEY UPDATE") in locks
    assert [one for one in locks if one[1] == "UPDATE" and one[0] in referred] == []


def test_a_quarter_is_prepared_while_somebody_records(make_portail: Callable[[str], Portail]) -> None:
    """Hours recorded and not committed hold the key of their convention: preparing its statement does not wait for them."""
    monde = make_monde(make_portail("postgresql"))
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(monde.portail, monde.centre_id, 2023)
    row = Intervention(
        centre_id=monde.centre_id,
        convention_id=convention_id,
        assistant_id=monde.gens[Role.ASSISTANT].utilisateur_id,
        jour=date(2023, 2, 1),
        minutes=60,
        nature="ordinaire",
        categorie="accueil",
        origine="agent",
        lieu="collectivite",
        forme="individuelle",
    )
    preparing = threading.Thread(target=prepare, args=(monde.portail, monde, 2023, 1))
    with monde.portail.db.write() as session:
        session.add(row)
        session.flush()
        preparing.start()
        preparing.join(timeout=30)
        waited = preparing.is_alive()
    preparing.join()
    assert not waited
    assert len(drafts(monde.portail, convention_id)) == 1
