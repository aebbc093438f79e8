"""The demonstration's simulations are those of the file, saved by their authors, readable by their side."""

from __future__ import annotations

from datetime import date

import yaml

from models import Centre, Utilisateur
from services.core.portail import Portail
from services.operation.demonstration import DATA
from services.operation.demonstration_scenarios import add_scenarios
from services.pilotage import scenarios
from services.pilotage.parametres import read_parametres
from services.pilotage.simulations import simulate
from tests.factories import OFFRE, make_dossier, make_monde
from tests.services.pilotage.test_simulations import make_cadre


def test_every_scenario_of_the_file_is_saved_and_can_be_computed(portail: Portail) -> None:
    described = yaml.safe_load(DATA.read_text(encoding="utf-8"))["scenarios"]
    monde = make_monde(portail)
    make_dossier(portail, monde, complet=False)
    with portail.db.write() as session:
        for role in ("direction", "responsable"):
            session.get_one(Utilisateur, monde[role].utilisateur_id).courriel = f"{role}@example.org"
    with portail.db.read() as session:
        centre = session.get_one(Centre, monde.centre_id)
    add_scenarios(portail, centre, OFFRE, described, date(2026, 11, 22))
    for role in ("direction", "responsable"):
        rows = scenarios.list_scenarios(portail, monde[role])
        assert {row.nom for row in rows} == {one["nom"] for one in described if one["de"].startswith(role)}
        assert {row.texts["effet"] for row in rows} == {"2027-01-01"}
        assert len(rows) >= 2  # enough to compare
        for row in rows:
            assert simulate(make_cadre(), read_parametres(row.texts)).retenue.total
