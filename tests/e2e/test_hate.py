"""Fields left faster than a busy portal saves them, then a link followed at once: nothing of what was sent is lost, and nothing
that came before is saved over what came after. A browser cannot be made to hurry this exactly; this speaks its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import func, select

from benchmarks.protocol import Client
from domain.roles import Role
from models import Dossier, Reponse
from services.adhesion import dossiers
from services.comptes.sessions import cookie_name
from tests.e2e.serveur import Serveur
from tests.factories import Monde

TYPED = {
    "Prénom": "Dominique",
    "Nom": "Modèle",
    "Fonction": "responsable des ressources humaines",
    "Téléphone": "01 23 45 67 89",
    "Adresse électronique": "referent@example.org",
}
PAUSES = (0.0, 0.003, 0.01, 0.02, 0.04)
"""Seconds between two gestures: about what a save takes, on either side of it."""
QUIET = 1.0
CHECKLIST, POINTS = "locaux.equipements", 17


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    return serveur.make_monde("Hâte", "219400579")


@pytest.fixture
def dossier(serveur: Serveur, monde: Monde, request: pytest.FixtureRequest) -> UUID:
    clerk = monde.gens[Role.GESTIONNAIRE]
    return dossiers.create_dossier(
        serveur.portail,
        clerk,
        collectivite_id=monde.collectivite_id,
        offre_version_id=serveur.offre.id,
        operation_id=request.node.name,
    )


def open_step(serveur: Serveur, monde: Monde, dossier: UUID, etape: str) -> Client:
    """A clerk's browser, at a step of the form."""
    cookie = serveur.open_session(monde.gens[Role.GESTIONNAIRE].courriel)
    port = urlsplit(serveur.url).port or 0
    return Client(port, "dossier", f"id={dossier}&etape={etape}", f"{cookie_name(serveur.portail)}={cookie}")


def saved(serveur: Serveur, dossier: UUID) -> dict[str, Any]:
    """What the dossier holds, by field."""
    with serveur.portail.db.read() as session:
        query = select(Reponse.champ, Reponse.valeur).where(Reponse.dossier_id == dossier)
        return {row.champ: row.valeur for row in session.execute(query)}


def run(gestures: Coroutine[Any, Any, None]) -> None:
    """Beside this thread, where Playwright keeps its loop."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, gestures).result()


async def leave(client: Client, dossier: UUID) -> None:
    """Follow the link to another step. A browser sends nothing more of the fields that it leaves."""
    client.query = f"id={dossier}&etape=besoin"
    client.states.clear()
    await client.send()
    await client.drain(QUIET)
    await client.close()


@pytest.mark.parametrize("pause", PAUSES)
def test_fields_typed_in_a_hurry_are_all_kept(serveur: Serveur, monde: Monde, dossier: UUID, pause: float) -> None:
    client = open_step(serveur, monde, dossier, "referent")

    async def hurry() -> None:
        await client.open()
        for label, value in TYPED.items():
            ident = client.widgets[label]
            client.states[ident] = ("string_value", value)
            await client.send(client.fragments[ident])
            await asyncio.sleep(pause)
        await leave(client, dossier)

    run(hurry())
    kept = [valeur for champ, valeur in saved(serveur, dossier).items() if champ.startswith("referent.")]
    assert sorted(kept) == sorted(TYPED.values())


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("seen", [True, False], ids=["seen", "at once"])
def test_a_list_ticked_by_one_button_stays_ticked(
    serveur: Serveur, monde: Monde, dossier: UUID, pause: float, seen: bool
) -> None:
    """The request of the click still holds the boxes as they were."""
    client = open_step(serveur, monde, dossier, "locaux")

    async def hurry() -> None:
        await client.open()
        await (client.click if seen else client.press)("Tout cocher")
        await asyncio.sleep(pause)
        await leave(client, dossier)

    run(hurry())
    assert sum(saved(serveur, dossier)[CHECKLIST].values()) == POINTS


@pytest.mark.parametrize("pause", PAUSES)
def test_fields_typed_before_the_tab_is_closed_are_kept(
    serveur: Serveur, monde: Monde, dossier: UUID, pause: float
) -> None:
    """Closed, or loaded again: the conversation with the page ends while its last fields wait."""
    client = open_step(serveur, monde, dossier, "referent")

    async def hurry() -> None:
        await client.open()
        for label, value in TYPED.items():
            client.states[client.widgets[label]] = ("string_value", value)
            await client.send(client.fragments[client.widgets[label]])
        await asyncio.sleep(pause)
        await client.close()
        await asyncio.sleep(QUIET)

    run(hurry())
    kept = [valeur for champ, valeur in saved(serveur, dossier).items() if champ.startswith("referent.")]
    assert sorted(kept) == sorted(TYPED.values())


def test_a_box_ticked_before_the_list_is_seen_ticked_leaves_it_so(
    serveur: Serveur, monde: Monde, dossier: UUID
) -> None:
    client = open_step(serveur, monde, dossier, "locaux")

    async def hurry() -> None:
        await client.open()
        await client.press("Tout cocher")
        ident = next(one for label, one in client.widgets.items() if client.states.get(one) == ("bool_value", False))
        client.states[ident] = ("bool_value", True)
        await client.send(client.fragments[ident])
        await client.drain(QUIET)
        await client.close()

    run(hurry())
    assert sum(saved(serveur, dossier)[CHECKLIST].values()) == POINTS


@pytest.mark.parametrize("pause", PAUSES)
def test_what_the_portal_filled_is_not_emptied_by_what_was_on_its_way(
    serveur: Serveur, monde: Monde, dossier: UUID, pause: float
) -> None:
    """A field left before the answer to the click has come says again that no box is ticked: with each field, a browser sends
    all that it shows."""
    client = open_step(serveur, monde, dossier, "locaux")

    async def hurry() -> None:
        await client.open()
        await client.press("Tout cocher")
        await asyncio.sleep(pause)
        ident = client.widgets["Téléphone du bureau"]
        client.states[ident] = ("string_value", "0123456780")
        await client.send(client.fragments[ident])
        await client.drain(QUIET)
        await client.close()

    run(hurry())
    found = saved(serveur, dossier)
    assert sum(found[CHECKLIST].values()) == POINTS
    assert found["locaux.telephone"] == "01 23 45 67 80"


@pytest.mark.parametrize("pause", [0.0, 0.06, 0.1, 0.15])
def test_a_slow_double_click_begins_one_dossier(serveur: Serveur, monde: Monde, pause: float) -> None:
    """The second click leaves a page that has not heard of the first, whose work may be done."""
    cookie = serveur.open_session(monde.gens[Role.GESTIONNAIRE].courriel)
    port = urlsplit(serveur.url).port or 0
    client = Client(port, "dossiers", "", f"{cookie_name(serveur.portail)}={cookie}")
    before = count_dossiers(serveur, monde)

    async def hurry() -> None:
        await client.open()
        (label,) = [one for one in client.widgets if one.startswith("Commencer")]
        await client.press(label)
        await asyncio.sleep(pause)
        await client.press(label)
        await client.drain(QUIET)
        await client.close()

    run(hurry())
    assert count_dossiers(serveur, monde) == before + 1


def count_dossiers(serveur: Serveur, monde: Monde) -> int:
    with serveur.portail.db.read() as session:
        query = select(func.count()).select_from(Dossier).where(Dossier.collectivite_id == monde.collectivite_id)
        return session.scalar(query) or 0
