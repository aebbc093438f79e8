"""The page of hours, as each role sees it; typing, saving, refusals and conflicts without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from domain.roles import Role
from services.activite import brouillons
from services.activite.grille import Grille, apply_edits
from services.activite.semaine import open_week
from services.core import clock
from tests.activite import assign, close_month
from tests.factories import Monde, make_acteur
from tests.heures import LUNDI, Service, make_service
from tests.pages.conftest import Visitor, text_of


@pytest.fixture
def service(monde: Monde) -> Service:
    return make_service(monde)


def type_week(service: Service, edited: dict[int, Any], added: list[dict[str, Any]], *, jour: date = LUNDI) -> Grille:
    """Type in the grid as a draft: AppTest has no data editor to type in."""
    shown = open_week(service.portail, service.assistant, service.monde.centre_id, jour)
    grid = apply_edits(shown.grille, edited, added, [])
    brouillons.keep(service.portail, service.assistant, shown.place, grid.plain())
    return grid


def cells(service: Service, duree: str) -> dict[str, Any]:
    line = service.ligne()
    return {"jour": LUNDI.isoformat(), "convention": str(service.convention_id), "duree": duree, **line.codes}


def week(visitor: Visitor, service: Service, **params: Any) -> AppTest:
    return visitor.open(service.assistant, "heures", semaine=LUNDI, **params)


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_it(visitor: Visitor, service: Service, role: Role) -> None:
    app = visitor.open(service.assistant if role is Role.ASSISTANT else service.monde[role], "heures", semaine=LUNDI)
    allowed = role in (Role.ASSISTANT, Role.RESPONSABLE)
    assert bool(app.button(key="heures:reprendre")) if allowed else app.error


def test_without_an_assignment_the_page_says_so(visitor: Visitor, monde: Monde) -> None:
    for vue in ("semaine", "ajout"):
        app = visitor.open(monde["assistant"], "heures", vue=vue)
        assert "Aucune affectation" in text_of(app)


def elements(block: Any) -> Iterator[Any]:
    """What a part of the page shows, in order."""
    for one in block.children.values():
        if hasattr(one, "children"):
            yield from elements(one)
        else:
            yield one


def test_a_typed_week_is_saved_with_its_totals(visitor: Visitor, service: Service) -> None:
    type_week(service, {}, [cells(service, "1h30"), cells(service, "45min")])
    app = week(visitor, service)
    assert "2\u00a0h\u00a015" in text_of(app) and "Saisie non enregistrée" in text_of(app)
    app.button(key="heures:enregistrer").click().run()
    assert not app.exception and [row.minutes for row in service.rows()] == [45, 90]
    assert "Semaine enregistrée" in text_of(app) and "Tout est enregistré" in text_of(app)
    assert app.button(key="heures:enregistrer").disabled
    shown = list(elements(app.main))
    (told,) = (place for place, one in enumerate(shown) if one.type == "success")
    assert told > shown.index(app.button(key="heures:enregistrer"))  # above the grid, it would push the lines away


def test_refusals_are_listed_by_line_and_nothing_is_lost(visitor: Visitor, service: Service) -> None:
    type_week(service, {}, [cells(service, "1h30"), cells(service, "7")])
    app = week(visitor, service)
    app.button(key="heures:enregistrer").click().run()
    assert "Ligne 2 (lun.\u00a011/03, Choisy-le-Roi, 7), Durée" in text_of(app)
    assert service.rows() == []
    assert len(open_week(service.portail, service.assistant, service.monde.centre_id, LUNDI).grille.lignes) == 2


@pytest.mark.parametrize(("choice", "minutes"), [("garder", 180), ("prendre", 120)])
def test_a_conflict_shows_both_and_asks(visitor: Visitor, service: Service, choice: str, minutes: int) -> None:
    service.record(service.ligne())
    type_week(service, {0: {"duree": "3h"}}, [])
    (row,) = service.rows()
    app = week(visitor, service)
    service.record(service.change(row, duree="2h"))
    app.button(key="heures:enregistrer").click().run()
    shown = text_of(app)
    assert "Votre saisie : Choisy-le-Roi, 11/03/2024, 3\u00a0h" in shown and "11/03/2024, 2\u00a0h" in shown
    app.button(key=f"heures:{choice}:{row.id}").click().run()
    if choice == "garder":
        app.button(key="heures:enregistrer").click().run()
    assert not app.exception and [one.minutes for one in service.rows()] == [minutes]


def test_a_typed_week_can_be_given_up(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne())
    type_week(service, {0: {"duree": "3h"}}, [])
    app = week(visitor, service)
    app.button(key="heures:abandonner").click().run()
    assert "Saisie abandonnée" in text_of(app) and "1\u00a0h\u00a030" in text_of(app)


def test_last_week_again(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne(jour=LUNDI - timedelta(days=7)))
    app = week(visitor, service)
    app.button(key="heures:reprendre").click().run()
    assert "1\u00a0h\u00a030 saisies" in text_of(app)
    app.button(key="heures:reprendre").click().run()
    assert "1 ligne est déjà dans la semaine." in text_of(app)
    app.button(key="heures:enregistrer").click().run()
    assert [row.jour for row in service.rows()] == [LUNDI - timedelta(days=7), LUNDI]


def test_a_closed_month_is_shown_read_only(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne())
    close_month(service.portail, service.monde, 2024, 3)
    app = week(visitor, service)
    assert "mars 2024 est clos" in text_of(app) and "Choisy-le-Roi" in text_of(app)
    assert not [one for one in app.button if one.key == "heures:enregistrer"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2024-13-01", "x"])
def test_any_week_of_the_address_gives_a_page(visitor: Visitor, service: Service, day: str) -> None:
    shown = text_of(visitor.open(service.assistant, "heures", semaine=day))
    assert "Semaine" in shown and "référence" not in shown


def test_a_week_to_come_takes_no_hours(visitor: Visitor, service: Service) -> None:
    app = visitor.open(service.assistant, "heures", semaine=clock.today() + timedelta(days=8))
    assert "à venir" in text_of(app) and not [one for one in app.button if one.key == "heures:enregistrer"]


def test_the_responsable_corrects_an_assistant(visitor: Visitor, service: Service) -> None:
    monde = service.monde
    other = make_acteur(service.portail, Role.ASSISTANT, centre=monde.centre_id, prenom="Dominique")
    assign(service.portail, monde, service.convention_id, assistant_id=other.utilisateur_id)
    app = visitor.open(monde.responsable, "heures", semaine=LUNDI, assistant=other.utilisateur_id, vue="ajout")
    assert app.selectbox(key="heures:assistant").value == other.utilisateur_id
    app = visitor.open(monde.responsable, "heures", semaine=LUNDI, assistant=uuid4())
    assert not app.exception


def test_one_intervention(visitor: Visitor, service: Service) -> None:
    app = week(visitor, service, vue="ajout")

    def add(text: str) -> None:
        (length,) = [one for one in app.text_input if one.label == "Durée"]
        length.set_value(text)
        (sent,) = [one for one in app.button if one.label == "Ajouter l’intervention"]
        sent.click().run()

    add("abc")
    assert "n’est pas comprise" in text_of(app) and service.rows() == []
    add("1h30")
    assert not app.exception
    (row,) = service.rows()
    assert (row.minutes, row.jour) == (90, clock.today())
    assert "Intervention ajoutée" in text_of(app) and "Ce jour : 1\u00a0h\u00a030" in text_of(app)


def test_day_by_day_a_line_is_corrected_or_removed(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.record(service.ligne(), service.ligne(duree="45min"))
    short, long = service.rows()
    shown = text_of(week(visitor, service, vue="jours"))
    assert "Lundi\u00a011/03 : 2\u00a0h\u00a015" in shown and f"ligne={short.id}" in shown
    app = week(visitor, service, vue="corriger", ligne=short.id)
    (length,) = [one for one in app.text_input if one.label == "Durée"]
    assert length.value == "45min"
    length.set_value("abc")
    (sent,) = [one for one in app.button if one.label == "Enregistrer la correction"]
    sent.click().run()
    assert "n’est pas comprise" in text_of(app) and [row.minutes for row in service.rows()] == [45, 90]
    (length,) = [one for one in app.text_input if one.label == "Durée"]
    length.set_value("1h")
    (sent,) = [one for one in app.button if one.label == "Enregistrer la correction"]
    sent.click().run()
    assert not app.exception and [row.minutes for row in service.rows()] == [60, 90]
    app = week(visitor, service, vue="corriger", ligne=long.id)
    # AppTest runs no dialog: the answer is given at once.
    monkeypatch.setattr("ui.page.confirm", lambda titre, texte, libelle, action, **how: action(""))
    app.button(key="heures:retirer").click().run()
    assert not app.exception and [row.minutes for row in service.rows()] == [60]


def test_a_line_changed_meanwhile_is_not_overwritten(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne())
    (row,) = service.rows()
    app = week(visitor, service, vue="corriger", ligne=row.id)
    service.record(service.change(row, duree="2h"))
    (length,) = [one for one in app.text_input if one.label == "Durée"]
    length.set_value("3h")
    (sent,) = [one for one in app.button if one.label == "Enregistrer la correction"]
    sent.click().run()
    assert "Quelqu’un a modifié cette intervention" in text_of(app).replace("\\", "")
    assert [one.minutes for one in service.rows()] == [120]


def correction(app: AppTest) -> tuple[Any, Any]:
    """The duration of the form of one line, and its button."""
    (length,) = [one for one in app.text_input if one.label == "Durée"]
    (sent,) = [one for one in app.button if one.label == "Enregistrer la correction"]
    return length, sent


@pytest.mark.parametrize("typed", [None, "3h"])
def test_a_line_opened_again_is_shown_as_it_is_recorded(visitor: Visitor, service: Service, typed: str | None) -> None:
    """Left without recording, and changed elsewhere meanwhile."""
    service.record(service.ligne())
    (row,) = service.rows()
    app = week(visitor, service, vue="corriger", ligne=row.id)
    assert correction(app)[0].value == "1h30"
    if typed:
        correction(app)[0].set_value(typed).run()
    app.query_params["vue"] = "jours"
    app.run()
    service.record(service.change(row, duree="2h"))
    app.query_params["vue"] = "corriger"
    app.run()
    length, sent = correction(app)
    assert length.value == "2h"
    length.set_value("2h15")
    sent.click().run()
    assert not app.exception and [one.minutes for one in service.rows()] == [135]


def test_a_draft_of_the_week_does_not_hide_what_is_recorded(visitor: Visitor, service: Service) -> None:
    """Somebody changed a line in the grid, without recording it, before it was changed elsewhere."""
    service.record(service.ligne())
    (row,) = service.rows()
    type_week(service, {0: {"duree": "5h"}}, [])
    service.record(service.change(row, duree="2h"))
    assert "Lundi\u00a011/03 : 2\u00a0h" in text_of(week(visitor, service, vue="jours"))
    length, sent = correction(app := week(visitor, service, vue="corriger", ligne=row.id))
    assert length.value == "2h"
    length.set_value("2h15")
    sent.click().run()
    assert not app.exception and [one.minutes for one in service.rows()] == [135]


def test_the_day_of_one_intervention_tells_what_is_recorded(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne(jour=clock.today()))
    type_week(service, {0: {"duree": "5h"}}, [], jour=clock.today())
    assert "Ce jour : 1\u00a0h\u00a030" in text_of(week(visitor, service, vue="ajout"))


def test_a_line_that_may_not_be_corrected_says_so(visitor: Visitor, service: Service) -> None:
    service.record(service.ligne())
    (row,) = service.rows()
    close_month(service.portail, service.monde, 2024, 3)
    for ident in (row.id, uuid4()):
        app = week(visitor, service, vue="corriger", ligne=ident)
        assert "n’est plus modifiable" in text_of(app) and not app.exception
    assert "Corriger" not in text_of(week(visitor, service, vue="jours"))


def test_files(visitor: Visitor, service: Service) -> None:
    app = week(visitor, service, vue="fichiers")
    line = "11/03/2024;219400223;{};Accueil;Agent;Centre\n"
    data = "Date;SIREN;Durée;Catégorie;Origine;Lieu\n" + line.format("1h30")
    app.file_uploader[0].upload("heures.csv", (data + line.format("-1")).encode(), "text/csv").run()
    assert "Ligne 3, Durée" in text_of(app)
    app = week(visitor, service, vue="fichiers")
    app.file_uploader[0].upload("heures.csv", data.encode(), "text/csv").run()
    assert "Rien n’est encore enregistré" in text_of(app) and service.rows() == []
    app.button(key="heures:importer").click().run()
    assert not app.exception and [row.minutes for row in service.rows()] == [90]
    assert "1 ligne, 1\u00a0h\u00a030" in text_of(app)
    app = week(visitor, service, vue="fichiers")
    grown = data + line.format("2h")
    app.file_uploader[0].upload("heures.csv", grown.encode(), "text/csv").run()
    assert "Ligne 2 : déjà enregistrée" in text_of(app)
    assert not [one for one in app.button if one.key == "heures:importer"]
    app.checkbox[0].check().run()
    app.button(key="heures:importer").click().run()
    assert not app.exception and [row.minutes for row in service.rows()] == [90, 90, 120]


def test_a_refused_file_is_looked_at_once(visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is touched on the page afterwards."""
    app = week(visitor, service, vue="fichiers")
    app.file_uploader[0].upload("heures.csv", b"Nom de famille\nx", "text/csv").run()
    assert "n’est pas celle d’un fichier d’heures" in text_of(app)
    monkeypatch.setattr("ui.heures.importation.preview_import", None)
    app.run()
    assert not app.exception and "n’est pas celle d’un fichier d’heures" in text_of(app)
