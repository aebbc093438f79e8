"""The rollup of costs as an operator checks and rebuilds it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from models import Centre, Collectivite, Convention, Dossier, Exercice, OffreVersion
from services.core.database import Database
from services.core.settings import database_url
from tests.cli.conftest import Run


def _make_convention(database: Database) -> None:
    """A convention in force that nobody refreshed."""
    with database.write() as session:
        version = session.query(OffreVersion).filter_by(code="service-social-travail").one()
        centre = session.get_one(Centre, version.centre_id)
        body = Collectivite(nom="Exemple", siren="219400223", type="commune")
        session.add(body)
        session.flush()
        dossier = Dossier(
            reference="T-1", etat="emis", centre_id=centre.id, collectivite_id=body.id, offre_version_id=version.id
        )
        session.add(dossier)
        session.flush()
        session.add(
            Convention(
                centre_id=centre.id,
                collectivite_id=body.id,
                dossier_id=dossier.id,
                numero="2023-0001",
                annee=2023,
                rang=1,
                etat="en_vigueur",
                date_effet=date(2023, 1, 1),
                date_debut_prestations=date(2023, 1, 1),
                terme=date(2027, 12, 31),
                quotite=Decimal("47.70"),
                sha256="0" * 64,
                manifeste={},
            )
        )


def test_the_rollup_of_costs_is_checked_and_rebuilt(run: Run, tmp_path: Path) -> None:
    assert run("exercices", "verifier").exit_code == 1
    assert run("init").exit_code == 0
    assert "Les exercices correspondent au calcul." in run("exercices", "verifier").stdout
    database = Database(database_url(None, tmp_path / "var"))
    _make_convention(database)
    wrong = run("exercices", "verifier")
    assert wrong.exit_code == 1
    assert "Convention 2023-0001, 2023, ligne : absent gardé, présente attendu" in wrong.stdout
    assert "portail exercices reconstruire" in wrong.stderr
    assert json.loads(run("exercices", "verifier", "--json").stdout)["intacts"] is False
    assert json.loads(run("exercices", "reconstruire", "--json").stdout) == {"conventions": 1}
    assert json.loads(run("exercices", "verifier", "--json").stdout) == {"intacts": True, "ecarts": []}
    with database.read() as session:
        assert {row.montant_du for row in session.query(Exercice)} == {Decimal("32426.46")}
    database.dispose()
