"""Hours left behind by an end that was decided afterwards: moved or taken away, by the responsable alone, never in a closed month."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Convention
from services.accueil.taches import list_taches
from services.activite import cumuls
from services.activite.verification import LignesEnConflit, LignesRefusees
from services.vie.heures_apres import Decision, HeureRow, open_late_hours, settle_late_hours
from tests.activite import assign, close_month
from tests.conventions import make_convention
from tests.factories import Monde, make_other_centre, make_stranger
from tests.heures import Service

LAST = date(2024, 2, 29)
DAYS = (date(2024, 2, 12), date(2024, 3, 11), date(2024, 3, 12), date(2024, 4, 8))


@pytest.fixture
def service(monde: Monde) -> Service:
    """Hours on four days of 2024, then an end on 29 February: three are left behind."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    service = Service(monde, convention_id)
    service.record(*(service.ligne(jour=one) for one in DAYS))
    with monde.portail.db.write() as session:
        one = session.get_one(Convention, convention_id)
        one.fin, one.fin_motif, one.etat = LAST, "resiliation", "resiliee"
    return service


def _late(service: Service) -> tuple[HeureRow, ...]:
    found = open_late_hours(service.portail, service.monde.responsable, service.convention_id)
    return found.lignes if found else ()


def _settle(service: Service, *decisions: Decision, operation: str = "") -> int:
    given = (service.portail, service.monde.responsable, service.convention_id, decisions)
    return settle_late_hours(*given, operation or uuid4().hex)


def _following(service: Service) -> UUID:
    """The convention that took over on 1 March."""
    return make_convention(service.portail, service.monde, "en_vigueur", date_effet=date(2024, 3, 1))


def test_each_is_moved_or_taken_away(service: Service) -> None:
    following = _following(service)
    first, second, third = _late(service)
    assert [one.jour for one in (first, second, third)] == list(DAYS[1:])
    assert [ident for ident, _ in first.vers] == [following]
    with pytest.raises(LignesRefusees, match="aucune affectation"):
        _settle(service, Decision(first.id, first.version, vers=following))
    assign(service.portail, service.monde, following)
    operation = uuid4().hex
    decisions = (
        Decision(first.id, first.version, vers=following),
        Decision(second.id, second.version, motif="double"),
    )
    assert _settle(service, *decisions, operation=operation) == 2
    assert _settle(service, *decisions, operation=operation) == 0  # a second click
    assert [row.id for row in _late(service)] == [third.id]
    assert [(row.jour, row.convention_id) for row in service.rows()] == [
        (DAYS[0], service.convention_id),
        (DAYS[1], following),
        (DAYS[3], service.convention_id),
    ]
    with service.portail.db.read() as session:
        assert cumuls.compare(session) == []
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "convention.regler_heures"))
    assert (event.details["deplacees"], event.details["retirees"], event.details["motifs"]) == (1, 1, {"double": 1})
    with pytest.raises(LignesRefusees, match="plus parmi les heures à régler"):
        _settle(service, decisions[0])


def test_what_is_wrong_changes_nothing(service: Service) -> None:
    (first, *_), elsewhere = _late(service), uuid4()
    for wrong in (
        (),
        (Decision(first.id, first.version),),
        (Decision(first.id, first.version, motif="inconnu"),),
        (Decision(first.id, first.version, vers=elsewhere, motif="double"),),
        (Decision(first.id, first.version, vers=elsewhere),),
    ):
        with pytest.raises(Invalide):
            _settle(service, *wrong)
    with pytest.raises(LignesEnConflit):
        settled = Decision(first.id, first.version + 1, motif="double")
        _settle(service, settled)
    assert len(service.rows()) == 4


def test_a_closed_month_keeps_its_hours(service: Service) -> None:
    following = _following(service)
    assign(service.portail, service.monde, following)
    close_month(service.portail, service.monde, 2024, 3)
    rows = _late(service)
    assert [row.clos for row in rows] == [False, True, True]
    for refused in (
        Decision(rows[1].id, rows[1].version, vers=following),
        Decision(rows[1].id, rows[1].version, motif="erreur"),
    ):
        with pytest.raises(LignesRefusees, match="mars 2024 est clos"):
            _settle(service, refused, Decision(rows[2].id, rows[2].version, motif="erreur"))
    assert len(service.rows()) == 4


def test_only_the_responsable_decides_and_is_told(service: Service) -> None:
    monde = service.monde
    (row, *_) = _late(service)
    others = [monde[role] for role in set(Role) - {Role.RESPONSABLE}]
    for who in (*others, make_stranger(service.portail), make_other_centre(service.portail)):
        with pytest.raises((Refus, Introuvable)):
            settle_late_hours(
                service.portail,
                who,
                service.convention_id,
                [Decision(row.id, row.version, motif="double")],
                uuid4().hex,
            )
    assert open_late_hours(service.portail, monde.gestionnaire, service.convention_id) is None

    def told() -> list[str]:
        found = list_taches(service.portail, monde.responsable)
        return [one.detail for one in found if one.groupe == "Heures après la fin"]

    assert len(told()) == 1 and told()[0].replace("\u00a0", " ").startswith(
        "4 h 30 enregistrées après le 29 février 2024"
    )
    for late in _late(service):
        _settle(service, Decision(late.id, late.version, motif="non_facturee"))
    assert told() == [] and _late(service) == ()


def test_those_that_can_be_settled_come_first(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many the closed months hold: nobody could reach the others."""
    close_month(service.portail, service.monde, 2024, 3)
    assert [(row.jour, row.clos) for row in _late(service)] == [(DAYS[3], False), (DAYS[1], True), (DAYS[2], True)]
    monkeypatch.setattr("services.vie.heures_apres.SHOWN", 1)
    assert [row.jour for row in _late(service)] == [DAYS[3]]
