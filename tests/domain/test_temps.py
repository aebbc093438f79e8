"""Minutes, units, the break-even point and travel claims: the worked examples, and what must hold for all others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.tarification import (
    Bareme,
    bill_deplacement,
    bill_minutes,
    bill_units,
    billable_minutes,
    choose_bareme,
    compute_annuel,
    compute_seuil,
    load_baremes,
    round_half_up,
)

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "cases" / "heures.yaml").read_text("utf-8"))
TARIF = Decimal("67980.00")
TODAY = date(2026, 11, 22)

minutes = st.integers(0, 600_000)
taux = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)


@pytest.mark.parametrize("case", CASES["minutes"], ids=lambda case: case["nom"])
def test_minutes(case: dict[str, Any]) -> None:
    assert str(bill_minutes(case["minutes"], Decimal(case["taux"])).valeur) == case["montant"]


def test_a_year_of_hours_is_the_sum_of_its_quarters() -> None:
    """G5: 2 740,00 € for the year."""
    assert sum(bill_minutes(one, Decimal(60)).valeur for one in (750, 440, 0, 1550)) == Decimal("2740.00")


def test_each_line_is_rounded() -> None:
    """G7: three lines of 19,43 € make 58,29 €, where one line would make 58,30 €."""
    rate = Decimal("58.30")
    assert sum(bill_minutes(20, rate).valeur for _ in range(3)) == Decimal("58.29")
    assert bill_minutes(60, rate).valeur == Decimal("58.30")


@pytest.mark.parametrize("case", CASES["facturees"], ids=str)
def test_unit_and_minimum_of_an_intervention(case: dict[str, int]) -> None:
    assert billable_minutes(case["minutes"], case["unite"], case["minimum"]) == case["facturees"]


def test_unit_and_minimum_are_told() -> None:
    found = bill_minutes(20, Decimal(60), unite_minutes=15, minimum_minutes=25)
    assert found.valeur == Decimal("30.00")
    assert (
        found.etapes[0].replace("\u00a0", " ") == "Temps facturé : 20 min comptées 30 min (minimum 25 min, par 15 min)"
    )


@pytest.mark.parametrize(
    ("duration", "rate"), [(-1, "60"), (10_000_001, "60"), (10, "-1"), (10, "NaN"), (10, "Infinity")]
)
def test_impossible_time_or_rate_is_refused(duration: int, rate: str) -> None:
    with pytest.raises(Invalide) as caught:
        bill_minutes(duration, Decimal(rate))
    assert caught.value.champ in ("minutes", "taux")
    with pytest.raises(Invalide):
        billable_minutes(10, 0)


def test_what_cannot_be_recorded_is_not_billed() -> None:
    for bill in (
        lambda: bill_minutes(600_000, Decimal("9999999999.99")),
        lambda: bill_units("forfait", Decimal(2), Decimal("9999999999.99")),
        lambda: bill_units("forfait", Decimal("1e30"), Decimal(60)),
    ):
        with pytest.raises(Invalide, match="trop élevé"):
            bill()


@given(st.lists(minutes, min_size=1, max_size=8), taux)
def test_lines_and_their_total_differ_by_half_a_cent_each_at_most(durations: list[int], rate: Decimal) -> None:
    lines = sum((bill_minutes(one, rate).valeur for one in durations), Decimal(0))
    whole = bill_minutes(sum(durations), rate)
    assert sum((bill_minutes(one, rate).exact for one in durations), Fraction(0)) == whole.exact
    assert abs(lines - whole.valeur) <= Decimal("0.005") * (len(durations) + 1)
    assert isinstance(whole.valeur, Decimal)


@given(minutes, st.integers(1, 480), st.integers(0, 480))
def test_billed_time_is_whole_units_and_never_less_than_done(duration: int, unite: int, minimum: int) -> None:
    found = billable_minutes(duration, unite, minimum)
    assert found % unite == 0
    if duration == 0:
        assert found == 0
    else:
        assert max(duration, minimum) <= found < max(duration, minimum) + unite


@pytest.mark.parametrize("case", CASES["seuils"], ids=lambda case: f"{case['quotite']}-{case['taux']}")
def test_break_even(case: dict[str, Any]) -> None:
    found = compute_seuil(TARIF, Decimal(case["quotite"]), Decimal(case["taux"]))
    assert Decimal(round_half_up(found.exact_heures * 1000)) / 1000 == Decimal(case["heures"])
    assert Decimal(round_half_up(found.part_du_temps_plein * 1000)) / 1000 == Decimal(case["part"])
    assert found.minutes_des == case["minutes_des"]
    if exact := case.get("duree"):
        assert found.exact_heures == exact["h"] + Fraction(exact["min"], 60) + Fraction(exact["s"]) / 3600
    assert str(found.cout_horaire_moyen) == case["moyen"]


@given(
    st.integers(1, 20_000_000).map(lambda n: Decimal(n) / 100),
    st.integers(1, 10_000).map(lambda n: Decimal(n) / 100),
    st.integers(1, 100_000).map(lambda n: Decimal(n) / 100),
)
def test_the_share_is_cheaper_from_that_minute_on_and_not_before(
    tarif: Decimal, quotite: Decimal, rate: Decimal
) -> None:
    annuel = compute_annuel(tarif, quotite).valeur
    first = compute_seuil(tarif, quotite, rate).minutes_des
    assert bill_minutes(first, rate).valeur > annuel
    assert first == 0 or bill_minutes(first - 1, rate).valeur <= annuel


def test_no_break_even_against_free_hours() -> None:
    with pytest.raises(Invalide):
        compute_seuil(TARIF, Decimal("47.70"), Decimal(0))


@pytest.mark.parametrize("case", CASES["unites"], ids=lambda case: f"{case['mode']}-{case['quantite']}")
def test_billed_by_the_piece(case: dict[str, str]) -> None:
    found = bill_units(case["mode"], Decimal(case["quantite"]), Decimal(case["prix"]))
    assert str(found.valeur) == case["montant"]
    assert len(found.etapes) == 1


def test_included_in_the_contribution_is_traced_at_zero() -> None:
    found = bill_units("cotisation", Decimal(1), Decimal(60))
    assert "compris dans la cotisation" in found.etapes[0]


@pytest.mark.parametrize(
    ("mode", "quantite", "prix"),
    [
        ("abonnement", "1", "1"),
        ("forfait", "-1", "1"),
        ("forfait", "NaN", "1"),
        ("forfait", "1", "-1"),
        ("par_agent", "1.5", "1"),
        ("devis", "0.5", "1"),
    ],
)
def test_impossible_pieces_are_refused(mode: str, quantite: str, prix: str) -> None:
    with pytest.raises(Invalide):
        bill_units(mode, Decimal(quantite), Decimal(prix))


@pytest.mark.parametrize("case", CASES["deplacements"], ids=lambda case: case["nom"])
def test_mileage(case: dict[str, Any]) -> None:
    bareme = choose_bareme(load_baremes(), TODAY)
    found = bill_deplacement(Decimal(case["km"]), case["cv"], Decimal(case["deja"]), bareme)
    assert str(found.valeur) == case["montant"]


def test_mileage_says_its_brackets() -> None:
    found = bill_deplacement(Decimal(180), 5, Decimal(1950), choose_bareme(load_baremes(), TODAY))
    assert [one.replace("\u00a0", " ").replace("\u202f", " ") for one in found.etapes] == [
        "Déjà parcourus dans l’année : 1 950 km",
        "50 km × 0,32 € + 130 km × 0,40 € = 68,00 €",
    ]


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 20_000), st.sampled_from([4, 6, 9]))
def test_a_journey_in_two_parts_costs_the_same_exactly(deja: int, first: int, second: int, cv: int) -> None:
    bareme = choose_bareme(load_baremes(), TODAY)
    whole = bill_deplacement(Decimal(first + second), cv, Decimal(deja), bareme).exact
    parts = [
        bill_deplacement(Decimal(first), cv, Decimal(deja), bareme).exact,
        bill_deplacement(Decimal(second), cv, Decimal(deja + first), bareme).exact,
    ]
    assert sum(parts) == whole


@pytest.mark.parametrize(
    ("km", "cv", "deja", "champ"),
    [
        ("-1", 5, "0", "km"),
        ("1e99999", 5, "0", "km"),
        ("NaN", 5, "0", "km"),
        ("1", 5, "-1", "deja"),
        ("1", 0, "0", "puissance"),
        ("1", 100, "0", "puissance"),
    ],
)
def test_impossible_journeys_are_refused(km: str, cv: int, deja: str, champ: str) -> None:
    with pytest.raises(Invalide) as caught:
        bill_deplacement(Decimal(km), cv, Decimal(deja), choose_bareme(load_baremes(), TODAY))
    assert caught.value.champ == champ


def test_no_scale_is_ever_assumed() -> None:
    """Neither overseas nor before the first recorded scale."""
    for day, zone in ((TODAY, "outre-mer"), (date(2021, 12, 31), "metropole")):
        with pytest.raises(Invalide, match="Aucun barème"):
            choose_bareme(load_baremes(), day, zone)


def test_the_scale_is_that_of_the_day() -> None:
    (known,) = load_baremes()
    later = known.model_copy(update={"effet": date(2027, 1, 1)})
    assert choose_bareme([later, known], date(2026, 12, 31)) is known
    assert choose_bareme([later, known], date(2027, 1, 1)) is later


def test_a_scale_out_of_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baremes.yaml"
    path.write_text(
        "baremes:\n  - effet: 2022-01-01\n    zone: metropole\n    source: x\n    categories:\n"
        "      - {libelle: a, tranches: [{taux: 0.3}, {jusqu_a: 2000, taux: 0.2}]}\n",
        "utf-8",
    )
    with pytest.raises(DefinitionError, match="tranches"):
        load_baremes(path)
    assert Bareme.model_validate(load_baremes()[0].model_dump(mode="json")) == load_baremes()[0]
