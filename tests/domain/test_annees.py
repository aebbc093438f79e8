"""Years of a convention: the worked examples, and what must hold for every other year."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalide
from domain.tarification import (
    Annee,
    Part,
    Periodicite,
    Prorata,
    compute_annee,
    compute_annee_horaire,
    compute_annee_unites,
    compute_annuel,
    compute_heures,
    instalment,
    project_annees,
    project_heures,
    project_tarif,
    round_cent,
)
from domain.tarifs import annee_effet, check_annee

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "annees.yaml").read_text("utf-8"))
TARIF = Decimal("67980.00")
JANUARY = date(2023, 1, 1)

quotites = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100)
tarifs = st.integers(0, 20_000_000).map(lambda n: Decimal(n) / 100)
days = st.dates(date(2023, 1, 1), date(2024, 12, 31))
absences = st.lists(st.tuples(days, days).map(lambda pair: (min(pair), max(pair))), max_size=4)
methodes = st.sampled_from(Prorata)


def _parts(case: dict[str, Any]) -> list[Part]:
    return [Part(Decimal(share), day) for share, day in case.get("parts", [["47.70", JANUARY]])]


def _compute(case: dict[str, Any]) -> Annee:
    return compute_annee(
        Decimal(case.get("tarif", TARIF)),
        _parts(case),
        case.get("annee", 2023),
        debut=case.get("debut", JANUARY),
        fin=case.get("fin"),
        absences=[tuple(one) for one in case.get("absences", [])],
        methode=Prorata(case.get("methode", "jours")),
    )


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("case", CASES["annees"], ids=lambda case: case["nom"])
def test_year(case: dict[str, Any]) -> None:
    year = _compute(case)
    assert str(year.du) == case["du"]
    assert year.jours == case.get("jours", year.jours)
    assert year.minutes == case.get("minutes", year.minutes)
    if "exact" in case:
        assert year.exact == Fraction(case["exact"])
    if "ecart" in case:
        assert year.du - _compute({"annee": case["annee"]}).du == Decimal(case["ecart"])
    if "total" in case:
        assert year.du + Decimal(case["degrade"]) == Decimal(case["total"])
    steps = _plain("\n".join(year.etapes))
    for wanted in case.get("etapes", []):
        assert wanted in steps


@pytest.mark.parametrize("case", CASES["refus"], ids=lambda case: case["nom"])
def test_what_cannot_be_priced_is_refused_at_its_field(case: dict[str, Any]) -> None:
    with pytest.raises(Invalide) as caught:
        _compute(case)
    assert caught.value.champ == case["champ"]


@pytest.mark.parametrize("case", CASES["projections"], ids=lambda case: case["nom"])
def test_projection_of_the_term(case: dict[str, Any]) -> None:
    voted = {year: Decimal(amount) for year, amount in case.get("tarifs", {2023: "67980"}).items()}
    found = project_annees(
        voted, _parts(case), debut=case["debut"], terme=case["terme"], revision=Decimal(case.get("revision", "0"))
    )
    assert (len(found), str(sum(year.du for year in found))) == (case["annees"], case["total"])
    assert [year.tarif.vote for year in found] == [year.annee in voted for year in found]
    assert all(("supposé" in year.etapes[0]) != year.tarif.vote for year in found)


@pytest.mark.parametrize("case", CASES["votes"], ids=lambda case: str(case["vote"]))
def test_a_vote_takes_effect_on_the_next_first_of_january(case: dict[str, Any]) -> None:
    assert annee_effet(case["vote"]) == case["effet"]
    check_annee(case["effet"], case["vote"])
    with pytest.raises(Invalide) as caught:
        check_annee(case["effet"] - 1, case["vote"])
    assert caught.value.champ == "annee" and f"1er janvier {case['effet']}" in caught.value.message


def test_the_year_of_the_first_vote_is_what_it_was() -> None:
    """G9: revisions of 2024 and 2025 leave 2023 alone."""
    votes = {case["effet"]: Decimal(case["tarif"]) for case in CASES["votes"]}
    years = project_annees(
        {2023: TARIF} | votes, [Part(Decimal("47.70"), JANUARY)], debut=JANUARY, terme=date(2025, 12, 31)
    )
    assert [str(one.du) for one in years] == ["32426.46", "33075.18", "33736.78"]


def test_rounding_once_is_told_when_lines_would_not_add_up() -> None:
    parts = [
        Part(Decimal("33.33"), JANUARY),
        Part(Decimal("66.67"), date(2023, 2, 1)),
        Part(Decimal("1"), date(2023, 3, 1)),
    ]
    gaps = 0
    for cents in range(100, 140):
        year = compute_annee(Decimal(cents) / 100, parts, 2023, debut=JANUARY)
        lines = sum(one.montant for one in year.tranches)
        gaps += lines != year.du
        assert ("une seule fois" in year.etapes[-2]) == (lines != year.du)
    assert gaps


def test_assumed_tariffs_could_be_voted() -> None:
    """Each is the one before, revised and rounded to the cent; a rate may be told for one year only."""
    voted = {2023: TARIF}
    assert project_tarif(voted, 2024, Decimal("2")).montant == Decimal("69339.60")
    assert project_tarif(voted, 2025, Decimal("2")).montant == Decimal("70726.39")
    assert project_tarif(voted, 2025, {2025: Decimal("-1.5")}).montant == Decimal("66960.30")
    assert project_tarif(voted, 2020, Decimal("2")).montant == TARIF
    for wrong in ("50.01", "NaN", "-60"):
        with pytest.raises(Invalide):
            project_tarif(voted, 2024, Decimal(wrong))
    with pytest.raises(Invalide):
        project_tarif({}, 2024)


def test_inflation_only_changes_constant_euros() -> None:
    found = project_annees(
        {2023: TARIF}, [Part(Decimal(50), JANUARY)], debut=JANUARY, terme=date(2025, 12, 31), inflation=Decimal("2")
    )
    assert [year.du for year in found] == [Decimal("33990.00")] * 3
    assert [year.constant for year in found] == [Decimal("33990.00"), Decimal("33323.53"), Decimal("32670.13")]


def test_projection_by_the_hour() -> None:
    found = project_heures(
        {2026: Decimal(60)}, 2400, debut=date(2026, 7, 1), terme=date(2027, 12, 31), revision=Decimal(10)
    )
    assert [(year.minutes, year.du) for year in found] == [(1210, Decimal("1210.00")), (2400, Decimal("2640.00"))]
    with pytest.raises(Invalide):
        project_heures({2026: Decimal(60)}, 2400, debut=date(2028, 1, 1), terme=date(2027, 12, 31))


def test_planned_hours_of_a_year() -> None:
    year = compute_annee_horaire(Decimal(60), 2400, 2026, debut=date(2026, 7, 1))
    assert (year.minutes, str(year.du), year.jours) == (1210, "1210.00", 184)
    assert "40 h × 184/365 jours = 20 h 10" in _plain(year.etapes[0])
    assert compute_annee_horaire(Decimal(60), 2400, 2025, debut=date(2026, 7, 1)).du == 0
    with pytest.raises(Invalide):
        compute_annee_horaire(Decimal(60), -1, 2026, debut=date(2026, 7, 1))


def test_what_is_billed_by_the_piece_and_by_year() -> None:
    """A price for an agent and a year follows the part of the year; packages do not; a quote is due once."""
    july = date(2026, 7, 1)
    agents = compute_annee_unites("par_agent", Decimal(100), Decimal(12), 2026, debut=july)
    assert (str(agents.du), agents.jours) == ("604.93", 184)
    assert compute_annee_unites("par_agent", Decimal(100), Decimal(12), 2027, debut=july).du == 1200
    assert compute_annee_unites("forfait", Decimal(2), Decimal(645), 2026, debut=july).du == 1290
    assert compute_annee_unites("devis", Decimal("987.65"), Decimal(0), 2026, debut=july).du == Decimal("987.65")
    assert compute_annee_unites("devis", Decimal("987.65"), Decimal(0), 2027, debut=july).du == 0
    free = compute_annee_unites("cotisation", Decimal(1), Decimal(60), 2026, debut=july)
    assert free.du == 0 and "compris dans la cotisation" in free.etapes[0]
    assert compute_annee_unites("forfait", Decimal(2), Decimal(645), 2025, debut=july).du == 0


def test_a_change_during_the_year_is_settled_by_the_next_instalment() -> None:
    """G10 billed by quarter: two quarters at 47,70 %, then the avenant; the third makes up for the new yearly amount."""
    paid: list[Decimal] = []
    for index, du in enumerate(["32426.46", "32426.46", "35221.28", "35221.28"]):
        paid.append(instalment(Decimal(du), date(2026, 1, 1), Periodicite.TRIMESTRE, index, sum(paid, Decimal(0))))
    assert [str(one) for one in paid] == ["8106.62", "8106.61", "10202.73", "8805.32"]
    assert sum(paid) == Decimal("35221.28")


def test_an_early_end_may_give_money_back() -> None:
    """Two quarters were billed for a whole year; the convention ends on 31 March."""
    du, fin = Decimal("7995.57"), date(2026, 3, 31)
    assert instalment(du, date(2026, 1, 1), Periodicite.TRIMESTRE, 2, Decimal("16213.23"), fin=fin) == Decimal(
        "-8217.66"
    )
    for wrong in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(Invalide):
            instalment(du, date(2026, 1, 1), Periodicite.TRIMESTRE, 0, Decimal(0), fin=wrong)
    with pytest.raises(Invalide):
        instalment(du, date(2026, 1, 1), Periodicite.TRIMESTRE, 4, Decimal(0))


@given(tarifs, st.lists(st.tuples(quotites, st.integers(0, 11)), min_size=1, max_size=5), st.sampled_from(Periodicite))
def test_instalments_of_a_changing_year_add_up(
    tarif: Decimal, changes: list[tuple[Decimal, int]], periodicite: Periodicite
) -> None:
    """Whatever changes meanwhile, what was billed at the end of the year is what is due for it."""
    paid = Decimal(0)
    du = Decimal(0)
    for index in range(periodicite.par_an):
        known = [Part(changes[0][0], JANUARY)]
        for share, month in sorted(changes[1:], key=lambda one: one[1]):
            day = date(2023, month + 1, 1)
            if day.month <= (index + 1) * periodicite.months and day > known[-1].du:
                known.append(Part(share, day))
        du = compute_annee(tarif, known, 2023, debut=JANUARY).du
        paid += instalment(du, JANUARY, periodicite, index, paid)
    assert paid == du


@given(tarifs, quotites, days, st.dates(date(2023, 1, 2), date(2024, 12, 31)), methodes, absences)
def test_an_avenant_of_equal_share_changes_nothing(
    tarif: Decimal, quotite: Decimal, debut: date, change: date, methode: Prorata, away: list[tuple[date, date]]
) -> None:
    one = [Part(quotite, JANUARY)]
    two = [*one, Part(quotite, change)]
    for annee in (2023, 2024):
        plain = compute_annee(tarif, one, annee, debut=debut, absences=away, methode=methode)
        split = compute_annee(tarif, two, annee, debut=debut, absences=away, methode=methode)
        assert (plain.du, plain.exact, plain.jours, plain.minutes) == (
            split.du,
            split.exact,
            split.jours,
            split.minutes,
        )


@given(tarifs, quotites, days, methodes, absences, st.tuples(days, days).map(lambda pair: (min(pair), max(pair))))
def test_one_more_absence_never_costs_more(
    tarif: Decimal,
    quotite: Decimal,
    debut: date,
    methode: Prorata,
    away: list[tuple[date, date]],
    more: tuple[date, date],
) -> None:
    for annee in (2023, 2024):
        before = compute_annee(tarif, [Part(quotite, JANUARY)], annee, debut=debut, absences=away, methode=methode)
        after = compute_annee(
            tarif, [Part(quotite, JANUARY)], annee, debut=debut, absences=[*away, more], methode=methode
        )
        assert 0 <= after.du <= before.du
        assert 0 <= after.minutes <= before.minutes
        assert 0 <= after.jours <= before.jours <= before.base


@given(tarifs, quotites, days, methodes)
def test_absent_all_along_costs_nothing(tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata) -> None:
    year = compute_annee(
        tarif,
        [Part(quotite, JANUARY)],
        debut.year,
        debut=debut,
        absences=[(debut, date(debut.year, 12, 31))],
        methode=methode,
    )
    assert (year.du, year.minutes, year.jours) == (0, 0, 0)


@given(tarifs, quotites, days, methodes)
def test_without_absence_nor_change_it_is_a_part_of_the_annual_amount(
    tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata
) -> None:
    year = compute_annee(tarif, [Part(quotite, JANUARY)], debut.year, debut=debut, methode=methode)
    annual = compute_annuel(tarif, quotite)
    assert year.du == round_cent(annual.exact * year.jours / year.base) and year.annuel == annual.valeur
    if methode is Prorata.JOURS:
        assert year.jours == (date(debut.year, 12, 31) - debut).days + 1
    whole = compute_annee(tarif, [Part(quotite, JANUARY)], 2024, debut=JANUARY, methode=methode)
    assert (whole.du, whole.minutes) == (compute_annuel(tarif, quotite).valeur, compute_heures(quotite).minutes)


@given(tarifs, quotites, quotites, days, absences)
def test_amounts_are_exact_decimals_and_steps_are_text(
    tarif: Decimal, quotite: Decimal, other: Decimal, change: date, away: list[tuple[date, date]]
) -> None:
    parts = [Part(quotite, JANUARY)] + ([Part(other, change)] if change > JANUARY else [])
    year = compute_annee(tarif, parts, 2023, debut=JANUARY, absences=away)
    assert isinstance(year.du, Decimal) and isinstance(year.exact, Fraction) and isinstance(year.minutes, int)
    assert year.du == round_cent(year.exact) and year.du.as_tuple().exponent == -2
    assert year.exact == sum((one.exact for one in year.tranches), Fraction(0))
    assert all(isinstance(one, str) and one for one in year.etapes)
    assert sum(one.jours + one.absents for one in year.tranches) <= year.base


@given(quotites, st.dates(date(2023, 1, 1), date(2023, 12, 30)), methodes)
def test_two_conventions_that_follow_each_other_make_a_year(quotite: Decimal, last: date, methode: Prorata) -> None:
    """By days, a year cut in two is a year; by months, it counts at most once more for the month of the cut."""
    parts = [Part(quotite, JANUARY)]
    first = compute_annee(TARIF, parts, 2023, debut=JANUARY, fin=last, methode=methode)
    second = compute_annee(TARIF, parts, 2023, debut=last + timedelta(days=1), methode=methode)
    whole = compute_annee(TARIF, parts, 2023, debut=JANUARY, methode=methode)
    if methode.unite == "jours":
        assert first.exact + second.exact == whole.exact
    else:
        assert abs(first.jours + second.jours - whole.jours) <= 1
