"""The worked examples of the domain, and what must hold for every other amount."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import compute_terme, list_periodes
from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.tarification import (
    Annee,
    Part,
    Periodicite,
    Prorata,
    compute_annee,
    compute_annuel,
    compute_echeancier,
    compute_heures,
    round_cent,
)
from domain.tarifs import (
    Tarif,
    TarifAbsent,
    choose_tarif,
    list_unknown,
    load_tarifs,
    tell_other_year,
    tell_unknown,
    warn_other_year,
    warn_unknown,
)

CASES: dict[str, Any] = yaml.safe_load(
    Path(__file__).parent.parent.joinpath("cases/montants-cig.yaml").read_text("utf-8")
)
TARIF, QUOTITE = Decimal(CASES["tarif"]), Decimal(CASES["quotite"])

quotites = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100)
tarifs = st.integers(0, 20_000_000).map(lambda n: Decimal(n) / 100)
jours = st.dates(date(2016, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize("case", CASES["quotites"], ids=lambda case: case["quotite"])
def test_annual_amount(case: dict[str, str]) -> None:
    assert compute_annuel(TARIF, Decimal(case["quotite"])).valeur == Decimal(case["annuel"])


def test_annual_amount_says_how_it_was_found() -> None:
    assert compute_annuel(TARIF, QUOTITE).etapes == (
        "Montant annuel\u00a0: 67\u202f980,00\u00a0€ × 47,70\u00a0% = 32\u202f426,46\u00a0€",
    )


def first_year(tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata = Prorata.JOURS) -> Annee:
    """The year in which the service begins (F2)."""
    return compute_annee(tarif, [Part(quotite, debut)], debut.year, debut=debut, methode=methode)


@pytest.mark.parametrize("methode", list(Prorata))
@pytest.mark.parametrize("case", CASES["premiere_annee"], ids=lambda case: str(case["debut"]))
def test_first_year(case: dict[str, Any], methode: Prorata) -> None:
    counted, base, du = case[methode.value]
    result = first_year(TARIF, QUOTITE, case["debut"], methode)
    assert (result.jours, result.base, result.du) == (counted, base, Decimal(du))


def test_first_year_says_how_it_was_found() -> None:
    result = first_year(TARIF, QUOTITE, date(2026, 9, 1))
    assert result.etapes[1] == (
        "Dû pour 2026 (jours calendaires réels, du 1er septembre 2026 au 31 décembre 2026)\u00a0: "
        "32\u202f426,46\u00a0€ × 122/365 jours = 10\u202f838,43\u00a0€"
    )


def test_first_year_starts_from_the_exact_annual_amount() -> None:
    """Rounding the annual amount first would lose a cent: 0,005 € a year is 0,01 € rounded, but half of it is nothing."""
    tarif, quotite, debut = Decimal("0.50"), Decimal("1.00"), date(2023, 7, 1)
    assert compute_annuel(tarif, quotite).valeur == Decimal("0.01")
    assert first_year(tarif, quotite, debut).du == Decimal("0.00")
    assert "montant annuel exact" in first_year(tarif, quotite, debut).etapes[1]


@pytest.mark.parametrize("case", CASES["echeanciers"], ids=lambda case: f"{case['du']}-{case['periodicite']}")
def test_instalments(case: dict[str, Any]) -> None:
    found = compute_echeancier(Decimal(case["du"]), case["debut"], Periodicite(case["periodicite"]))
    assert [str(one.montant) for one in found] == case["montants"]


def test_instalments_are_named_and_dated() -> None:
    found = compute_echeancier(Decimal("100.00"), date(2024, 1, 1))
    assert [one.libelle for one in found][:2] == ["1er trimestre 2024", "2e trimestre 2024"]
    assert [one.au for one in found] == [date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31)]
    assert compute_echeancier(Decimal(1), date(2024, 1, 1), Periodicite.MOIS)[1].au == date(2024, 2, 29)


@given(st.integers(0, 10**9), jours, st.sampled_from(Periodicite))
def test_instalments_add_up_and_none_is_negative(cents: int, debut: date, periodicite: Periodicite) -> None:
    du = Decimal(cents).scaleb(-2)
    found = [one.montant for one in compute_echeancier(du, debut, periodicite)]
    assert sum(found) == du
    assert all(montant >= 0 for montant in found)
    begun = [
        montant
        for montant, one in zip(found, compute_echeancier(du, debut, periodicite), strict=True)
        if one.au >= debut
    ]
    assert max(begun) - min(begun) <= Decimal("0.01")


@given(tarifs, quotites, jours, st.sampled_from(Prorata))
def test_first_year_is_at_most_a_year_and_falls_as_it_begins_later(
    tarif: Decimal, quotite: Decimal, debut: date, methode: Prorata
) -> None:
    du = first_year(tarif, quotite, debut, methode).du
    assert 0 <= du <= compute_annuel(tarif, quotite).valeur
    later = debut + timedelta(days=1)
    if later.year == debut.year:
        assert first_year(tarif, quotite, later, methode).du <= du


@given(jours)
def test_a_year_from_january_is_whole_by_every_method(jour: date) -> None:
    for methode in Prorata:
        whole = first_year(TARIF, QUOTITE, date(jour.year, 1, 1), methode)
        assert whole.jours == whole.base
        assert 0 <= first_year(TARIF, QUOTITE, jour, methode).jours <= whole.base


@given(tarifs, quotites)
def test_annual_amount_is_exact_to_half_a_cent(tarif: Decimal, quotite: Decimal) -> None:
    montant = compute_annuel(tarif, quotite)
    assert montant.exact == Fraction(tarif) * Fraction(quotite) / 100
    assert abs(Fraction(montant.valeur) - montant.exact) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("57.525", "57.53"), ("57.515", "57.52"), ("57.524999", "57.52"), ("-0.005", "-0.01"), ("0.004", "0.00")],
)
def test_half_a_cent_goes_up(exact: str, rounded: str) -> None:
    """Bankers' rounding or truncation would give 57,52 (G7)."""
    assert str(round_cent(Fraction(exact))) == rounded


