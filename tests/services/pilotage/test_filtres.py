"""Who opens the dashboards and what an address may ask of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Introuvable
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import Affectation
from services.core import clock
from services.core.portail import Portail
from services.pilotage import vues
from services.pilotage.filtres import READERS, Filtres, read_filtres
from services.pilotage.tableaux import Recherche
from tests.factories import Monde, journal_actions, make_other_centre
from tests.services.pilotage.naif import TODAY, Service, make_service

OPENED = (vues.open_heures, vues.open_couts, vues.open_capacite)
HOSTILE = (
    "",
    "0",
    "-1",
    "99999999999999999999",
    "²",
    "٣",
    "1.5",
    "null",
    "' OR 1=1 --",
    "<script>",
    "\x00",
    "é" * 5000,
)


@pytest.fixture
def service(monde_sqlite: Monde) -> Service:
    return make_service(monde_sqlite.portail, monde_sqlite, seed=1)


def test_each_role_opens_its_own_screens(service: Service) -> None:
    monde = service.monde
    for role, opened in product(Role, OPENED):
        allowed = role in READERS or (role is Role.ASSISTANT and opened is vues.open_heures)
        if allowed:
            assert opened(monde.portail, monde[role], {}, Recherche()).filtres.centre_id == monde.centre_id
        else:
            with pytest.raises(Introuvable):
                opened(monde.portail, monde[role], {}, Recherche())
            assert journal_actions(monde.portail)[-1] == "refus"


def test_nobody_of_a_collectivite_opens_one_even_by_naming_it(service: Service) -> None:
    monde = service.monde
    for role in ROLES_COLLECTIVITE:
        with pytest.raises(Introuvable):
            vues.open_heures(
                monde.portail,
                monde[role],
                {"collectivite": str(monde.collectivite_id), "centre": str(monde.centre_id)},
                Recherche(),
            )


def test_another_centre_sees_nothing_and_cannot_name_what_is_here(service: Service) -> None:
    monde = service.monde
    other = make_other_centre(monde.portail)
    assert set(ROLES_CENTRE) <= next(iter(other.par_centre.values()))
    seen = vues.open_heures(monde.portail, other, {}, Recherche())
    assert seen.collectivites.total == 0 and seen.totaux.minutes == 0 and not seen.choix.assistants
    for name, value in (
        ("centre", monde.centre_id),
        ("collectivite", monde.collectivite_id),
        ("assistant", service.assistants[0]),
    ):
        with pytest.raises(Introuvable):
            vues.open_heures(monde.portail, other, {name: str(value)}, Recherche())


def test_an_assistant_reads_their_own_hours_whatever_the_address_says(service: Service) -> None:
    monde = service.monde
    me = replace(monde[Role.ASSISTANT], utilisateur_id=service.assistants[0])
    everyone = vues.open_heures(monde.portail, monde.responsable, {"annee": "2026"}, Recherche(taille=200))
    for params in ({}, {"assistant": str(service.assistants[1])}, {"assistant": str(uuid4())}, {"par": "assistant"}):
        seen = vues.open_heures(monde.portail, me, {"annee": "2026", **params}, Recherche(taille=200))
        assert seen.filtres.assistant_id == me.utilisateur_id and seen.filtres.personnel
        assert 0 < seen.totaux.minutes < everyone.totaux.minutes
        assert seen.totaux.dues is None and not seen.alertes and not seen.choix.assistants
        if seen.axe == "assistant":
            assert [line.code for line in seen.valeurs] == [str(me.utilisateur_id)]
    assert "assistant" not in seen.filtres.params()


def test_an_assistant_names_only_collectivites_where_they_were_assigned(service: Service) -> None:
    monde = service.monde
    me = replace(monde[Role.ASSISTANT], utilisateur_id=service.assistants[0])
    asked = {"collectivite": str(monde.collectivite_id)}
    with pytest.raises(Introuvable):
        vues.open_heures(monde.portail, me, asked, Recherche())
    with monde.portail.db.write() as session:
        session.add(
            Affectation(
                centre_id=monde.centre_id,
                convention_id=service.conventions[0],
                assistant_id=me.utilisateur_id,
                du=date(2025, 1, 1),
                au=date(2025, 3, 1),
            )
        )
    assert vues.open_heures(monde.portail, me, asked, Recherche()).choix.collectivite == "Choisy-le-Roi"


def test_a_responsable_who_also_records_sees_everybody(service: Service) -> None:
    monde = service.monde
    both = replace(monde.responsable, par_centre={monde.centre_id: frozenset({Role.RESPONSABLE, Role.ASSISTANT})})
    assert not vues.open_heures(monde.portail, both, {}, Recherche()).filtres.personnel


def test_what_makes_no_sense_is_left_out(service: Service) -> None:
    monde = service.monde
    for name in ("annee", "du", "au", "offre", "par", "collectivite", "assistant", "centre"):
        for value in HOSTILE:
            with clock.pretend(TODAY):
                seen = vues.open_heures(monde.portail, monde.responsable, {name: value}, Recherche())
            assert (seen.filtres.annee, seen.filtres.du, seen.filtres.au) == (2026, 1, 12)
            assert seen.filtres.collectivite_id is None and seen.filtres.centre_id == monde.centre_id


@given(st.dictionaries(st.sampled_from(["annee", "du", "au", "offre", "vue", "x"]), st.text(max_size=12), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_address_shows_something(service: Service, params: dict[str, str]) -> None:
    monde = service.monde
    with monde.portail.db.read() as session:
        found = read_filtres(session, monde.responsable, params)
    assert 1 <= found.du <= found.au <= 12 and 2000 <= found.annee <= 2100
    assert found.premier <= found.dernier


def test_an_address_gives_back_the_same_filters(portail: Portail, monde: Monde) -> None:
    service = make_service(portail, monde, seed=3)
    wanted = Filtres(monde.centre_id, 2025, clock.today(), 3, 9, "part", monde.collectivite_id, service.assistants[2])
    with portail.db.read() as session:
        assert read_filtres(session, monde.responsable, wanted.params()) == wanted


def test_months_given_backwards_are_put_in_order_and_told_in_french(service: Service) -> None:
    monde = service.monde
    with monde.portail.db.read() as session:
        found = read_filtres(session, monde.responsable, {"annee": "2026", "du": "10", "au": "4"})
    assert found.periode == "d’avril à octobre 2026"
    assert replace(found, du=3, au=3).periode == "mars 2026" and replace(found, du=1, au=12).periode == "2026"
    assert (found.premier, found.dernier) == (date(2026, 4, 1), date(2026, 10, 31))
