"""Numbers of statements have no gap and no double, whoever issues at once and whatever fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from sqlalchemy import select

from domain.errors import PortailError
from domain.roles import Role
from models import Decompte, Piece
from services.core.portail import Portail
from services.facturation import emission, lots
from tests.conventions import make_convention
from tests.decomptes import add_hours, add_tarifs, close_until, drafts, prepare
from tests.factories import make_monde


def test_issued_at_once_and_twice_each_has_one_number(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    for _ in range(8):
        make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    prepare(portail, monde, 2023, 1)
    responsable = monde.gens[Role.RESPONSABLE]
    with portail.db.read() as session:
        ids = list(session.scalars(select(Decompte.id)))
    lot = lots.check_all(portail, responsable, ids[:-1])
    assert (lot.faits, lot.refus) == (7, ())

    def issue(decompte_id: object) -> str:
        try:
            return emission.issue(portail, responsable, decompte_id)  # type: ignore[arg-type]
        except PortailError as error:
            return type(error).__name__

    with ThreadPoolExecutor(6) as pool:  # each twice; the one that was not checked is refused between the others
        found = list(pool.map(issue, [*ids, *ids]))
    assert sorted(one for one in found if one[0].isdigit()) == sorted(
        {f"{year}-{rank:04d}" for rank in range(1, 8) for year in [found_year(found)]}
    )
    assert found.count("Conflit") == 7 and found.count("Refus") == 2
    with portail.db.read() as session:
        assert sorted(session.scalars(select(Decompte.rang).where(Decompte.rang.is_not(None)))) == list(range(1, 8))
        pieces = session.scalars(select(Piece.champ).where(Piece.usage == "decompte")).all()
        assert len(pieces) == len(set(pieces)) == 7


def found_year(found: list[str]) -> str:
    """The year of the numbers given."""
    return next(one for one in found if one[0].isdigit())[:4]


def test_hours_of_another_month_go_on_while_statements_are_issued(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    conventions = [make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1)) for _ in range(4)]
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 3)
    prepare(portail, monde, 2023, 1)
    responsable = monde.gens[Role.RESPONSABLE]
    with portail.db.read() as session:
        ids = list(session.scalars(select(Decompte.id)))
    lots.check_all(portail, responsable, ids)
    with ThreadPoolExecutor(4) as pool:
        issued = [pool.submit(emission.issue, portail, responsable, one) for one in ids]
        recorded = [
            pool.submit(add_hours, portail, monde, one, [(date(2023, 4, 3), 60, "service_degrade")])
            for one in conventions
        ]
        for task in [*issued, *recorded]:
            task.result(timeout=30)
    for convention_id in conventions:
        (statement,) = drafts(portail, convention_id)
        assert (statement.etat, [one.nature for one in statement.lignes]) == ("emis", ["part"])
