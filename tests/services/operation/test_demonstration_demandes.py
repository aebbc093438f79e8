"""What the demonstration's conventions ask for is asked through the services, and stands where the file says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from domain.roles import Role
from models import Avenant, Collectivite, Convention, CourrierTarif, Dossier, Utilisateur
from services.archives.conservation import list_due
from services.core import clock
from services.core.portail import Portail
from services.facturation import exercices
from services.operation import demonstration
from services.operation.demonstration_demandes import add_changements
from services.operation.demonstration_vie import add_vote, age_dossiers
from services.vie.courrier_views import open_letters
from services.vie.fil import open_life
from tests.conventions import examine_here, make_convention
from tests.factories import Monde, make_collectivite, make_dossier, make_monde, make_user

TODAY = date(2026, 11, 22)


@pytest.fixture
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(demonstration.DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def monde(make_portail: Any, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    portail: Portail = make_portail("sqlite")
    return make_monde(portail, gabarits=True)


def test_each_request_stands_where_the_file_says(monde: Monde, content: dict[str, Any]) -> None:
    portail, described = monde.portail, content["service"]["changements"]
    made = {}
    for siren in dict.fromkeys(one["siren"] for one in described):
        place = make_collectivite(portail, f"Commune {siren}", siren)
        world = Monde(portail, monde.centre_id, monde.version_id, place, monde.gens)
        made[siren] = make_convention(portail, world, "en_vigueur", date_effet=date(2024, 1, 1))
        _give_account(portail, world, next(one["de"] for one in described if one["siren"] == siren))
    with clock.pretend(TODAY):
        add_changements(portail, monde.gens, monde.centre_id, described, TODAY)
        life = open_life(portail, monde[Role.RESPONSABLE], made["219400819"])
    with portail.db.read() as session:
        signed, waiting = session.scalars(select(Avenant).order_by(Avenant.numero)).all()
        assert (signed.etat, signed.quotite, signed.date_effet) == ("en_vigueur", 65, date(2025, 9, 1))
        assert (waiting.etat, waiting.quotite, waiting.date_effet) == ("a_signer", 70, date(2027, 1, 1))
        requests = select(Dossier.nature, Dossier.etat).where(Dossier.nature.in_(("referent", "horaires")))
        assert set(session.execute(requests)) == {("referent", "enregistre"), ("horaires", "depose")}
        vitry = session.get_one(Convention, made["219400819"]).numero
        assert [one for one in exercices.compare(session) if one.convention == vitry] == []
    assert [one.le for one in life.maillons if one.applique] == [
        date(2024, 1, 1),
        date(2025, 9, 1),
        date(2025, 11, 17),
    ]


def _give_account(portail: Portail, world: Monde, courriel: str) -> None:
    """The file's clerk of a collectivité."""
    made = make_user(portail, Role.GESTIONNAIRE, collectivite=world.collectivite_id)
    with portail.db.write() as session:
        session.get_one(Utilisateur, made).courriel = courriel


def test_letters_of_next_year_are_made_for_the_first_conventions_only(monde: Monde, content: dict[str, Any]) -> None:
    portail, responsable = monde.portail, monde[Role.RESPONSABLE]
    first = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 11, 1))
    with clock.pretend(TODAY):
        add_vote(portail, responsable, monde.centre_id, content["vote"], TODAY)
        place = make_collectivite(portail, "Commune de la suite", "219400819")
        world = Monde(portail, monde.centre_id, monde.version_id, place, monde.gens)
        make_convention(portail, world, "en_vigueur", date_effet=date(2024, 1, 1))
        view = open_letters(portail, responsable, monde.centre_id)
    assert view.annee == 2027
    assert sorted(row.piece is not None for row in view.lignes) == [False, True]
    with portail.db.read() as session:
        assert set(session.scalars(select(CourrierTarif.convention_id))) == {first}
        assert session.get_one(Convention, first).etat == "en_vigueur"


def test_an_old_request_is_due_for_elimination(monde: Monde) -> None:
    portail = monde.portail
    make_dossier(portail, monde, "refuse")
    with portail.db.read() as session:
        siren = session.get_one(Collectivite, monde.collectivite_id).siren
    with clock.pretend(TODAY):
        assert list_due(portail, monde[Role.RESPONSABLE], monde.centre_id).rows == ()
        age_dossiers(portail, siren, date(2015, 11, 1))
        (due,) = list_due(portail, monde[Role.RESPONSABLE], monde.centre_id).rows
    assert (due.nature, due.fin, due.blocages) == ("dossier", date(2015, 11, 1), ())
