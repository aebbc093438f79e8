"""Six years of one convention with the clock moved day by day, then the same life killed at every commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import CourrierTarif, Decompte
from services.core import database, journal
from services.core.portail import Portail
from services.facturation.exercices import compare
from tests.conventions import examine_here
from tests.vie import Bilan, Vie, begin, days_that_matter, every_day, live, look_back, steps

DU = {2023: "32426.46", 2024: "33075.18", 2025: "29577.45", 2026: "35221.28"}
"""G1; G9; G9 less 45 days without an assistant; G10."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are examined here, and no PDF is made."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)


def _cents(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_amounts_expected_are_those_of_the_rules() -> None:
    share = Fraction("0.4770")
    assert DU[2023] == str(_cents(67980 * share))
    assert DU[2024] == str(_cents(69340 * share))
    assert DU[2025] == str(_cents(70727 * share * Fraction(320, 365)))
    assert DU[2026] == str(_cents(67980 * share * Fraction(243, 365) + 67980 * Fraction(60, 100) * Fraction(122, 365)))


@pytest.fixture
def vies(make_portail: Callable[[str], Portail]) -> tuple[Vie, Vie]:
    """Two worlds alike. Thousands of rounds need not wait for the disk: it is not the disk that dies here."""
    portails = [make_portail("sqlite") for _ in range(2)]
    for portail in portails:
        event.listen(portail.db.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        portail.db.dispose()
    return begin(portails[0]), begin(portails[1])


def test_day_by_day(vies: tuple[Vie, Vie]) -> None:
    vie, _ = vies
    script = steps()
    for _ in live(vie, every_day(), script):
        pass
    _check_life(vie, look_back(vie))
    renewals = [(day, what) for day, what in vie.seen if what.startswith("reconduction")]
    assert renewals == [(date(annee, 1, 1), f"reconduction {annee}") for annee in (2024, 2025, 2026)]
    notices = {
        day for day, what in vie.seen if what.startswith("courriel rappel_denonciation") and "gestionnaire" in what
    }
    assert notices == {
        date(annee, mois, jour) for annee in range(2023, 2026) for mois, jour in ((7, 31), (8, 30), (9, 22))
    } | {date(2026, 7, 31), date(2026, 8, 30), date(2026, 9, 22)}
    assert max(day for day, what in vie.seen if "rappel" in what) < date(2027, 7, 1)


def test_killed_at_every_commit(vies: tuple[Vie, Vie], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every transaction of everything that is done dies, just before and just after its commit, in two different years;
    somebody then starts again where the day had begun. What is left is what a quiet life leaves: nothing doubled, nothing
    lost."""
    quiet, vie = vies
    script = steps()
    days = days_that_matter(script)
    for _ in live(quiet, days, script):
        pass
    deaths = Deaths(vie)
    monkeypatch.setattr("services.core.database._committed", deaths.around(database._committed))
    done = 0
    while done < len(days):
        try:
            for rank in live(vie, days, script, since=done):
                done = rank
        except Killed:
            vie.portail = _restart(vie.portail)
    assert len(deaths.places) > 80
    assert look_back(vie) == look_back(quiet)
    _check_life(vie, look_back(vie))


class Killed(BaseException):
    """The power goes off: nothing that catches errors sees it."""


Transaction = Callable[[Session], AbstractContextManager[None]]


class Deaths:
    """Kills a life before and after each commit of each thing that is done, the first two times. `places` counts them: what
    was being done, which of its commits, on which side of it."""

    def __init__(self, vie: Vie) -> None:
        self.places: Counter[tuple[str, int, str]] = Counter()
        self._vie, self._doing, self._rank = vie, "", 0

    def around(self, transaction: Transaction) -> Transaction:
        """The same transaction, mortal."""

        @contextmanager
        def mortal(session: Session) -> Iterator[None]:
            with transaction(session):
                yield
                self._rank = self._rank + 1 if self._vie.doing == self._doing else 1
                self._doing = self._vie.doing
                self._pass_or_die("before")
            self._pass_or_die("after")

        return mortal

    def _pass_or_die(self, when: str) -> None:
        place = (self._doing, self._rank, when)
        if self.places[place] < 2:
            self.places[place] += 1
            self._doing = ""
            raise Killed


def _restart(portail: Portail) -> Portail:
    """Another process on the same database and files."""
    again = Portail(portail.settings)
    again.db = portail.db
    return again


def _check_life(vie: Vie, found: Bilan) -> None:
    """What domaine.md says of this life."""
    assert (found.fin, found.etat) == (date(2026, 12, 31), "denoncee")
    assert {annee: str(montant) for annee, montant in found.du.items()} == DU
    assert [(annee, rang, str(montant)) for annee, rang, montant in found.reconductions] == [
        (2024, 1, DU[2024]),
        # At the time of the renewal (G9, G1): days without an assistant, then the avenant, changed these years since.
        (2025, 2, "33736.78"),
        (2026, 3, "32426.46"),
    ]
    billed = {
        annee: sum((total for _, _, _, total in rows), Decimal(0))
        for annee, rows in groupby(sorted(found.decomptes, key=lambda row: row[1]), key=lambda row: row[1].year)
    }
    assert billed == {annee: Decimal(du) + (Decimal("370.50") if annee == 2025 else 0) for annee, du in DU.items()}
    assert len(found.decomptes) == 16 and len({numero for numero, *_ in found.decomptes}) == 16
    usages = [usage for usage, _, _ in found.pieces]
    assert {usage: usages.count(usage) for usage in set(usages)} == {
        "reponse": 2,
        "convention": 1,
        "avenant": 1,
        "signee_collectivite": 2,
        "signee_centre": 2,
        "courrier": 3,
        "denonciation": 2,
        "decompte": 16,
    }
    assert max(found.courriels[modele, "gestionnaire"] for modele in ("denonciation_confirmee", "avenant_emis")) == 1
    with vie.portail.db.read() as session:
        assert journal.verify(session).intacte
        assert compare(session) == []
        assert all(one.envoye_le for one in session.scalars(select(CourrierTarif)))
        assert {one.etat for one in session.scalars(select(Decompte))} == {"emis"}
