"""The simulator's page and its panel in a dossier: the address holds what is typed, each error is beside its field."""

from __future__ import annotations

from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from services.adhesion import answers
from services.adhesion.dossiers import open_dossier
from services.pilotage import scenarios
from services.pilotage.parametres import Mode, read_parametres
from tests.factories import CENTRE, OFFRE, Monde, make_dossier, make_stranger
from tests.pages.conftest import Visitor, text_of

G1 = {"quotite": "47,70", "effet": "01/01/2023"}
TAKE = "Reprendre dans le dossier"


def plain(app: AppTest) -> str:
    return text_of(app).replace("\u202f", " ").replace("\u00a0", " ").replace("\\", "")


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def save(monde: Monde, nom: str, **texts: str) -> str:
    p = read_parametres({"centre": CENTRE, "offre": OFFRE, **G1, **texts})
    return str(scenarios.save_scenario(monde.portail, monde.responsable, nom, p, uuid4().hex))


def test_an_address_shows_its_simulation(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "simulateur", **G1, debut="01/07/2023", taux="60")
    page = plain(app)
    for expected in ("32 426,46 €", "16 346,49 €", "45 992,00 €", "540 h 27", "67 980,00 € × 47,70 % = 32 426,46 €"):
        assert expected in page, expected
    assert "Aucun tarif 2023 n’est enregistré" in page
    assert app.text_input(key="simulateur:quotite").value == "47,70"
    links = " ".join(str(one.proto.url) for one in app.get("link_button"))
    assert "/exports/simulation.xlsx?" in links and "quotite=47.70" in links and "debut=2023-07-01" in links


def test_an_empty_simulator_begins_with_next_year_and_scolds_nobody(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "simulateur")
    assert not app.error
    assert "Indiquez : part d’un temps plein." in plain(app)
    assert app.query_params["effet"].startswith("01/01/")
    assert "Aucun scénario pour le moment" in plain(app)


def test_what_is_typed_goes_to_the_address(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "simulateur", effet="01/01/2023")
    app.text_input(key="simulateur:quotite").set_value(" 47,70 ").run()
    assert app.query_params["quotite"] == "47,70"
    assert "32 426,46 €" in plain(app)
    app.radio(key="simulateur:mode").set_value("agents").run()
    app.text_input(key="simulateur:agents").set_value("600").run()
    assert app.query_params["mode"] == "agents" and "27 192,00 €" in plain(app)
    app.radio(key="simulateur:mode").set_value("quotite").run()
    assert "mode" not in app.query_params and "32 426,46 €" in plain(app)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"quotite": "120"}, "La valeur ne peut pas dépasser 100 %."),
        ({"effet": "29/02/2023"}, "Cette date n’existe pas"),
        ({"debut": "01/01/2031"}, "après le terme"),
        ({"absences": "hier"}, "écrivez le premier et le dernier jour"),
        ({"mode": "agents", "agents": "2000"}, "un poste au plus"),
    ],
)
def test_each_error_is_told_once_and_nothing_else_breaks(
    visitor: Visitor, monde: Monde, typed: dict[str, str], message: str
) -> None:
    app = visitor.open(monde.responsable, "simulateur", **{**G1, **typed})
    assert len(app.error) == 1 and message in app.error[0].value.replace("\\", "").replace("\u00a0", " ")
    assert "Corrigez la saisie signalée" in plain(app)


def test_saving_then_reopening_by_the_link(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "simulateur", **G1)
    click(app, "Enregistrer le scénario")
    assert any("Donnez un nom" in one.value for one in app.error)
    next(one for one in app.text_input if one.label == "Nom du scénario").set_value("Budget <b>2023</b>")
    click(app, "Enregistrer le scénario")
    assert "Scénario enregistré." in plain(app) and "Budget &lt;b&gt;2023" in text_of(app)
    (row,) = scenarios.list_scenarios(monde.portail, monde.responsable)
    assert app.query_params["scenario"] == str(row.id)
    again = visitor.open(monde.instructeur, "simulateur", scenario=row.id)
    assert "32 426,46 €" in plain(again) and again.query_params["quotite"] == "47,70"
    again.text_input(key="simulateur:quotite").set_value("60").run()
    assert "n’est plus celle du scénario" in plain(again)
    click(again, "Mettre à jour le scénario")
    assert scenarios.open_scenario(monde.portail, monde.responsable, row.id).texts["quotite"] == "60.00"


def test_a_colleague_s_change_is_told_before_it_is_lost(visitor: Visitor, monde: Monde) -> None:
    ident = save(monde, "Budget")
    app = visitor.open(monde.responsable, "simulateur", scenario=ident)
    row = scenarios.open_scenario(monde.portail, monde.instructeur, scenarios.UUID(ident))
    p = read_parametres({**row.texts, "quotite": "20"})
    scenarios.update_scenario(monde.portail, monde.instructeur, row.id, p, row.version)
    app.text_input(key="simulateur:quotite").set_value("60").run()
    click(app, "Mettre à jour le scénario")
    assert any("a été modifié entre" in one.value for one in app.error)
    assert scenarios.open_scenario(monde.portail, monde.instructeur, row.id).texts["quotite"] == "20.00"


