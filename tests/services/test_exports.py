"""What every export makes of an address that nobody proposed: its file, or a message."""

from __future__ import annotations

import pytest

from domain.errors import Invalide, PortailError
from domain.roles import Role
from services.exports import PRODUCERS, produce
from tests.factories import Monde

HOSTILE = [
    "020261",
    "9999",
    "0000",
    "9999-12-31",
    "99999999999999999999",
    "-1",
    "²",
    "1e5",
    "NaN",
    "%",
    "'",
    "é" * 5000,
    "\u202e",
    "a\n b",
]
NAMES = (
    *(
        "centre",
        "assistant",
        "convention",
        "collectivite",
        "id",
        "ids",
        "comparer",
        "scenario",
        "offre",
        "etat",
        "tableau",
    ),
    *(
        "annee",
        "exercice",
        "trimestre",
        "du",
        "au",
        "texte",
        "alerte",
        "par",
        "format",
        "titre",
        "effet",
        "page",
        "t_page",
    ),
)


@pytest.mark.parametrize("nom", sorted(PRODUCERS))
def test_an_address_gives_a_file_or_a_message(monde: Monde, nom: str) -> None:
    usual = {"centre": str(monde.centre_id), "annee": "2024", "tableau": "heures-mois"}
    for value in HOSTILE:
        for given in (dict.fromkeys(NAMES, value), {**dict.fromkeys(NAMES, value), **usual}):
            ask(monde, nom, given)
    for name in NAMES:
        for value in ("020261", "9999-12-31"):
            ask(monde, nom, {**usual, name: value})


def ask(monde: Monde, nom: str, given: dict[str, str]) -> None:
    """The file or the message; any other exception is a fault of the producer."""
    try:
        made = produce(monde.portail, monde[Role.RESPONSABLE], nom, given)
        assert made.data or made.flux
    except PortailError as refused:
        assert refused.message


@pytest.mark.parametrize("value", ["\x00", "cig\x00", "\x07", "\ud800"])
@pytest.mark.parametrize("nom", sorted(PRODUCERS))
def test_unreadable_signs_are_refused(monde_sqlite: Monde, nom: str, value: str) -> None:
    with pytest.raises(Invalide, match="illisibles"):
        produce(monde_sqlite.portail, monde_sqlite[Role.RESPONSABLE], nom, {"etat": value})
