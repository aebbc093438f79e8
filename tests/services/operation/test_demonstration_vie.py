"""The letters of the demonstration do what letters do, and one whose day is to come is left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from services.operation import demonstration
from services.operation.demonstration_vie import add_fins
from services.vie.demeure_views import open_demeures
from tests.conventions import make_convention, read_convention
from tests.factories import Monde, make_collectivite

TODAY = date(2026, 11, 22)


@pytest.fixture
def fins() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(demonstration.DATA.read_text(encoding="utf-8"))["fins"]
    return found


def test_one_ends_and_another_is_under_formal_notice(monde_sqlite: Monde, fins: list[dict[str, Any]]) -> None:
    portail, made = monde_sqlite.portail, {}
    for one in fins:
        place = make_collectivite(portail, f"Commune {one['siren']}", one["siren"])
        world = Monde(portail, monde_sqlite.centre_id, monde_sqlite.version_id, place, monde_sqlite.gens)
        made["demeure" if "demeure" in one else "denonciation"] = make_convention(
            portail, world, "en_vigueur", date_effet=date(2024, 1, 1)
        )
    args = (portail, monde_sqlite.responsable, monde_sqlite.centre_id, fins)
    add_fins(*args, date(2026, 2, 1))
    assert read_convention(portail, made["denonciation"]).etat == "en_vigueur"  # September is to come
    row = open_demeures(portail, monde_sqlite.responsable, made["demeure"]).demeures[0]
    assert row.etat == "envoyee" and row.echeance is not None and row.echeance > date(2026, 2, 1)
    add_fins(*args, TODAY)
    ended = read_convention(portail, made["denonciation"])
    assert (ended.etat, ended.fin) == ("denoncee", date(2026, 12, 31))
    assert read_convention(portail, made["demeure"]).etat == "en_demeure"
