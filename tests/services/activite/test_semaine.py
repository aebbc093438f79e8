"""A week: its grid, its draft that outlives everything, last week again, and what the grid saves."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Refus
from domain.roles import Role
from models import BrouillonHeures, Exercice, SessionUtilisateur, utc_now
from services.activite import brouillons
from services.activite.grille import Grille, LigneGrille, apply_edits
from services.activite.semaine import (
    duplicate_last_week,
    list_assistants,
    list_places,
    open_saisie,
    open_week,
    save_week,
)
from services.activite.verification import LignesEnConflit, LignesRefusees
from services.core import clock
from services.core.tokens import token_hash
from tests.activite import close_month
from tests.factories import Monde, make_acteur, make_other_centre
from tests.heures import LUNDI, Service, make_service


@pytest.fixture
def service(monde_sqlite: Monde) -> Service:
    return make_service(monde_sqlite)


def week(service: Service, jour: date = LUNDI, **asked: Any) -> Any:
    return open_week(service.portail, service.assistant, service.monde.centre_id, jour, **asked)


def save(service: Service, grille: Grille) -> Any:
    return save_week(service.portail, service.assistant, service.monde.centre_id, LUNDI, grille, uuid4().hex)


def cells(service: Service, duree: str, **given: Any) -> dict[str, Any]:
    """A line as the data editor sends it."""
    return {
        "jour": LUNDI.isoformat(),
        "convention": str(service.convention_id),
        "duree": duree,
        "nature": "ordinaire",
        "categorie": "accueil",
        "origine": "agent",
        "lieu": "centre",
        "forme": "individuelle",
        **given,
    }


def test_a_week_from_the_grid_and_back(monde: Monde) -> None:
    service = make_service(monde)
    shown = week(service, LUNDI + timedelta(days=3))
    assert shown.lundi == LUNDI and list(shown.conventions.values()) == ["Choisy-le-Roi"]
    assert shown.minutes_attendues == 1002  # 35 h × 47,70 % = 16,695 h (G4), to the minute
    grid = apply_edits(shown.grille, {}, [cells(service, "1h30"), cells(service, "45min"), {}], [])
    assert [one.minutes for one in grid.lignes] == [90, 45, None]
    assert save(service, grid).ajoutees == 2
    grid = week(service).grille
    assert [one.duree for one in grid.lignes] == ["1h30", "45min"] and not grid.changee
    edited = apply_edits(grid, {1: {"duree": "2h", "lieu": "domicile"}}, [cells(service, "20min")], [0])
    done = save(service, edited)
    assert (done.ajoutees, done.modifiees, done.retirees) == (1, 1, 1)
    assert [(row.minutes, row.lieu) for row in service.rows()] == [(20, "centre"), (120, "domicile")]
    assert save(service, week(service).grille).total == 0


def test_what_the_browser_sends_is_not_believed(service: Service) -> None:
    sent = {"jour": "2024-13-99", "convention": "zz", "duree": "x" * 500, "nature": "gratuit", "autre": "Mme Untel"}
    (line,) = apply_edits(Grille(), {7: {"duree": "1h"}}, [sent], [3]).lignes
    assert (line.jour, line.convention_id, line.codes) == (None, None, {"nature": None})
    assert len(line.duree) == 12
    with pytest.raises(LignesRefusees) as refused:
        save(service, Grille((line,)))
    assert {one.champ for one in refused.value.erreurs} >= {"jour", "minutes", "nature", "convention_id"}


def test_a_draft_outlives_the_page_and_goes_when_recorded(monde: Monde) -> None:
    service = make_service(monde)
    service.record(service.ligne(lieu="centre"))
    shown = week(service)
    grid = apply_edits(shown.grille, {0: {"duree": "à voir"}}, [cells(service, "45min")], [])
    brouillons.keep(service.portail, service.assistant, shown.place, json.loads(json.dumps(grid.plain())))
    again = week(service)
    assert again.brouillon and again.grille == grid
    assert week(service, LUNDI + timedelta(days=7)).autres_brouillons == (LUNDI,)
    theirs = open_week(service.portail, monde.responsable, monde.centre_id, LUNDI, service.assistant.utilisateur_id)
    assert not theirs.brouillon and len(theirs.grille.lignes) == 1
    fixed = apply_edits(again.grille, {0: {"duree": "3h"}}, [], [])
    save(service, fixed)
    assert not week(service).brouillon
    assert [row.minutes for row in service.rows()] == [45, 180]


def test_a_draft_does_not_hide_what_was_recorded_elsewhere(service: Service) -> None:
    service.record(service.ligne(), service.ligne(duree="45min"))
    shown = week(service)
    short = next(rank for rank, one in enumerate(shown.grille.lignes) if one.duree == "45min")
    draft = apply_edits(shown.grille, {}, [cells(service, "10min")], [short])
    brouillons.keep(service.portail, service.assistant, shown.place, draft.plain())
    _, long = service.rows()
    service.record(service.change(long, duree="2h"), service.ligne(duree="15min"))
    merged = week(service).grille
    assert sorted(one.duree for one in merged.lignes) == ["10min", "15min", "2h"]
    assert [one.duree for one in merged.retirees] == ["45min"]
    assert save(service, merged).total == 2


def test_two_tabs_are_told_of_each_other(service: Service) -> None:
    service.record(service.ligne())
    first = second = week(service).grille
    save(service, apply_edits(first, {0: {"duree": "2h"}}, [], []))
    with pytest.raises(LignesEnConflit):
        save(service, apply_edits(second, {0: {"duree": "3h"}}, [], []))
    assert [row.minutes for row in service.rows()] == [120]


def test_an_expired_session_keeps_the_draft_for_its_holder(service: Service) -> None:
    place = week(service).place
    with service.portail.db.write() as session:
        session.add(
            SessionUtilisateur(
                utilisateur_id=service.assistant.utilisateur_id,
                token_hash=token_hash("jeton"),
                expire_le=utc_now() - timedelta(minutes=5),
            )
        )
    contenu = apply_edits(Grille(), {}, [cells(service, "1h30")], []).plain()
    assert not brouillons.park(service.portail, token_hash("autre"), place, contenu)
    assert brouillons.park(service.portail, token_hash("jeton"), place, contenu)
    assert [one.duree for one in week(service).grille.lignes] == ["1h30"]
    brouillons.give_up(service.portail, service.assistant, place)
    with service.portail.db.read() as session:
        assert session.scalars(select(BrouillonHeures)).all() == []


def test_a_closed_month_is_read_only(service: Service) -> None:
    last, first = date(2024, 3, 31), date(2024, 4, 1)
    monday = date(2024, 3, 25)
    service.record(service.ligne(jour=last), service.ligne(jour=monday))
    close_month(service.portail, service.monde, 2024, 3)
    shown = week(service, monday)
    assert shown.fermee and len(shown.figees) == 2 and shown.grille.lignes == ()
    assert "mars 2024" in shown.motifs[0]
    assert not week(service, first).fermee
    close_month(service.portail, service.monde, 2024, 4)
    straddling = week(service, date(2024, 4, 29))
    assert not straddling.fermee and "avril 2024" in straddling.motifs[0]
    assert [day.day for day in straddling.ouverts] == [1, 2, 3, 4, 5]
    assert week(service, clock.today() + timedelta(days=8)).ouverts == ()


def test_last_week_again_leaves_out_what_no_longer_holds(monde_sqlite: Monde) -> None:
    service = make_service(monde_sqlite, au=LUNDI + timedelta(days=9))
    for day in range(5):
        service.record(service.ligne(jour=LUNDI + timedelta(days=day), duree=f"{20 + day}min"))
    monday = LUNDI + timedelta(days=7)
    held = [LigneGrille(monday, service.convention_id, "20min", service.ligne().codes)]

    def duplicate(there: list[LigneGrille]) -> Any:
        return duplicate_last_week(service.portail, service.assistant, monde_sqlite.centre_id, monday, there)

    copy = duplicate(held)
    assert [one.minutes for one in copy.lignes] == [21, 22]
    assert [one.jour for one in copy.lignes] == [monday + timedelta(days=1), monday + timedelta(days=2)]
    assert len(copy.laissees) == 3
    assert "affectation" in copy.laissees[0] and "21/03/2024" in copy.laissees[0]
    assert copy.laissees[2] == "1 ligne est déjà dans la semaine."
    assert (
        save_week(
            service.portail, service.assistant, monde_sqlite.centre_id, monday, Grille(copy.lignes), uuid4().hex
        ).ajoutees
        == 2
    )
    assert duplicate([]).lignes[0].minutes == 20


def test_the_year_is_measured_against_what_is_due(service: Service) -> None:
    with service.portail.db.write() as session:
        session.add(
            Exercice(
                convention_id=service.convention_id,
                annee=2024,
                centre_id=service.monde.centre_id,
                collectivite_id=service.monde.collectivite_id,
                offre_code="service-social-travail",
                minutes_dues=45992,
            )
        )
    service.record(service.ligne(), service.ligne(jour=date(2024, 2, 29), duree="30min"))
    (one,) = week(service).suivis
    assert (one.collectivite, one.minutes, one.minutes_dues) == ("Choisy-le-Roi", 120, 45992)


def test_one_intervention_begins_like_the_last(service: Service) -> None:
    def opened() -> Any:
        return open_saisie(service.portail, service.assistant, service.monde.centre_id)

    assert opened().derniere is None and list(opened().conventions) == [service.convention_id]
    service.record(service.ligne(categorie="travaux"))
    assert opened().derniere.categorie == "travaux"


def test_who_opens_whose_week(service: Service) -> None:
    monde, portail = service.monde, service.portail
    assistant_id = service.assistant.utilisateur_id
    other = make_acteur(portail, Role.ASSISTANT, centre=monde.centre_id, prenom="Dominique")
    for role in Role:
        places = [name for _, name in list_places(portail, monde[role])]
        assert bool(places) is (role in (Role.ASSISTANT, Role.RESPONSABLE))
    assert [name for _, name in list_assistants(portail, monde.responsable, monde.centre_id)] == [
        "Dominique Exemple",
        "Assistant Modèle",
    ]
    assert [ident for ident, _ in list_assistants(portail, other, monde.centre_id)] == [other.utilisateur_id]
    assert list_assistants(portail, monde.instructeur, monde.centre_id) == []
    assert open_week(portail, monde.responsable, monde.centre_id, LUNDI, assistant_id).assistant == "Assistant Modèle"
    for who, asked in (
        (other, assistant_id),
        (monde.gestionnaire, assistant_id),
        (monde.instructeur, assistant_id),
        (make_other_centre(portail), assistant_id),
        (monde.responsable, monde.gestionnaire.utilisateur_id),
    ):
        with pytest.raises(Introuvable):
            open_week(portail, who, monde.centre_id, LUNDI, asked)
    with pytest.raises(Refus):
        open_week(portail, monde.responsable, monde.centre_id, LUNDI)
