"""Amounts that documents and screens show, for every way of billing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from documents.contexts.montants import build_montants
from domain.offer import Facturation, Offer
from domain.tarifs import Tarif
from tests.factories import cig_offer

JULY = date(2026, 7, 1)


def _offer(mode: str, tarif: str = "unite", *, degrade: bool = False) -> Offer:
    billing: dict[str, Any] = {"mode": mode, "tarif": tarif, "champ": "besoin.quantite"}
    if degrade:
        billing["service_degrade"] = {"tarif": "heure"}
    return cig_offer().model_copy(update={"facturation": Facturation.model_validate(billing)})


def _tree(quantite: object, **collectivite: object) -> dict[str, Any]:
    besoin = {"quantite": quantite, "date_effet": JULY, "date_debut_prestations": JULY}
    return {"besoin": besoin, "collectivite": collectivite}


def _tarif(montant: str, code: str = "unite", annee: int = 2026, **more: object) -> Tarif:
    return Tarif.model_validate({"code": code, "annee": annee, "montant": montant, **more})


@pytest.mark.parametrize(
    ("mode", "quantite", "prix", "annuel", "du"),
    [
        ("horaire", 2400, "60", "2400.00", "1210.00"),
        ("demi_journee", 5, "147", "735.00", "735.00"),
        ("forfait", 2, "645", "1290.00", "1290.00"),
        ("par_agent", 100, "12", "1200.00", "604.93"),
        ("quotite", Decimal("47.70"), "67980", "32426.46", "16346.49"),
    ],
)
def test_every_way_of_billing(mode: str, quantite: object, prix: str, annuel: str, du: str) -> None:
    montants, warnings = build_montants(_offer(mode), _tree(quantite), [_tarif(prix)])
    assert (str(montants["annuel"]), str(montants["premiere_annee"]["du"])) == (annuel, du)
    assert warnings == []
    assert montants["etapes"]
    filled = {name for name in ("quotite", "horaire", "unites") if montants[name] is not None}
    assert filled == {{"quotite": "quotite", "horaire": "horaire"}.get(mode, "unites")}
    assert bool(montants["echeancier"]) == (mode == "quotite")


def test_hours_are_a_budget() -> None:
    montants, _ = build_montants(_offer("horaire", "heure"), _tree(2400), [_tarif("60", "heure")])
    assert montants["horaire"] == {
        "minutes_prevues": 2400,
        "minutes_premiere_annee": 1210,
        "taux": Decimal("60.00"),
        "unite_minutes": 1,
        "minimum_minutes": 0,
    }
    assert montants["heures"] == {"minutes": 2400}
    assert montants["tarif_horaire"] == montants["tarif"]


def test_a_quote_and_the_contribution_need_no_tariff() -> None:
    quote, warnings = build_montants(_offer("devis"), _tree(Decimal("987.65")), [])
    assert (quote["annuel"], quote["premiere_annee"]["du"], warnings) == (Decimal("987.65"), Decimal("987.65"), [])
    free, warnings = build_montants(_offer("cotisation"), _tree(None), [])
    assert (free["annuel"], free["premiere_annee"]["du"], warnings) == (Decimal("0.00"), Decimal("0.00"), [])
    assert "compris dans la cotisation" in free["etapes"][0]


@pytest.mark.parametrize("mode", ["quotite", "horaire", "forfait", "par_agent"])
def test_what_is_missing_stays_blank(mode: str) -> None:
    nothing, _ = build_montants(_offer(mode, degrade=True), _tree(None), [_tarif("60"), _tarif("57", "heure")])
    assert nothing["annuel"] is None and nothing["etapes"] == []
    without, warnings = build_montants(_offer(mode, degrade=True), _tree(50), [])
    assert without["annuel"] is None and without["tarif"]["montant"] is None
    assert len(warnings) == 1 and "Aucun tarif" in warnings[0]
    undated = _tree(50) | {"besoin": {"quantite": 50}}
    found, _ = build_montants(_offer(mode), undated, [_tarif("60")])
    assert found["annuel"] is not None and found["premiere_annee"]["du"] is None


def test_the_collectivite_chooses_its_tariff() -> None:
    known = [
        _tarif("60"),
        _tarif("50", public="affilie"),
        _tarif("45", public="affilie", effectif_min=350),
        _tarif("70", public="non_affilie"),
    ]
    prices = [
        build_montants(_offer("forfait"), _tree(1, **answers), known)[0]["annuel"]
        for answers in ({}, {"affilie": True, "effectif": 20}, {"affilie": True, "effectif": 350}, {"affilie": False})
    ]
    assert prices == [Decimal(60), Decimal(50), Decimal(45), Decimal(70)]
    blank, warnings = build_montants(_offer("forfait"), _tree(1), known[1:])
    assert blank["annuel"] is None and "affiliée" in warnings[0]


def test_what_is_not_answered_and_changes_the_price_is_told() -> None:
    known = [_tarif("60"), _tarif("50", effectif_min=350), _tarif("70", public="non_affilie")]
    _, (told,) = build_montants(_offer("forfait"), _tree(1), known)
    assert "affiliation" in told and "nombre d’agents" in told
    assert build_montants(_offer("forfait"), _tree(1, affilie=True, effectif=20), known)[1] == []


def test_tariff_of_another_year_is_told() -> None:
    _, warnings = build_montants(_offer("forfait"), _tree(1), [_tarif("60", annee=2025)])
    assert len(warnings) == 1 and "Aucun tarif 2026" in warnings[0]
