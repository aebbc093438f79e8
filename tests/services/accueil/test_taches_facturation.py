"""What the home page asks about statements, and of whom."""

from __future__ import annotations

from datetime import date

from domain.roles import Role
from services.accueil.taches_facturation import list_decomptes_taches
from services.core import clock
from services.facturation import decomptes, exercices
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, close_until, drafts, prepare
from tests.factories import Monde


def told(monde: Monde, role: Role, day: date = date(2023, 4, 5)) -> list[str]:
    with clock.pretend(day), monde.portail.db.read() as session:
        return [one.titre for one in list_decomptes_taches(session, monde.gens[role])]


def test_a_quarter_over_is_prepared_then_checked_then_issued(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    assert told(monde_sqlite, Role.RESPONSABLE) == []
    convention_id = make_convention(portail, monde_sqlite, "en_vigueur", date_effet=date(2023, 1, 1))
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    add_tarifs(portail, monde_sqlite.centre_id, 2023)
    close_until(portail, monde_sqlite.centre_id, 2023, 12)
    for role in (Role.RESPONSABLE, Role.INSTRUCTEUR):
        assert told(monde_sqlite, role) == ["Préparer les décomptes du 1er trimestre 2023"]
    assert told(monde_sqlite, Role.RESPONSABLE, date(2023, 6, 30)) == []
    prepare(portail, monde_sqlite, 2023, 1)
    assert told(monde_sqlite, Role.INSTRUCTEUR) == ["1 décompte à vérifier"]
    decomptes.check(portail, monde_sqlite.gens[Role.INSTRUCTEUR], drafts(portail, convention_id)[0].id)
    assert told(monde_sqlite, Role.INSTRUCTEUR) == []
    assert told(monde_sqlite, Role.RESPONSABLE) == ["1 décompte à émettre"]
    for role in set(Role) - {Role.RESPONSABLE, Role.INSTRUCTEUR}:
        assert told(monde_sqlite, role) == []
