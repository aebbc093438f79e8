"""A lock is worth nothing if what it protects is read from memory: the row is read again once it is held."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Acte, Centre, Convention, Courriel, Dossier
from services.core import access, locks
from services.core.portail import Portail
from services.courriels import envois, mails
from tests.conventions import make_convention
from tests.factories import Monde, make_monde

SERVICES = Path(__file__).parents[3] / "services"


@pytest.fixture
def monde_postgres(make_portail: Callable[[str], Portail]) -> Monde:
    return make_monde(make_portail("postgresql"))


def _meanwhile(portail: Portail, table: type[Any], ident: Any, **values: Any) -> None:
    """Somebody else's transaction, begun and ended after ours read the row."""
    with portail.db.write() as session:
        session.execute(update(table).where(table.id == ident).values(**values))


def test_a_row_read_before_it_is_held_is_read_again(monde_postgres: Monde) -> None:
    portail = monde_postgres.portail
    with portail.db.write() as session:
        centre = session.get_one(Centre, monde_postgres.centre_id)
        before = centre.version
        _meanwhile(portail, Centre, centre.id, version=before + 1)
        assert locks.lock_row(session, Centre, centre.id) is centre
        assert centre.version == before + 1


def test_what_is_changed_and_not_written_yet_is_not_lost(monde_postgres: Monde) -> None:
    with monde_postgres.portail.db.write() as session:
        centre = session.get_one(Centre, monde_postgres.centre_id)
        centre.nom = "Nouveau nom"
        assert locks.lock_row(session, Centre, centre.id).nom == "Nouveau nom"


@pytest.mark.parametrize("table", [Acte, Convention, Dossier])
def test_what_people_act_on_is_read_again_once_it_is_held(monde_postgres: Monde, table: type[Any]) -> None:
    """As in services.pilotage.bilans.start_bilan: looked at, then the centre held, then this held."""
    portail, acteur = monde_postgres.portail, monde_postgres.instructeur
    convention_id = make_convention(portail, monde_postgres, "en_vigueur")

    def find(session: Session, *, lock: bool) -> Any:
        if table is Acte:
            return access.get_acte(session, acteur, convention_id, lock=lock)
        convention = access.get_convention(session, acteur, convention_id, lock=lock and table is Convention)
        if table is Convention:
            return convention
        return access.get_dossier(session, acteur, convention.dossier_id, lock=lock)

    with portail.db.write() as session:
        seen = find(session, lock=False)
        assert seen.etat != "retire"
        _meanwhile(portail, type(seen), seen.id, etat="annulee" if table is not Dossier else "retire")
        assert find(session, lock=True).etat in ("annulee", "retire")


def test_a_mail_that_a_process_takes_meanwhile_is_not_filed(monde_postgres: Monde) -> None:
    portail = monde_postgres.portail
    with portail.db.write() as session:
        mail = mails.queue(session, "message_recu", "a@example.org", centre_id=monde_postgres.centre_id)
    with portail.db.write() as session:
        seen = session.get_one(Courriel, mail.id)
        _meanwhile(portail, Courriel, mail.id, etat="incertain")
        assert seen.etat == "a_envoyer"
        held = envois._find(session, monde_postgres.administrateur, mail.id, lock=True)
        assert envois.shown_state(held) == "en_cours"


def test_every_lock_is_taken_by_the_helper() -> None:
    """Which refreshes: `with_for_update` alone gives what the session knows already."""
    sources = {path: path.read_text(encoding="utf-8") for path in SERVICES.rglob("*.py") if path.name != "locks.py"}
    assert [str(path) for path, source in sources.items() if re.search(r"with_for_update|FOR UPDATE\"", source)] == []
