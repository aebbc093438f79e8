"""Dates of a convention: notice (G12, G14), term (G13), deadlines; properties that hold whatever the dates."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    EcheanceDate,
    Preavis,
    Regles,
    add_mois,
    classify_notice,
    compute_terme,
    last_notice_day,
    list_echeances,
    list_periodes,
    rules_of,
)
from domain.offer import Duree
from domain.tarification import Periodicite
from tests.factories import cig_offer

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "echeances.yaml").read_text("utf-8"))
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize("case", CASES["denonciations"], ids=lambda case: case["nom"])
def test_notice(case: dict[str, Any]) -> None:
    found = classify_notice(case["lettre"], effet=case["effet"])
    assert (found.recevabilite, found.fin, found.fin_proposee, found.sans_portee, found.avant_effet) == (
        case["recevable"],
        case.get("fin"),
        case.get("fin_proposee"),
        case.get("sans_portee", False),
        case.get("avant_effet", False),
    )
    assert found.proposee == (found.fin or found.fin_proposee)


@given(effet=DAYS, lettre=DAYS, count=st.integers(0, 6))
def test_no_notice_ends_sooner_than_it_may(effet: date, lettre: date, count: int) -> None:
    """F9 and B14: a late letter never ends the convention on the next 31 December; every end is one, within the term."""
    terme = compute_terme(effet, count)
    found = classify_notice(lettre, effet=effet, terme=terme)
    end = found.proposee
    assert (end is None) == (found.recevabilite == "sans_objet")
    assert found.avant_effet == (lettre < effet)
    if end is None:
        return
    assert (end.month, end.day) == (12, 31) and effet <= end <= terme and lettre <= end
    last = last_notice_day(lettre.year)
    assert last is not None
    if lettre > last:
        assert found.recevabilite == "tardive" and end.year > lettre.year
    else:
        assert found.recevabilite == "oui" and end < terme


@pytest.mark.parametrize("case", CASES["preavis"], ids=lambda case: case["nom"])
def test_notice_on_any_day(case: dict[str, Any]) -> None:
    found = classify_notice(case["lettre"], effet=date(2023, 1, 1), delai=Preavis(case["mois"]))
    assert (found.recevabilite, found.fin, found.avant_effet) == (
        case["recevable"],
        case.get("fin"),
        case.get("avant_effet", False),
    )
    assert found.fin_proposee is None and not found.sans_portee, "no day is too late"


@given(jour=DAYS, mois=st.integers(-30, 30))
def test_months_later(jour: date, mois: int) -> None:
    found = add_mois(jour, mois)
    assert (found.year * 12 + found.month) - (jour.year * 12 + jour.month) == mois
    assert found.day == jour.day or (found.day < jour.day and (found + timedelta(1)).day == 1)


@given(effet=DAYS, lettre=DAYS, mois=st.integers(1, 24), count=st.integers(0, 6))
def test_notice_on_any_day_leaves_its_whole_delay(effet: date, lettre: date, mois: int, count: int) -> None:
    terme = compute_terme(effet, count)
    found = classify_notice(lettre, effet=effet, terme=terme, delai=Preavis(mois))
    assert found.recevabilite in ("oui", "sans_objet")
    if found.fin is None:
        assert max(lettre, effet) >= terme or add_mois(max(lettre, effet), mois) >= terme
    else:
        assert effet < found.fin < terme and found.fin >= add_mois(lettre, mois)


def test_notice_on_any_day_has_no_deadline() -> None:
    offer = cig_offer()
    notice = offer.denonciation.model_copy(update={"mode": "preavis", "preavis_mois": 6})
    rules = rules_of(offer.model_copy(update={"denonciation": notice}))
    assert rules.delai == Preavis(6)
    found = list_echeances(effet=date(2026, 1, 1), regles=rules)
    assert not days(found, "denonciation") and len(days(found, "reconduction")) == 4
    periodes = list_periodes(date(2026, 1, 1), delai=rules.delai)
    assert [one.dernier_jour_denonciation for one in periodes] == [None] * 5


def test_an_earlier_last_day_of_notice() -> None:
    """A centre that asks for six months."""
    rules = {"effet": date(2023, 1, 1), "delai": (6, 30)}
    assert classify_notice(date(2024, 6, 30), **rules).fin == date(2024, 12, 31)  # type: ignore[arg-type]
    assert classify_notice(date(2024, 7, 1), **rules).fin_proposee == date(2025, 12, 31)  # type: ignore[arg-type]


def test_an_offer_without_renewal() -> None:
    duree = Duree(mode="aucune", reconductions=4)
    rules = rules_of(cig_offer().model_copy(update={"duree": duree}))
    assert (duree.nombre, rules.reconductions) == (0, 0)
    terme = compute_terme(date(2026, 3, 1), rules.reconductions)
    assert terme == date(2026, 12, 31)
    assert classify_notice(date(2026, 4, 1), effet=date(2026, 3, 1), terme=terme).recevabilite == "sans_objet"
    kinds = {one.kind for one in list_echeances(effet=date(2026, 3, 1), regles=rules)}
    assert kinds == {"debut", "facturation", "terme", "bilan"}


def days(found: list[EcheanceDate], kind: str) -> list[date]:
    return [one.le for one in found if one.kind == kind]


def test_the_deadlines_of_a_whole_convention() -> None:
    """The convention of the examples, with services that begin later than its effect (G13)."""
    found = list_echeances(effet=date(2026, 1, 1), debut=date(2026, 3, 1), regles=rules_of(cig_offer()))
    assert days(found, "debut") == [date(2026, 3, 1)]
    assert days(found, "denonciation") == [date(year, 9, 29) for year in range(2026, 2030)]
    assert days(found, "reconduction") == [date(year, 1, 1) for year in range(2027, 2031)]
    assert days(found, "vote_tarif") == [date(year, 12, 31) for year in range(2026, 2030)]
    assert days(found, "bilan") == [date(year, 3, 31) for year in range(2027, 2032)]
    assert days(found, "facturation")[:2] == [date(2026, 3, 31), date(2026, 6, 30)]
    assert len(days(found, "facturation")) == 20
    assert days(found, "terme") == [date(2030, 12, 31)] and not days(found, "fin")
    assert found == sorted(found)
    assert next(one.titre for one in found if one.kind == "denonciation") == (
        "Dernier jour pour dénoncer avec effet au 1er janvier 2027"
    )


def test_an_end_before_the_term_leaves_nothing_after_it() -> None:
    found = list_echeances(effet=date(2023, 1, 1), fin=date(2025, 12, 31), mise_en_demeure=date(2025, 5, 2))
    assert days(found, "fin") == [date(2025, 12, 31)] and not days(found, "terme")
    assert days(found, "denonciation") == [date(2023, 9, 29), date(2024, 9, 29)]
    assert days(found, "reconduction") == [date(2024, 1, 1), date(2025, 1, 1)]
    assert days(found, "mise_en_demeure") == [date(2025, 5, 2)]
    assert max(one.le for one in found if one.kind != "bilan") == date(2025, 12, 31)
    assert days(found, "bilan")[-1] == date(2026, 3, 31)


def test_a_termination_in_the_middle_of_a_year() -> None:
    found = list_echeances(effet=date(2023, 1, 1), fin=date(2024, 5, 20))
    assert days(found, "denonciation") == [date(2023, 9, 29)]
    assert days(found, "facturation")[-1] == date(2024, 5, 20)


def test_renewal_by_agreement_is_due_before_the_year() -> None:
    found = list_echeances(effet=date(2026, 10, 1), regles=Regles(mode="expresse", periodicite=Periodicite.AN))
    assert days(found, "reconduction") == [date(year, 12, 31) for year in range(2026, 2030)]
    assert days(found, "denonciation")[0] == date(2027, 9, 29), "the last day of 2026 was before the effect"
    assert days(found, "facturation") == [date(year, 12, 31) for year in range(2026, 2031)]


@given(effet=DAYS, count=st.integers(0, 6), late=st.integers(0, 400), ended=st.none() | st.integers(0, 2500))
def test_deadlines_are_within_the_convention(effet: date, count: int, late: int, ended: int | None) -> None:
    rules = Regles(reconductions=count)
    terme = compute_terme(effet, count)
    fin = effet + timedelta(ended) if ended is not None else None
    found = list_echeances(effet=effet, debut=effet + timedelta(late), fin=fin, regles=rules)
    last = min(fin or terme, terme)
    assert len([one for one in found if one.kind in ("terme", "fin")]) == 1
    assert all(effet <= one.le <= last for one in found if one.kind != "bilan")
    assert len(set(found)) == len(found)
    assert len(list_periodes(effet, count)) == count + 1
