"""Hours as an operator checks, rebuilds, imports and exports them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete

from documents.tables.lecture import read_table
from models import Affectation, Centre, Collectivite, Convention, Cumul, Dossier, OffreVersion, Utilisateur
from services.core.database import Database
from services.core.settings import database_url
from tests.cli.conftest import Run

TITLES = "Date;SIREN;Durée;Catégorie;Origine;Lieu;Assistant"
LINE = "11/03/2024;219400223;1h30;Accueil;Agent;Centre;anais@example.org"
CENTRE = "cig-petite-couronne"


@pytest.fixture
def database(installed: Run, tmp_path: Path) -> Database:
    """An installation with an assistant assigned to a convention."""
    database = Database(database_url(None, tmp_path / "var"))
    with database.write() as session:
        version = session.query(OffreVersion).filter_by(code="service-social-travail").one()
        centre = session.get_one(Centre, version.centre_id)
        body = Collectivite(nom="Exemple", siren="219400223", type="commune")
        person = Utilisateur(courriel="anais@example.org", prenom="Anaïs", nom="Exemple")
        session.add_all([body, person])
        session.flush()
        dossier = Dossier(
            reference="T-1", etat="emis", centre_id=centre.id, collectivite_id=body.id, offre_version_id=version.id
        )
        session.add(dossier)
        session.flush()
        convention = Convention(
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
            sha256="0" * 64,
            manifeste={},
        )
        session.add(convention)
        session.flush()
        session.add(
            Affectation(centre_id=centre.id, convention_id=convention.id, assistant_id=person.id, du=date(2023, 1, 1))
        )
    return database


def test_hours_in_and_out_with_their_rollup(run: Run, tmp_path: Path, database: Database) -> None:
    source, target = tmp_path / "mars.csv", tmp_path / "heures.xlsx"
    source.write_text(f"{TITLES}\n{LINE}\n", encoding="utf-8")
    tried = run("heures", "importer", source, "--centre", CENTRE, "--essai")
    assert tried.exit_code == 0 and "rien n’est enregistré : 1 ligne(s), 90 minutes" in tried.stdout
    done = run("heures", "importer", source, "--centre", CENTRE, "--json")
    assert json.loads(done.stdout) == {"lignes": 1, "minutes": 90, "identiques": 0, "enregistrees": 1, "erreurs": []}
    again = run("heures", "importer", source, "--centre", CENTRE)
    assert again.exit_code == 1 and "déjà été importées" in again.stderr
    assert run("heures", "exporter", "--centre", CENTRE, "--sortie", target, "--du", "2024-01-01").exit_code == 0
    assert len(read_table(target.read_bytes())) == 2
    assert run("heures", "cumuls", "verifier").exit_code == 0
    with database.write() as session:
        session.execute(delete(Cumul).where(Cumul.dimension == "lieu"))
    wrong = run("heures", "cumuls", "verifier", "--json")
    assert wrong.exit_code == 1 and "reconstruire" in wrong.stderr
    (one,) = json.loads(wrong.stdout)["differences"]
    assert (one["dimension"], one["minutes"], one["minutes_recomptees"]) == ("lieu", 0, 90)
    assert json.loads(run("heures", "cumuls", "reconstruire", "--json").stdout) == {"lignes": 5}
    assert json.loads(run("heures", "cumuls", "verifier", "--json").stdout) == {"intacts": True, "differences": []}
    assert run("journal", "verifier").exit_code == 0


def test_lines_recorded_already_come_in_only_when_asked_for(run: Run, tmp_path: Path, database: Database) -> None:
    source, other = tmp_path / "mars.csv", LINE.replace("1h30", "2h")
    source.write_text(f"{TITLES}\n{LINE}\n", encoding="utf-8")
    assert run("heures", "importer", source, "--centre", CENTRE).exit_code == 0
    source.write_text(f"{TITLES}\n{other}\n{LINE}\n", encoding="utf-8")
    refused = run("heures", "importer", source, "--centre", CENTRE, "--json")
    assert refused.exit_code == 1 and "Ligne 3 : déjà enregistrée" in refused.stderr
    assert [one["rang"] for one in json.loads(refused.stdout)["erreurs"]] == [3]
    done = run("heures", "importer", source, "--centre", CENTRE, "--malgre-doublons", "--json")
    assert json.loads(done.stdout)["enregistrees"] == 2 and json.loads(done.stdout)["identiques"] == 1


def test_faults_are_listed_and_nothing_is_recorded(run: Run, tmp_path: Path, database: Database) -> None:
    source = tmp_path / "mars.csv"
    source.write_text(
        f"{TITLES}\n{LINE}\n{LINE.replace('1h30', '-5')}\n{LINE.replace('anais', 'x')}\n", encoding="cp1252"
    )
    refused = run("heures", "importer", source, "--centre", CENTRE, "--json")
    assert refused.exit_code == 1 and "Ligne 3, Durée" in refused.stderr and "Ligne 4, Assistant" in refused.stderr
    assert [one["rang"] for one in json.loads(refused.stdout)["erreurs"]] == [3, 4]
    assert run("heures", "importer", source, "--centre", "autre").exit_code == 1
    assert run("heures", "importer", tmp_path / "absent.csv", "--centre", CENTRE).exit_code == 1
    assert run("heures", "exporter", "--centre", CENTRE, "--sortie", tmp_path / "h.exe").exit_code == 1
    assert run("heures", "exporter", "--centre", CENTRE).exit_code == 2
    with database.read() as session:
        assert session.query(Cumul).count() == 0
