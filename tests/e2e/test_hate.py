"""A clerk in a hurry: fields typed and a step link clicked faster than the portal saves. Nothing that was sent is lost."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.protocol import Client
from domain.roles import Role
from models import Reponse
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
"""Seconds between two fields: about what a save takes, on either side of it."""
QUIET = 2.0


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    return serveur.make_monde("Hâte", "219400579")


async def _send(client: Client, fragment: str = "") -> None:
    message = BackMsg()
    request = message.rerun_script
    request.query_string, request.page_name, request.fragment_id = client.query, client.page, fragment
    for ident, (kind, value) in client.states.items():
        state = request.widget_states.widgets.add()
        state.id = ident
        setattr(state, kind, value)
    await client._socket.send(message.SerializeToString())


async def _hurry(port: int, dossier: UUID, cookie: str, pause: float) -> None:
    client = Client(port, "dossier", f"id={dossier}&etape=referent", cookie)
    await client.open()
    for label, value in TYPED.items():
        ident = client.widgets[label]
        client.states[ident] = ("string_value", value)
        await _send(client, client.fragments.get(ident, ""))
        await asyncio.sleep(pause)
    client.query = f"id={dossier}&etape=besoin"
    client.states.clear()  # a browser sends nothing more of the fields that it leaves
    await _send(client)
    try:
        while True:
            await asyncio.wait_for(client._socket.recv(), QUIET)
    except TimeoutError:
        await client.close()


@pytest.mark.parametrize("pause", PAUSES)
def test_fields_typed_in_a_hurry_are_all_kept(serveur: Serveur, monde: Monde, pause: float) -> None:
    clerk = monde.gens[Role.GESTIONNAIRE]
    cookie = f"{cookie_name(serveur.portail)}={serveur.open_session(clerk.courriel)}"
    dossier = dossiers.create_dossier(
        serveur.portail,
        clerk,
        collectivite_id=monde.collectivite_id,
        offre_version_id=serveur.offre.id,
        operation_id=f"hate-{pause}",
    )
    asyncio.run(_hurry(urlsplit(serveur.url).port or 0, dossier, cookie, pause))
    with serveur.portail.db.read() as session:
        query = select(Reponse.champ, Reponse.valeur).where(Reponse.dossier_id == dossier)
        kept = {champ: valeur for champ, valeur in session.execute(query) if champ.startswith("referent.")}
    assert sorted(kept.values()) == sorted(TYPED.values())
