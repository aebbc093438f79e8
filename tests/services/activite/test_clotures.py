"""Closed months: past ones, in order; frozen against those who record meanwhile; reopened from the last, unless invoiced."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Event
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Insert, insert

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import Cloture, Cumul, Decompte, Exercice, Intervention
from services.activite import cloture_lists, clotures, regles
from services.activite.clotures import following
from services.core import clock
from services.core.portail import Portail
from services.facturation import exercices
from tests.activite import add_hours, assign, close_month
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, bill_by_the_hour
from tests.factories import Monde, journal_actions, make_monde, make_other_centre, make_stranger


def _month(back: int) -> tuple[int, int]:
    """The month so many months before this one."""
    today = clock.today()
    number = today.year * 12 + today.month - 1 - back
    return number // 12, number % 12 + 1


def _assigned(monde: Monde, months: int = 3) -> UUID:
    """A convention with somebody assigned since the first day of the month so many months ago."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, du=date(*_month(months), 1))
    return convention_id


def _close(monde: Monde, month: tuple[int, int]) -> None:
    clotures.close_month(monde.portail, monde.responsable, monde.centre_id, *month)


def _closed(monde: Monde) -> frozenset[tuple[int, int]]:
    with monde.portail.db.read() as session:
        found = {(one.annee, one.mois) for one in session.query(Cloture).filter_by(centre_id=monde.centre_id)}
        assert max(found, default=None) == max(regles.closed_months(session, monde.centre_id), default=None)
        return frozenset(found)


def test_months_are_closed_in_order_once_over(monde: Monde) -> None:
    _assigned(monde)
    first, second, last, current = _month(3), _month(2), _month(1), _month(0)
    with pytest.raises(Invalide, match="dans l’ordre"):
        _close(monde, second)
    for month in (first, first, second):  # twice the first one: the echo of a double click
        _close(monde, month)
    assert _closed(monde) == {first, second}
    with pytest.raises(Invalide, match="n’est pas terminé"):
        _close(monde, current)
    _close(monde, last)
    with pytest.raises(Invalide, match="n’est pas terminé"):
        _close(monde, current)
    assert _closed(monde) == {first, second, last}
    assert journal_actions(monde.portail, monde.centre_id).count("mois.clore") == 3


@pytest.mark.parametrize("month", [(2026, 0), (2026, 13), (1999, 1), (2101, 1)])
def test_a_month_that_does_not_exist(monde_sqlite: Monde, month: tuple[int, int]) -> None:
    for act in (clotures.close_month, clotures.reopen_month):
        with pytest.raises(Invalide):
            act(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id, *month)


def test_the_last_one_is_reopened_unless_a_statement_covers_it(monde: Monde) -> None:
    convention_id = _assigned(monde)
    first, second = _month(3), _month(2)
    for month in (first, second):
        _close(monde, month)
    reopen = (monde.portail, monde.responsable, monde.centre_id)
    with pytest.raises(Invalide, match="dernier mois clos"):
        clotures.reopen_month(*reopen, *first)
    clotures.reopen_month(*reopen, *second)
    clotures.reopen_month(*reopen, *second)  # already open: nothing to do
    assert _closed(monde) == {first}
    number = _issue(monde, convention_id, first)
    with pytest.raises(Invalide, match=f"n° {number} .* Annulez d’abord ce décompte"):
        clotures.reopen_month(*reopen, *first)
    (row,) = [one for one in cloture_lists.list_mois(*reopen) if (one.annee, one.mois) == first]
    assert not row.peut_rouvrir and number in row.refus
    with monde.portail.db.write() as session:
        session.query(Decompte).one().etat = "annule"
    clotures.reopen_month(*reopen, *first)
    assert _closed(monde) == frozenset()
    assert journal_actions(monde.portail, monde.centre_id).count("mois.rouvrir") == 2


