"""The dashboards as each role sees them: what is shown, what the address says, the table and the exports of each chart."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from domain.roles import Role
from services.core import clock
from tests.factories import Monde
from tests.pages.conftest import Visitor, text_of
from tests.services.pilotage.naif import TODAY, Service, add_posts, make_service

PAGE = "tableau_de_bord"


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages run in a thread of their own, which pretends nothing."""
    monkeypatch.setattr(clock, "today", lambda _fuseau=None, _now=None: TODAY)


@pytest.fixture
def service(monde: Monde) -> Service:
    made = make_service(monde.portail, monde, seed=5)
    add_posts(monde.portail, made, seed=5)
    return made


def charts(app: AppTest) -> list[dict[str, object]]:
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


@pytest.mark.parametrize("role", [Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.INSTRUCTEUR])
def test_readers_see_the_three_screens(visitor: Visitor, service: Service, role: Role) -> None:
    app = visitor.open(service.monde[role], PAGE)
    assert "Les collectivités ont consommé" in text_of(app) and "au 30 juin 2026" in text_of(app)
    assert len(charts(app)) == 3
    costs = visitor.open(service.monde[role], PAGE, vue="couts")
    assert "Engagé en 2026" in text_of(costs) and "À venir" in text_of(costs)
    capacity = visitor.open(service.monde[role], PAGE, vue="capacite")
    assert "ETP" in text_of(capacity) and len(charts(capacity)) == 2


def test_hours_up_to_now_and_up_to_the_finished_month_have_two_names(visitor: Visitor, service: Service) -> None:
    app = visitor.open(service.monde.responsable, PAGE)
    names = (
        "Consommé à ce jour",
        "Consommé à fin juin",
        "Consommé à fin juin, part du dû",
        "Consommées à ce jour, 2026",
    )
    assert all(name in text_of(app) for name in names)
    assert ["Consommé à fin juin" in json.dumps(spec, ensure_ascii=False) for spec in charts(app)] == [
        True,
        False,
        True,
    ]
    over = text_of(visitor.open(service.monde.responsable, PAGE, annee="2025"))
    assert "à ce jour" not in over and "Consommé, part du dû" in over


def test_an_assistant_has_no_other_screen(visitor: Visitor, service: Service) -> None:
    app = visitor.open(service.monde[Role.ASSISTANT], PAGE, vue="couts")
    text = text_of(app)
    assert "Vous voyez vos propres heures" in text and "Engagé" not in text and "Coûts" not in text
    assert "Choisy" not in text, "this assistant recorded nothing"


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.ADMINISTRATEUR])
def test_others_are_refused(visitor: Visitor, service: Service, role: Role) -> None:
    app = visitor.open(service.monde[role], PAGE)
    assert "vous n’y avez pas accès" in "".join(one.value for one in app.error)
    assert not charts(app)


def test_every_chart_has_its_table_and_its_exports(visitor: Visitor, service: Service) -> None:
    for vue, count in (("heures", 3), ("couts", 3), ("capacite", 3)):
        app = visitor.open(service.monde.responsable, PAGE, vue=vue, annee="2026")
        text = text_of(app)
        assert text.count("/exports/tableau.csv?") == text.count("/exports/tableau.xlsx?") == count
        assert "annee=2026" in text
        assert all(spec["description"] for spec in charts(app))


def test_the_address_is_the_view(visitor: Visitor, service: Service) -> None:
    name = "Ivry"
    everyone = visitor.open(service.monde.responsable, PAGE)
    assert name in text_of(everyone)
    app = visitor.open(
        service.monde.responsable, PAGE, collectivite=service.monde.collectivite_id, du=2, au=3, par="lieu", annee=2026
    )
    text = text_of(app)
    assert (
        "<strong>Choisy-le-Roi</strong>" in text
        and "février à mars 2026" in text
        and "Toutes les collectivités" in text
        and "Lieu : «" in text
    )
    assert {box.label: box.value for box in app.selectbox if box.label in ("Année", "De", "À")} == {
        "Année": "2026",
        "De": "2",
        "À": "3",
    }


def test_a_filter_writes_the_address(visitor: Visitor, service: Service) -> None:
    app = visitor.open(service.monde.responsable, PAGE, t_page="3")
    next(box for box in app.selectbox if box.label == "Année").set_value("2025").run()
    assert not app.exception
    assert app.query_params["annee"] == "2025" and "t_page" not in app.query_params
    assert "31 décembre 2025" in text_of(app)


def test_names_are_text(visitor: Visitor, service: Service) -> None:
    text = text_of(visitor.open(service.monde.responsable, PAGE))
    assert "Évry &lt;b&gt;" in text and "Évry <b>" not in text


def test_a_year_without_anything_explains_itself(visitor: Visitor, monde: Monde) -> None:
    for vue in ("heures", "couts", "capacite"):
        app = visitor.open(monde.responsable, PAGE, vue=vue)
        assert not app.error
        assert "Auc" in text_of(app) or "Rien" in text_of(app)


def test_another_centres_things_are_not_found(visitor: Visitor, service: Service) -> None:
    app = visitor.open(service.monde.responsable, PAGE, assistant=service.conventions[0])
    assert "vous n’y avez pas accès" in "".join(one.value for one in app.error)