@pytest.mark.parametrize("case", CASES["heures"], ids=lambda case: str(case["par_an"]))
def test_hours(case: dict[str, Any]) -> None:
    heures = compute_heures(QUOTITE, case["par_an"])
    assert heures.minutes == case["minutes"]
    assert heures.exact == Fraction(case["exact"])
    assert case["centiemes"].replace(".", ",") + "\u00a0h" in heures.etapes[0]


@pytest.mark.parametrize("case", CASES["temps"], ids=lambda case: case["nom"])
def test_share_in_other_units(case: dict[str, Any]) -> None:
    """G4: the share of what a full-time post is in that unit (days a year, half-days a week), exact."""
    assert compute_heures(QUOTITE, case["temps_plein"]).exact == Fraction(case["part"])


@pytest.mark.parametrize("quotite", ["0", "-1", "100.01", "47.705", "NaN", "Infinity"])
def test_impossible_share_is_refused(quotite: str) -> None:
    with pytest.raises(Invalide, match="quotité"):
        compute_annuel(TARIF, Decimal(quotite))


@pytest.mark.parametrize("tarif", ["67980.005", "-1", "NaN", "1e300"])
def test_impossible_price_is_refused(tarif: str) -> None:
    """A third decimal would be priced, but not printed in the steps."""
    with pytest.raises(Invalide) as caught:
        compute_annuel(Decimal(tarif), QUOTITE)
    assert caught.value.champ == "tarif"


@pytest.mark.parametrize("case", CASES["termes"], ids=lambda case: str(case["effet"]))
def test_term(case: dict[str, date]) -> None:
    assert compute_terme(case["effet"]) == case["terme"]
    assert list_periodes(case["effet"])[-1].au == case["terme"]


def test_a_term_that_no_calendar_has_is_refused() -> None:
    assert compute_terme(date(9995, 6, 1)) == date(9999, 12, 31)
    with pytest.raises(Invalide, match="trop lointaine"):
        compute_terme(date(9996, 1, 1))


def test_effect_and_start_may_differ() -> None:
    """G13: effect 1 January 2026, service from 1 March: the term follows the effect, the prorata follows the start."""
    assert compute_terme(date(2026, 1, 1)) == date(2030, 12, 31)
    assert first_year(TARIF, QUOTITE, date(2026, 3, 1)).jours == 306


