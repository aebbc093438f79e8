"""What the register and the page say of a convention that ends: before, on and after its last day."""

from __future__ import annotations

from datetime import date

import pytest

from models import Convention
from services.convention.convention_views import FINIE, ConventionFilter
from services.convention.conventions import open_convention
from services.convention.registre import list_conventions
from services.core import clock
from services.core.portail import Portail
from services.pilotage.suivi import open_suivi
from tests.conventions import make_convention
from tests.factories import Monde, make_monde

LAST = date(2025, 12, 31)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail)


@pytest.mark.parametrize(
    ("etat", "motif", "day", "label", "shown"),
    [
        ("denoncee", "denonciation", LAST, "Dénoncée, prend fin le 31 décembre 2025", "denoncee"),
        ("denoncee", "denonciation", date(2026, 1, 1), "Dénoncée, a pris fin le 31 décembre 2025", FINIE),
        ("en_demeure", "denonciation", LAST, "En demeure, prend fin le 31 décembre 2025", "en_demeure"),
        ("en_vigueur", "non_reconduite", date(2026, 1, 1), "Terminée, a pris fin le 31 décembre 2025", FINIE),
        ("resiliee", "resiliation", date(2026, 2, 1), "Résiliée, a pris fin le 31 décembre 2025", "resiliee"),
        ("echue", "non_reconduite", date(2026, 2, 1), "Échue, a pris fin le 31 décembre 2025", "echue"),
    ],
)
def test_the_state_says_when_it_ends(
    portail: Portail, monde: Monde, etat: str, motif: str, day: date, label: str, shown: str
) -> None:
    convention_id = make_convention(portail, monde, etat)
    with portail.db.write() as session:
        one = session.get_one(Convention, convention_id)
        one.fin, one.fin_motif = LAST, motif
    with clock.pretend(day):
        view = open_convention(portail, monde.direction, convention_id)
        row = list_conventions(portail, monde.responsable, ConventionFilter()).rows[0]
        followed = open_suivi(portail, monde.direction, convention_id, 2025)
    assert (view.etat_libelle, view.etat_affiche, view.fin, view.fin_motif) == (label, shown, LAST, motif)
    assert row.etat_libelle == label.replace("31 décembre 2025", "31/12/2025") and row.dernier_jour == LAST
    assert followed.etat_libelle == label and followed.terme == LAST


def test_ended_conventions_have_a_filter_of_their_own(portail: Portail, monde: Monde) -> None:
    running, noticed = make_convention(portail, monde, "en_vigueur"), make_convention(portail, monde, "denoncee")
    with portail.db.write() as session:
        one = session.get_one(Convention, noticed)
        one.fin, one.fin_motif = LAST, "denonciation"

    def found(*etats: str) -> set[object]:
        return {row.id for row in list_conventions(portail, monde.responsable, ConventionFilter(etats=etats)).rows}

    with clock.pretend(date(2025, 6, 1)):
        assert found(FINIE) == set() and found("en_vigueur") == {running} and found("denoncee") == {noticed}
    with clock.pretend(date(2026, 1, 1)):
        assert found(FINIE) == {noticed} and found("en_vigueur") == {running}
    with clock.pretend(date(2028, 1, 1)):
        assert found(FINIE) == {running, noticed} and found("en_vigueur") == set()


def test_the_register_is_sorted_by_the_last_day(portail: Portail, monde: Monde) -> None:
    first, second = make_convention(portail, monde, "en_vigueur"), make_convention(portail, monde, "denoncee")
    with portail.db.write() as session:
        one = session.get_one(Convention, second)
        one.fin, one.fin_motif = LAST, "denonciation"
    asked = ConventionFilter(tri="dernier_jour", descendant=False)
    assert [row.id for row in list_conventions(portail, monde.responsable, asked).rows] == [second, first]
