"""What a year comes to when an end is decided around an avenant or the first services, for every way of billing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from domain.offer import Offer
from domain.tarification import Prorata
from domain.tarifs import Tarif
from models import Avenant, Convention
from services.facturation.annee_due import Contexte, compute_year
from tests.factories import cig_offer

D = Decimal
PRICES = {"temps_complet": "67980", "heure": "60", "agent": "100"}
BY_HOURS = {"mode": "horaire", "tarif": "heure"}
BY_AGENT = {"mode": "par_agent", "tarif": "agent", "champ": "agents"}
BY_PACKAGE = {**BY_AGENT, "mode": "forfait"}


def billed(**facturation: Any) -> Offer:
    offer = cig_offer()
    return offer.model_copy(update={"facturation": offer.facturation.model_copy(update=facturation)})


def convention(**changed: Any) -> Convention:
    january = date(2026, 1, 1)
    known = {"date_effet": january, "date_debut_prestations": january, "terme": date(2030, 12, 31), "fin": None}
    return Convention(id=uuid4(), dossier_id=uuid4(), affiliee=True, effectif=100, **(known | changed))


def avenant(effet: date, **quantity: Any) -> Avenant:
    return Avenant(id=uuid4(), dossier_id=uuid4(), date_effet=effet, rang=1, **quantity)


def due(
    offer: Offer, one: Convention, avenants: Sequence[Avenant] = (), agents: Mapping[Any, int] | None = None
) -> Decimal:
    tarifs = [Tarif(code=code, annee=2026, montant=D(price)) for code, price in PRICES.items()]
    reponses = {key: {"agents": number} for key, number in (agents or {}).items()}
    return compute_year(one, offer, Contexte(tarifs, {}, {one.id: avenants}, reponses), 2026).du


@pytest.mark.parametrize("facturation", [{}, BY_HOURS, BY_AGENT, BY_PACKAGE], ids=lambda one: one.get("mode", "part"))
def test_nothing_is_due_when_the_end_comes_before_the_first_services(facturation: dict[str, Any]) -> None:
    """Terminated while the office was still missing: not even one day."""
    ended = convention(
        date_debut_prestations=date(2026, 3, 1), fin=date(2026, 2, 15), quotite=D("47.70"), minutes_prevues=12000
    )
    assert due(billed(**facturation), ended, agents={ended.dossier_id: 100}) == 0


def test_nothing_is_due_past_an_end_that_comes_before_an_avenant() -> None:
    """243 days, not 273: the avenant that was to begin on 1 October never did."""
    october = date(2026, 10, 1)
    end: dict[str, Any] = {"fin": date(2026, 8, 31)}
    hours = convention(**end, minutes_prevues=12000)
    assert due(billed(**BY_HOURS), hours, [avenant(october, minutes_prevues=18000)]) == D("7989.00")
    agents, more = convention(**end), avenant(october)
    numbers = {agents.dossier_id: 100, more.dossier_id: 200}
    assert due(billed(**BY_AGENT), agents, [more], numbers) == D("6657.53")
    share = convention(**end, quotite=D("47.70"))
    assert due(billed(), share, [avenant(october, quotite=D("60"))]) == D("21588.03")


def test_agents_of_both_parts_are_rounded_once() -> None:
    """10 000 × 243/365 + 20 000 × 122/365 = 13 342,4657…, while the rounded parts make 13 342,46."""
    one, more = convention(), avenant(date(2026, 9, 1))
    assert due(billed(**BY_AGENT), one, [more], {one.dossier_id: 100, more.dossier_id: 200}) == D("13342.47")


@pytest.mark.parametrize(
    ("methode", "agents", "heures"),
    [(Prorata.MOIS_ENTAMES, "16000.00", "14000.00"), (Prorata.MOIS_PLEINS, "15000.00", "13500.00")],
)
def test_a_month_in_which_an_avenant_begins_counts_once(methode: Prorata, agents: str, heures: str) -> None:
    """From 15 September: 8 and 4 months when a month begun counts for the last quantity, else 9 and 3."""
    day = date(2026, 9, 15)
    one, more = convention(), avenant(day)
    numbers = {one.dossier_id: 120, more.dossier_id: 240}
    assert due(billed(**BY_AGENT, prorata=methode), one, [more], numbers) == D(agents)
    hours = convention(minutes_prevues=12000)
    assert due(billed(**BY_HOURS, prorata=methode), hours, [avenant(day, minutes_prevues=18000)]) == D(heures)