@given(jours, st.integers(0, 10))
def test_periods_follow_each_other_without_a_gap(effet: date, reconductions: int) -> None:
    periodes = list_periodes(effet, reconductions)
    assert periodes[0].du == effet
    assert len(periodes) == reconductions + 1
    for before, after in pairwise(periodes):
        assert after.du == before.au + timedelta(days=1)
        assert after.reconduction
    assert {f"{one.dernier_jour_denonciation:%m-%d}" for one in periodes} == {"09-29"}


def _tarif(annee: int, code: str = "temps_complet") -> Tarif:
    return Tarif(code=code, annee=annee, montant=Decimal(annee))


def test_tariff_of_the_year_has_no_warning() -> None:
    chosen = choose_tarif([_tarif(2022), _tarif(2023)], "temps_complet", 2022)
    assert chosen == _tarif(2022)
    assert (warn_other_year(2022, [chosen]), tell_other_year(2022, [chosen])) == (None, None)


def test_tariff_of_another_year_is_the_last_voted() -> None:
    assert choose_tarif([_tarif(2021), _tarif(2022), _tarif(2025)], "temps_complet", 2024).annee == 2022


def test_tariff_voted_only_for_later_is_the_first_of_them() -> None:
    assert choose_tarif([_tarif(2026), _tarif(2025)], "temps_complet", 2024).annee == 2025


def test_each_side_reads_once_which_tariffs_are_of_another_year() -> None:
    both = [_tarif(2022), _tarif(2022, "heure")]
    euros = "2\u202f022,00\u00a0€"
    assert warn_other_year(2024, both) == (
        "Aucun tarif 2024 n’est enregistré : vérifiez que ceux de 2022 s’appliquent"
        f" (temps complet : {euros} ; heure d’intervention : {euros})."
    )
    assert tell_other_year(2024, both) == (
        "Le tarif 2024 n’est pas encore enregistré : le montant est calculé avec celui de 2022."
        " Le centre vous le confirmera."
    )
    only_hours = [_tarif(2024), _tarif(2022, "heure")]
    assert warn_other_year(2024, only_hours) == (
        f"Aucun tarif 2024 n’est enregistré : vérifiez que celui de 2022 s’applique (heure d’intervention : {euros})."
    )
    told = tell_other_year(2024, only_hours)
    assert told is not None and told.startswith("Le tarif 2024 (heure d’intervention) n’est pas encore")
    mixed = warn_other_year(2025, [_tarif(2024), _tarif(2022, "heure")])
    assert mixed is not None and "2022 et 2024" in mixed and ", 2022)" in mixed


def test_tariff_of_another_service_is_no_tariff() -> None:
    with pytest.raises(TarifAbsent):
        choose_tarif([_tarif(2022, "heure")], "temps_complet", 2022)


def _for(annee: int, public: str = "tous", effectif_min: int = 0) -> Tarif:
    return Tarif.model_validate(
        {"code": "heure", "annee": annee, "montant": "60.00", "public": public, "effectif_min": effectif_min}
    )


def test_the_most_precise_tariff_of_the_year_wins() -> None:
    known = [
        _for(2026),
        _for(2026, "affilie"),
        _for(2026, "affilie", 50),
        _for(2026, "affilie", 350),
        _for(2025, "affilie", 90),
    ]
    assert choose_tarif(known, "heure", 2026) == known[0]
    assert choose_tarif(known, "heure", 2026, affiliee=False, effectif=400) == known[0]
    assert choose_tarif(known, "heure", 2026, affiliee=True) == known[1]
    assert choose_tarif(known, "heure", 2026, affiliee=True, effectif=49) == known[1]
    assert choose_tarif(known, "heure", 2026, affiliee=True, effectif=50) == known[2]
    assert choose_tarif(known, "heure", 2026, affiliee=True, effectif=349) == known[2]
    assert choose_tarif(known, "heure", 2026, affiliee=True, effectif=5000) == known[3]


def test_affiliation_comes_before_the_band() -> None:
    known = [_for(2026, "affilie"), _for(2026, "tous", 50), _for(2026)]
    assert choose_tarif(known, "heure", 2026, affiliee=True, effectif=400) == known[0]
    assert choose_tarif(known, "heure", 2026, affiliee=False, effectif=400) == known[1]


def _priced(montant: str, public: str = "tous", effectif_min: int = 0) -> Tarif:
    return _for(2026, public, effectif_min).model_copy(update={"montant": Decimal(montant)})