def _issue(monde: Monde, convention_id: UUID, month: tuple[int, int]) -> str:
    """A statement that covers the month with the one before; its number."""
    last = clotures.bounds(month)[1]
    with monde.portail.db.write() as session:
        session.add(
            Decompte(
                centre_id=monde.centre_id,
                collectivite_id=monde.collectivite_id,
                convention_id=convention_id,
                exercice=last.year,
                du=last - timedelta(days=60),
                au=last,
                etat="emis",
                numero=f"{last.year}-0007",
                annee=last.year,
                rang=7,
            )
        )
    return f"{last.year}-0007"


def test_years_closed_with_a_later_month_are_due_as_done(monde_sqlite: Monde) -> None:
    """The first month closed closes those before it: years billed by the hour are then over without their December's name."""
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by_the_hour(monde.portail, convention_id)
    add_tarifs(monde.portail, monde.centre_id, 2023)
    assign(monde.portail, monde, convention_id, du=date(2025, 3, 1), quotite=None)
    with monde.portail.db.write() as session:
        exercices.rebuild(session)

    def due() -> list[Decimal]:
        with monde.portail.db.read() as session:
            assert exercices.compare(session) == []
            return [session.get_one(Exercice, (convention_id, annee)).montant_du for annee in (2023, 2024, 2025)]

    forecast = due()
    assert all(forecast)
    _close(monde, (2025, 3))
    assert due() == [Decimal(0), Decimal(0), forecast[2]]
    clotures.reopen_month(monde.portail, monde.responsable, monde.centre_id, 2025, 3)
    assert due() == forecast


def test_the_list_says_what_was_recorded_and_by_whom_not(monde: Monde) -> None:
    convention_id = _assigned(monde)
    recorded, silent = _month(2), _month(1)
    with monde.portail.db.write() as session:
        for valeur, minutes in (("ordinaire", 90), ("service_degrade", 30)):
            session.add(
                Cumul(
                    convention_id=convention_id,
                    assistant_id=monde["assistant"].utilisateur_id,
                    annee=recorded[0],
                    mois=recorded[1],
                    dimension="nature",
                    valeur=valeur,
                    centre_id=monde.centre_id,
                    minutes=minutes,
                    nombre=1,
                )
            )
    rows = cloture_lists.list_mois(monde.portail, monde.instructeur, monde.centre_id)
    assert [(one.annee, one.mois) for one in rows] == [silent, recorded, _month(3)]
    by_month = {(one.annee, one.mois): one for one in rows}
    assert by_month[silent].sans_saisie == ("Assistant Modèle",)
    full = by_month[recorded]
    assert (full.minutes, full.interventions, full.assistants, full.sans_saisie) == (120, 2, 1, ())
    assert [one.peut_clore for one in rows] == [False, False, True]


def test_nothing_to_close_without_anybody_assigned(monde_sqlite: Monde) -> None:
    assert cloture_lists.list_mois(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id) == []


def test_a_month_left_open_long_ago_is_still_shown(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, du=date(*_month(40), 1))
    rows = cloture_lists.list_mois(monde.portail, monde.responsable, monde.centre_id)
    assert len(rows) == 40 and rows[-1].peut_clore
    month = _month(40)
    for _ in range(39):
        close_month(monde.portail, monde, *month)
        month = following(month)
    rows = cloture_lists.list_mois(monde.portail, monde.responsable, monde.centre_id)
    assert len(rows) == cloture_lists.SHOWN and rows[0].peut_clore


def test_what_is_closed_is_named(monde: Monde) -> None:
    close_month(monde.portail, monde, 2024, 2)
    with monde.portail.db.write() as session:
        regles.refuse_closed(session, monde.centre_id, [date(2024, 3, 1)])
        with pytest.raises(Invalide, match="février 2024") as caught:
            regles.refuse_closed(session, monde.centre_id, [date(2024, 3, 1), date(2024, 2, 29)])
        assert caught.value.champ == "jour"
        with pytest.raises(Invalide, match="juin 2012"):  # before the first month that was closed
            regles.refuse_closed(session, monde.centre_id, [date(2012, 6, 1)])
        assert regles.closed_months(session, monde.centre_id, 2024) == {(2024, 1), (2024, 2)}
        assert len(regles.closed_months(session, monde.centre_id, 2023)) == 12


