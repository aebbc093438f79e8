"""What a collectivité follows: its own conventions only, hours against those due, costs, files, exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable
from domain.roles import ROLES_CENTRE, Role
from models import AuditEvent
from services.activite.degrade_views import open_degrade
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation.emission import cancel
from services.facturation.exercices import refresh_convention
from services.pilotage import suivi
from services.pilotage.suivi import build_suivi, list_choices, open_suivi
from tests.activite import ask_degrade
from tests.bilans import ANNEE, close_year, ordinary_year, record_work
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, close_until, issue_quarter
from tests.factories import Monde, make_monde, make_other_centre, make_stranger


@pytest.fixture
def convention_id(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """In force since 2023; today is in April of the year after the recorded one."""
    monkeypatch.setattr(clock, "today", lambda *_: date(ANNEE + 1, 4, 15))
    found = make_convention(monde.portail, monde, "en_vigueur")
    add_tarifs(monde.portail, monde.centre_id, ANNEE)
    with monde.portail.db.write() as session:
        refresh_convention(session, found)
    record_work(monde.portail, monde, found, ordinary_year())
    return found


def test_a_closed_year_beside_what_was_due(monde: Monde, convention_id: UUID) -> None:
    close_year(monde.portail, monde)
    for role in (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION):
        view = open_suivi(monde.portail, monde[role], convention_id, ANNEE)
        assert (view.publication.minutes, view.publication.nombre) == (2706, 51)
        assert view.minutes_dues == 45992  # G4: 766 h 32
        assert (view.engage, view.facture, view.a_venir) == (Decimal("32426.46"), Decimal(0), Decimal("32426.46"))
        assert view.prevision is None  # nothing is forecast of a year that is over
        assert view.annees == (ANNEE + 1, ANNEE)


def test_a_year_begun_has_a_forecast_with_its_day(monde: Monde, convention_id: UUID) -> None:
    work = [(date(ANNEE + 1, month, 5), 1200, "accueil", "agent", "centre", "individuelle") for month in (1, 2, 3)]
    record_work(monde.portail, monde, convention_id, work)
    close_until(monde.portail, monde.centre_id, ANNEE + 1, 3)
    view = open_suivi(monde.portail, monde.direction, convention_id)
    assert view.annee == ANNEE + 1 and view.prevision is not None
    assert view.prevision.arrete_au == date(ANNEE + 1, 3, 31)
    assert view.prevision.minutes == 3600 * 365 // 90
    assert view.publication.tables == () and view.publication.nombre is None


def test_issued_statements_with_their_file_and_nothing_of_drafts(
    portail: Portail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monde = make_monde(portail, gabarits=True)
    monkeypatch.setattr(clock, "today", lambda *_: date(ANNEE, 8, 1))
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, ANNEE)
    close_until(portail, monde.centre_id, ANNEE, 6)
    with portail.db.write() as session:
        refresh_convention(session, convention_id)
    assert open_suivi(portail, monde.direction, convention_id, ANNEE).decomptes == ()
    issue_quarter(portail, monde, convention_id, ANNEE, 1)
    view = open_suivi(portail, monde.direction, convention_id, ANNEE)
    [one] = view.decomptes
    assert one.piece is not None and one.etat_libelle == "À payer" and one.total == view.facture > 0
    assert view.engage is not None and view.a_venir == view.engage - view.facture
    assert one.periode == f"1er trimestre {ANNEE}"
    cancel(portail, monde.responsable, one.id, "Erreur de convention")
    names = [
        (row.etat_libelle, row.total > 0)
        for row in open_suivi(portail, monde.direction, convention_id, ANNEE).decomptes
    ]
    assert sorted(names) == [("Annulé", True), ("Contre-décompte", False)]


def test_only_signed_conventions_of_their_own(monde: Monde, convention_id: UUID) -> None:
    draft = make_convention(monde.portail, monde, "a_signer")
    assert [one.id for one in list_choices(monde.portail, monde.gestionnaire)] == [convention_id]
    with pytest.raises(Introuvable):
        open_suivi(monde.portail, monde.gestionnaire, draft)
    stranger = make_stranger(monde.portail)
    assert list_choices(monde.portail, stranger) == []
    for who in (stranger, make_other_centre(monde.portail), *(monde[role] for role in ROLES_CENTRE)):
        assert_refused(monde, who, convention_id)


def assert_refused(monde: Monde, who: Acteur, convention_id: UUID) -> None:
    """Neither page nor export, and each attempt journalled for the centre concerned."""
    params = {"convention": str(convention_id), "annee": str(ANNEE)}
    attempts: list[Callable[[], object]] = [
        lambda: open_suivi(monde.portail, who, convention_id, ANNEE),
        lambda: suivi.export_xlsx(monde.portail, who, params),
        lambda: suivi.export_csv(monde.portail, who, params),
    ]
    for attempt in attempts:
        with pytest.raises(Introuvable):
            attempt()
    with monde.portail.db.read() as session:
        query = (
            select(AuditEvent)
            .where(AuditEvent.action == "refus", AuditEvent.acteur_id == who.utilisateur_id)
            .order_by(AuditEvent.seq)
        )
        lines = session.scalars(query).all()
    assert [line.details["demande"] for line in lines] == ["suivi.ouvrir", "suivi.exporter", "suivi.exporter"]
    assert {line.centre_id for line in lines} == {monde.centre_id}


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"convention": "x", "annee": "2025"},
        {"convention": str(uuid4()), "annee": "2025"},
        {"convention": str(uuid4()), "annee": "²"},
    ],
)
def test_an_address_that_means_nothing(monde: Monde, convention_id: UUID, params: dict[str, str]) -> None:
    with pytest.raises(Introuvable):
        suivi.export_csv(monde.portail, monde.gestionnaire, params)


def test_an_export_is_journalled(monde: Monde, convention_id: UUID) -> None:
    close_year(monde.portail, monde)
    params = {"convention": str(convention_id), "annee": str(ANNEE)}
    found = suivi.export_csv(monde.portail, monde.direction, params)
    assert found.nom == "suivi-2025-choisy-le-roi.csv"
    with monde.portail.db.read() as session:
        [line] = session.scalars(select(AuditEvent).where(AuditEvent.action == "suivi.exporter"))
    assert line.details == {"annee": ANNEE, "forme": "csv"}


def test_a_year_that_is_not_the_conventions_gives_the_current_one(monde: Monde, convention_id: UUID) -> None:
    assert open_suivi(monde.portail, monde.direction, convention_id, 1999).annee == ANNEE + 1


def test_days_chosen_by_the_collectivite_tell_it_no_hours(monde: Monde, convention_id: UUID) -> None:
    """A request for the service dégradé of one day would otherwise give what was done on that day."""
    ask_degrade(monde.portail, monde, convention_id, date(ANNEE, 4, 2), date(ANNEE, 4, 2))
    work = [(date(ANNEE, 4, 2), 45, "accueil", "agent", "telephone", "individuelle")]
    record_work(monde.portail, monde, convention_id, work, nature="service_degrade")
    seen = open_degrade(monde.portail, monde.gestionnaire, convention_id)
    ours = open_degrade(monde.portail, monde.responsable, convention_id)
    assert seen and ours and [one.minutes for one in seen.demandes] == [0]
    assert [one.minutes for one in ours.demandes] == [45]


def test_build_suivi_reads_no_draft_of_a_report(monde: Monde, convention_id: UUID) -> None:
    close_year(monde.portail, monde)
    with monde.portail.db.read() as session:
        from models import Convention

        view = build_suivi(session, monde.direction, session.get_one(Convention, convention_id), ANNEE)
    assert view.bilans == ()


def test_only_the_ordinary_service_counts_against_what_is_due(monde: Monde, convention_id: UUID) -> None:
    """The quota pays for the share of a post; the service dégradé is billed beside it."""
    work = [(date(ANNEE, 4, 2), 120, "accueil", "agent", "telephone", "individuelle")]
    record_work(monde.portail, monde, convention_id, work, nature="service_degrade")
    close_year(monde.portail, monde, months=range(1, 7))
    open_year = open_suivi(monde.portail, monde.direction, convention_id, ANNEE).publication
    assert open_year.minutes - open_year.minutes_ordinaires == 120
    close_year(monde.portail, monde)
    frozen = open_suivi(monde.portail, monde.direction, convention_id, ANNEE).publication
    assert (frozen.minutes, frozen.minutes_ordinaires) == (2706 + 120, 2706)
