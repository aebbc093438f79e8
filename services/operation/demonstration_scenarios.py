"""The simulations that people of the demonstration have kept: two by side, to compare at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from models import Centre, Collectivite, Utilisateur
from services.core.access import load_acteur
from services.core.portail import Portail
from services.operation.demonstration_activite import read_day
from services.pilotage.parametres import read_parametres
from services.pilotage.scenarios import save_scenario


def add_scenarios(
    portail: Portail, centre: Centre, offre: str, described: Iterable[Mapping[str, Any]], today: date
) -> None:
    """Save each one as its author (`de`, an address) would: `siren` says for which collectivité, else it is the centre's;
    `effet` is counted from today's year, everything else is what one types in the simulator."""
    for one in described:
        texts = {name: str(value) for name, value in one.items() if name not in ("de", "nom", "siren")}
        texts |= {"centre": centre.code, "offre": offre, "effet": read_day(one["effet"], today).isoformat()}
        with portail.db.read() as session:
            author = session.scalars(select(Utilisateur).where(Utilisateur.courriel == one["de"])).one()
            acteur = load_acteur(session, author, today)
            if "siren" in one:
                known = session.scalars(select(Collectivite.id).where(Collectivite.siren == one["siren"])).one()
                texts["collectivite"] = str(known)
        save_scenario(portail, acteur, one["nom"], read_parametres(texts), uuid4().hex)