def test_the_link_of_another_side_shows_nothing_of_it(visitor: Visitor, monde: Monde) -> None:
    make_dossier(monde.portail, monde, complet=False)
    ident = save(monde, "Secret du centre")
    app = visitor.open(monde.direction, "simulateur", scenario=ident)
    assert "Cette page n’existe pas, ou vous n’y avez pas accès." in [one.value for one in app.error]
    assert "Secret du centre" not in text_of(app) and "scenario" not in app.query_params
    assert "le centre ne les voit pas" in plain(app)


def test_scenarios_are_compared(visitor: Visitor, monde: Monde) -> None:
    ids = ",".join((save(monde, "Bas", quotite="20"), save(monde, "Haut")))
    page = plain(visitor.open(monde.instructeur, "simulateur", comparer=ids))
    assert "« Bas » coûte le moins sur toute la durée : 67 980,00 €, 94 152,30 € de moins que « Haut »." in page
    assert "Coûte le moins : « Bas » chaque année" in page
    nasty = ",".join((save(monde, "![x](http://example.org/i.png)", quotite="10"), ids.split(",")[0]))
    shown = visitor.open(monde.instructeur, "simulateur", comparer=nasty)
    assert any("\\!\\[x\\]\\(http" in one.value for one in shown.subheader)
    alone = visitor.open(monde.instructeur, "simulateur", comparer=ids.split(",")[0])
    assert any("de 2 à 4" in one.value for one in alone.error)
    junk = visitor.open(monde.instructeur, "simulateur", comparer="x,y")
    assert any("de 2 à 4" in one.value for one in junk.error)


def test_different_hypotheses_are_said_before_the_verdict(visitor: Visitor, monde: Monde) -> None:
    hours = save(monde, "Heures", mode="heures", quotite="", heures="600", taux="59", hausse="2")
    page = plain(visitor.open(monde.instructeur, "simulateur", comparer=f"{hours},{save(monde, 'Part')}"))
    assert "Révision annuelle supposée : 2,00 % par an pour « Heures » ; aucune pour « Part »" in page
    assert "Avec des hypothèses différentes, « Part » coûte le moins" in page
    for expected in ("À l’heure", "600 h", "35 400,00 €", "59,00 € (saisi)", "Votes supposés", "Inflation supposée"):
        assert expected in page, expected


def test_a_collectivite_without_dossier_reads_why(visitor: Visitor, monde: Monde) -> None:
    assert "Vous pourrez simuler quand" in plain(visitor.open(make_stranger(monde.portail), "simulateur"))


def test_the_page_puts_a_simulation_into_a_dossier(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = visitor.open(monde.gestionnaire, "simulateur", **G1)
    assert TAKE not in [one.label for one in visitor.open(monde.direction, "simulateur", **G1).button]
    app = click(visitor.open(monde.gestionnaire, "simulateur", **G1), TAKE)
    view = open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.quotite"].valeur == "47.70"
    assert "Simulation reprise dans le dossier." in plain(app)


def _panel(visitor: Visitor, monde: Monde, dossier_id: object) -> AppTest:
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="besoin")
    app.toggle[0].set_value(True).run()
    assert not app.exception
    return app


def test_the_panel_starts_from_the_dossier_and_gives_back_to_it(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = _panel(visitor, monde, dossier_id)
    key = f"d{dossier_id.hex[:12]}:"
    assert "Le dossier indique déjà cela." in [one.value for one in app.caption]
    app.radio(key=f"{key}simulateur:mode").set_value(Mode.AGENTS).run()
    app.text_input(key=f"{key}simulateur:agents").set_value("600").run()
    assert "Le dossier indiquera : 40,00 %" in plain(app)
    click(app, TAKE)
    held = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers
    assert held["besoin.quotite"].valeur == "40.00"
    assert app.text_input(key=f"{key}besoin.quotite").value == "40,00"


def test_the_panel_never_overwrites_a_colleague(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = _panel(visitor, monde, dossier_id)
    key = f"d{dossier_id.hex[:12]}:simulateur:"
    app.text_input(key=f"{key}quotite").set_value("25").run()
    seen = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers["besoin.quotite"].version
    answers.save_answer(monde.portail, monde.gestionnaire, dossier_id, "besoin.quotite", "33", version_vue=seen)
    click(app, TAKE)
    view = open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.quotite"].valeur == "33.00"
    assert [one.motif for one in view.saisies] == ["conflit"]
    assert "Le dossier montre les deux valeurs" in plain(app)


def test_the_panel_tells_each_error_at_its_field(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = _panel(visitor, monde, dossier_id)
    app.text_input(key=f"d{dossier_id.hex[:12]}:simulateur:quotite").set_value("101").run()
    assert ["dépasser" in one.value for one in app.error] == [True]
    assert TAKE not in [one.label for one in app.button]