@pytest.mark.parametrize(
    ("known", "affiliee", "effectif", "missing"),
    [
        ([_priced("60")], None, None, []),
        ([_priced("60"), _priced("75", "non_affilie")], None, 10, ["affiliee"]),
        ([_priced("60"), _priced("75", "non_affilie")], True, None, []),
        ([_priced("60"), _priced("60", "non_affilie")], None, None, []),
        ([_priced("60"), _priced("50", "tous", 350)], None, None, ["effectif"]),
        ([_priced("60"), _priced("50", "tous", 350)], True, 20, []),
        ([_priced("60"), _priced("50", "affilie", 350)], None, None, ["affiliee", "effectif"]),
        ([_priced("60"), _priced("50", "affilie", 350)], False, None, []),
        ([_priced("60"), _priced("50", "affilie", 350)], None, 20, []),
    ],
)
def test_what_is_not_known_is_told_when_it_would_change_the_price(
    known: list[Tarif], affiliee: bool | None, effectif: int | None, missing: list[str]
) -> None:
    answers: dict[str, Any] = {"affiliee": affiliee, "effectif": effectif}
    chosen = choose_tarif(known, "heure", 2026, **answers)
    assert list_unknown(known, "heure", 2026, **answers) == missing
    for tell in (warn_unknown, tell_unknown):
        told = tell(known, [chosen], 2026, **answers)
        assert (told is not None) == bool(missing)
        assert told is None or ("affiliation" in told, "nombre d’agents" in told) == (
            "affiliee" in missing,
            "effectif" in missing,
        )


def test_what_is_not_known_is_worded_for_each_side() -> None:
    known = [_priced("60"), _priced("75", "non_affilie")]
    assert warn_unknown(known, known[:1], 2026, affiliee=None, effectif=3) == (
        "Le tarif dépend de l’affiliation de la collectivité au centre, qui n’est pas indiquée :"
        " vérifiez le tarif retenu (heure d’intervention : 60,00\u00a0€)."
    )
    assert tell_unknown(known, known[:1], 2026, affiliee=None, effectif=3) == (
        "Le tarif dépend de l’affiliation de la collectivité au centre, qui n’est pas indiquée :"
        " le montant peut changer. Le centre vous le confirmera."
    )


def test_a_year_comes_before_precision() -> None:
    known = [_for(2025, "affilie"), _for(2026)]
    assert choose_tarif(known, "heure", 2026, affiliee=True) == known[1]


def test_what_is_not_known_picks_no_tariff_that_asks() -> None:
    known = [_for(2026, "affilie"), _for(2026, "non_affilie", 50)]
    with pytest.raises(TarifAbsent, match="affiliée au centre et son nombre d’agents"):
        choose_tarif(known, "heure", 2026)
    with pytest.raises(TarifAbsent, match="Aucun tarif enregistré ne convient"):
        choose_tarif(known, "heure", 2026, affiliee=False, effectif=10)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("  - {code: heure, annee: 2026, montant: 60}\n  - {code: heure, annee: 2026, montant: 61}", "deux fois"),
        (
            "  - {code: heure, annee: 2026, montant: 60, deliberation: {numero: a, date: 2026-01-15}}",
            "1er janvier suivant",
        ),
        ("  - {code: heure, annee: 2026, montant: -1}", "montant"),
        ("  - {code: heure, annee: 2026, montant: 57.555}", "montant"),
        ("  - {code: heure, annee: 2026, montant: 10000000000}", "montant"),
        ("  - {code: heure, annee: 2026, montant: 60, public: voisins}", "public"),
    ],
)
def test_a_file_of_tariffs_that_cannot_be_used_says_why(tmp_path: Path, lines: str, reason: str) -> None:
    path = tmp_path / "tarifs.yaml"
    path.write_text(f"tarifs:\n{lines}\n", "utf-8")
    with pytest.raises(DefinitionError, match=reason):
        load_tarifs(path)


def test_a_file_of_tariffs_may_tell_affiliation_and_bands(tmp_path: Path) -> None:
    path = tmp_path / "tarifs.yaml"
    path.write_text(
        "tarifs:\n  - {code: heure, annee: 2026, montant: 60}\n"
        "  - {code: heure, annee: 2026, montant: 50, public: affilie, effectif_min: 350}\n",
        "utf-8",
    )
    assert choose_tarif(load_tarifs(path), "heure", 2026, affiliee=True, effectif=350).montant == 50