@pytest.mark.parametrize("role", list(Role))
def test_who_closes(monde_sqlite: Monde, role: Role) -> None:
    monde, month = monde_sqlite, _month(3)
    _assigned(monde)
    who = monde[role]
    if role is Role.RESPONSABLE:
        clotures.close_month(monde.portail, who, monde.centre_id, *month)
        clotures.reopen_month(monde.portail, who, monde.centre_id, *month)
        return
    close_month(monde.portail, monde, *month)
    with pytest.raises(Refus):
        clotures.close_month(monde.portail, who, monde.centre_id, *following(month))
    with pytest.raises(Refus):
        clotures.reopen_month(monde.portail, who, monde.centre_id, *month)
    assert _closed(monde) == {month}
    if role is not Role.INSTRUCTEUR:
        with pytest.raises(Introuvable):
            cloture_lists.list_mois(monde.portail, who, monde.centre_id)


def test_nobody_from_elsewhere_closes(monde_sqlite: Monde) -> None:
    _assigned(monde_sqlite)
    for stranger in (make_other_centre(monde_sqlite.portail), make_stranger(monde_sqlite.portail)):
        with pytest.raises(Introuvable):
            clotures.close_month(monde_sqlite.portail, stranger, monde_sqlite.centre_id, *_month(3))
        with pytest.raises(Introuvable):
            cloture_lists.list_mois(monde_sqlite.portail, stranger, monde_sqlite.centre_id)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_month_does_not_close_over_somebody_who_is_recording(
    make_portail: Callable[[str], Portail], backend: str
) -> None:
    monde = make_monde(make_portail(backend))
    convention_id, month = _assigned(monde), _month(3)
    checked, closing = Event(), Event()

    def record() -> None:
        with monde.portail.db.write() as session:
            regles.refuse_closed(session, monde.centre_id, [date(*month, 2)])
            checked.set()
            closing.wait(0.3)  # the closing is on its way: it must wait for this transaction
            assert regles.closed_months(session, monde.centre_id) == frozenset()

    def close() -> None:
        checked.wait()
        _close(monde, month)
        closing.set()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(record), pool.submit(close)]:
            done.result()
    assert _closed(monde) == {month}
    with monde.portail.db.write() as session, pytest.raises(Invalide):
        regles.refuse_closed(session, monde.centre_id, [date(*month, 2)])
    assert convention_id


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_of_many_who_record_while_a_month_closes_none_gets_in_after(
    make_portail: Callable[[str], Portail], backend: str
) -> None:
    monde = make_monde(make_portail(backend))
    convention_id, month = _assigned(monde), _month(3)
    day = date(*month, 2)

    def record(_: int) -> bool:
        try:
            with monde.portail.db.write() as session:
                regles.refuse_closed(session, monde.centre_id, [day])
                session.execute(_insert(monde, convention_id, day))
        except Invalide:
            return False
        return True

    def close() -> int:
        _close(monde, month)
        return _count(monde)

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(record, number) for number in range(6)]
        at_closing = pool.submit(close)
        done += [pool.submit(record, number) for number in range(6)]
        recorded = sum(one.result() for one in done)
    assert recorded == _count(monde) == at_closing.result()


def _insert(monde: Monde, convention_id: UUID, jour: date) -> Insert:
    return insert(Intervention).values(
        id=uuid4(),
        centre_id=monde.centre_id,
        convention_id=convention_id,
        assistant_id=monde["assistant"].utilisateur_id,
        jour=jour,
        minutes=60,
        categorie="accueil",
        origine="agent",
        lieu="centre",
        forme="individuelle",
        nature="ordinaire",
        version=1,
    )


def _count(monde: Monde) -> int:
    with monde.portail.db.read() as session:
        return session.query(Intervention).count()


def test_hours_far_back_are_not_forgotten(monde_sqlite: Monde) -> None:
    """Hours taken in from before anybody was assigned here are the first month to close."""
    convention_id = _assigned(monde_sqlite, 2)
    add_hours(monde_sqlite.portail, monde_sqlite, convention_id, date(*_month(5), 10))
    with pytest.raises(Invalide, match="dans l’ordre"):
        _close(monde_sqlite, _month(2))
    _close(monde_sqlite, _month(5))
