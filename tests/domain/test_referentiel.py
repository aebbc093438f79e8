"""The national list: what people type finds what they mean."""

from __future__ import annotations

import pytest
from stdnum.fr import siren

from domain.referentiel import Collectivite, Referentiel


def test_the_list_is_whole_and_its_numbers_are_right(referentiel: Referentiel) -> None:
    assert len(referentiel) == 36_141
    assert len({one.siren for one in referentiel.records}) == 36_141
    assert all(siren.is_valid(one.siren) for one in referentiel.records[::50])


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("choisy le roi", "Choisy-le-Roi"),
        ("CHOISY-LE-R", "Choisy-le-Roi"),
        ("roi choisy", "Choisy-le-Roi"),
        ("94600", "Choisy-le-Roi"),
        ("219 400 223", "Choisy-le-Roi"),
        ("94022", "Choisy-le-Roi"),
        ("2a004", "Ajaccio"),
        ("L’Haÿ", "L'Haÿ-les-Roses"),
        ("lhay", "L'Haÿ-les-Roses"),
        ("kremlin bicetre", "Le Kremlin-Bicêtre"),
        ("St-Ouen-sur", "Saint-Ouen-sur-Seine"),
        ("est ensemble", "Est Ensemble"),
        ("ajoupa", "L'Ajoupa-Bouillon"),
        ("choisy", "Choisy"),
        ("paris", "Paris"),
    ],
)
def test_search(referentiel: Referentiel, query: str, first: str) -> None:
    assert referentiel.search(query)[0].nom == first


def test_exact_name_then_beginning_then_population(referentiel: Referentiel) -> None:
    names = [one.nom for one in referentiel.search("choisy", limit=3)]
    assert names == ["Choisy", "Choisy-le-Roi", "Choisy-au-Bac"]


def test_departement_filters_and_prefer_only_orders(referentiel: Referentiel) -> None:
    assert {one.departement for one in referentiel.search("saint", departement="94")} == {"94"}
    plain, preferred = referentiel.search("saint denis"), referentiel.search("saint denis", prefer=("93",))
    assert (plain[0].departement, preferred[0].departement) == ("974", "93")


@pytest.mark.parametrize("query", ["", "   ", "zzzzzz", "'; drop table", "{{ }}", "\x00", "é" * 10_000, "☃"])
def test_nothing_is_found_for_nothing(referentiel: Referentiel, query: str) -> None:
    assert referentiel.search(query) == []


def test_limit(referentiel: Referentiel) -> None:
    assert len(referentiel.search("s")) == 12
    assert len(referentiel.search("s", limit=3)) == 3


def test_a_record_reads_and_fills() -> None:
    one = Collectivite("219400223", "Choisy-le-Roi", "commune", "94022", "94", ("94600",), 44_000)
    assert one.libelle == "Choisy-le-Roi (94600) – commune"
    assert one.values()["adresse"] == {"code_postal": "94600", "ville": "Choisy-le-Roi"}
    many = Collectivite("200054781", "Métropole du Grand Paris", "metropole", "", "94", (), 7_000_000)
    assert many.libelle == "Métropole du Grand Paris (94) – métropole"
    assert many.values()["adresse"] is None and many.values()["code_insee"] is None


def test_get(referentiel: Referentiel) -> None:
    found = referentiel.get("219400223")
    assert found is not None and found.nom == "Choisy-le-Roi"
    assert referentiel.get("219400224") is None
