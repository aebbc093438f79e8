"""Several statements at once: what can be done is done, what cannot is told, nobody does more than one by one."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.roles import Role
from models import AuditEvent, Convention, Decompte
from services.core import journal
from services.core.portail import Portail
from services.facturation import decomptes, lots, preparation
from services.facturation.lignes import Calcul, compute_decompte
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, close_until, drafts, issue_quarter, prepare, read, set_convention
from tests.factories import Monde, make_monde, make_other_centre, make_stranger


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


def three(portail: Portail, monde: Monde) -> list[UUID]:
    """Three drafts of the first quarter, in the order of their conventions."""
    for _ in range(3):
        make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    prepare(portail, monde, 2023, 1)
    with portail.db.read() as session:
        return list(session.scalars(select(Decompte.id).order_by(Decompte.cree_le, Decompte.id)))


def test_one_that_cannot_be_done_stops_no_other(portail: Portail, monde: Monde) -> None:
    ids = three(portail, monde)
    responsable = monde.gens[Role.RESPONSABLE]
    set_convention(portail, read(portail, ids[1]).convention_id, quotite=50)
    seen: list[tuple[int, int]] = []
    checked = lots.check_all(
        portail, responsable, [*ids, ids[0]], progress=lambda done, total: seen.append((done, total))
    )
    assert checked.faits == 2 and seen[-1] == (3, 3)
    ((name, reason),) = checked.refus
    assert name == "Choisy-le-Roi, 1er trimestre 2023" and "ont changé" in reason
    issued = lots.issue_all(portail, responsable, ids)
    assert issued.faits == 2 and "Vérifié" not in issued.refus[0][1] and "Brouillon" in issued.refus[0][1]
    assert [read(portail, one).rang for one in ids] == [1, None, 2]
    again = lots.issue_all(portail, responsable, ids)
    assert again.faits == 0 and len(again.refus) == 3
    with portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == "decompte.emettre")).all()
        assert [one.details["numero"][-4:] for one in lines] == ["0001", "0002"]
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).all()
        assert journal.verify(session).intacte


def test_two_quarters_of_one_convention_are_issued_in_order(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    responsable = monde.gens[Role.RESPONSABLE]
    issue_quarter(portail, monde, convention_id, 2023, 1)
    for quarter in (2, 3):
        prepare(portail, monde, 2023, quarter)
    ids = [one.id for one in drafts(portail, convention_id)[1:]]
    assert lots.check_all(portail, responsable, ids).faits == 1  # the second waits for the first to be issued
    assert lots.issue_all(portail, responsable, ids).faits == 1
    assert lots.check_all(portail, responsable, ids).faits == 1
    assert lots.issue_all(portail, responsable, ids).faits == 1
    assert [one.etat for one in drafts(portail, convention_id)] == ["emis"] * 3


def test_a_batch_gives_no_right(portail: Portail, monde: Monde) -> None:
    ids = three(portail, monde)
    outsiders = [monde.gens[role] for role in Role if role not in (Role.RESPONSABLE, Role.INSTRUCTEUR)]
    for person in [*outsiders, make_stranger(portail), make_other_centre(portail)]:
        done = lots.check_all(portail, person, ids)
        assert done.faits == 0 and len(done.refus) == 3
        assert {name for name, _ in done.refus} == {"Décompte"}  # not even whose they are
    assert lots.check_all(portail, monde.gens[Role.INSTRUCTEUR], ids).faits == 3
    assert lots.issue_all(portail, monde.gens[Role.INSTRUCTEUR], ids).faits == 0
    each = lots.run_each(portail, monde.gens[Role.INSTRUCTEUR], ids, decomptes.delete_draft)
    assert (each.faits, each.refus) == (3, ())


def test_one_convention_that_fails_stops_no_other(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1)) for _ in range(3)]
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    broken = ids[1]

    def fail(convention: Convention, *args: Any, **kwargs: Any) -> Calcul:
        if convention.id == broken:
            raise RuntimeError("deadlock detected")
        return compute_decompte(convention, *args, **kwargs)

    responsable = monde.gens[Role.RESPONSABLE]
    with monkeypatch.context() as patched:
        patched.setattr(preparation, "compute_decompte", fail)
        done = preparation.prepare_trimestre(portail, responsable, monde.centre_id, 2023, 1)
    assert done.crees == 2
    ((name, reason),) = done.echecs
    assert name.startswith("Choisy-le-Roi, convention n° ")
    assert reason.rstrip(".").split()[-1] in caplog.text  # the reference that is told is the one that is logged
    assert drafts(portail, broken) == []

    prepare(portail, monde, 2023, 1)
    with portail.db.read() as session:
        wanted = list(session.scalars(select(Decompte.id).order_by(Decompte.convention_id)))
    with monkeypatch.context() as patched:
        patched.setattr(lots, "compute_decompte", fail)
        patched.setattr(decomptes, "compute_decompte", fail)
        checked = lots.check_all(portail, responsable, wanted)
    assert checked.faits == 2
    ((name, reason),) = checked.refus
    assert name == "Choisy-le-Roi, 1er trimestre 2023" and "référence" in reason
