"""Scenarios: kept, shared within one side, never seen by the other, never overwritten unknowingly."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Scenario
from services.core.access import Acteur
from services.core.portail import Portail
from services.pilotage import cadres, scenarios
from services.pilotage.parametres import Parametres, read_parametres
from tests.conventions import make_convention
from tests.factories import (
    CENTRE,
    OFFRE,
    Monde,
    acteur,
    journal_actions,
    make_acteur,
    make_dossier,
    make_monde,
    make_other_centre,
    make_stranger,
    make_user,
)

CENTRE_SIDE = (Role.RESPONSABLE, Role.INSTRUCTEUR)
THEIR_SIDE = (Role.DIRECTION, Role.GESTIONNAIRE, Role.SIGNATAIRE)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """A centre and a collectivité that has begun a dossier there."""
    monde = make_monde(portail)
    make_dossier(portail, monde, complet=False)
    return monde


def of(monde: Monde, side: str = "centre", **texts: str) -> Parametres:
    """Parameters for the centre, or for the collectivité."""
    where = {"centre": CENTRE, "offre": OFFRE}
    if side == "collectivite":
        where["collectivite"] = str(monde.collectivite_id)
    return read_parametres({**where, "quotite": "47,70", "effet": "01/01/2023", **texts})


def save(monde: Monde, who: Acteur, nom: str = "Budget", side: str = "centre", **texts: str) -> UUID:
    ident = scenarios.save_scenario(monde.portail, who, nom, of(monde, side, **texts), uuid4().hex)
    assert ident is not None
    return ident


def test_what_each_role_may_simulate_with(monde: Monde) -> None:
    for role in CENTRE_SIDE:
        assert [
            (row.centre, row.offre, row.collectivite_id) for row in cadres.list_cadres(monde.portail, monde[role])
        ] == [(CENTRE, OFFRE, None)]
    for role in THEIR_SIDE:
        (row,) = cadres.list_cadres(monde.portail, monde[role])
        assert (row.centre, row.collectivite_id) == (CENTRE, monde.collectivite_id)
    for role in set(Role) - {*CENTRE_SIDE, *THEIR_SIDE}:
        assert cadres.list_cadres(monde.portail, monde[role]) == []


def test_a_collectivite_without_a_dossier_simulates_with_nobody_until_it_has_one(monde: Monde) -> None:
    stranger = make_stranger(monde.portail)
    assert cadres.list_cadres(monde.portail, stranger) == []
    with pytest.raises(Introuvable):
        cadres.open_cadre(monde.portail, stranger, CENTRE, OFFRE, next(iter(stranger.collectivite_ids)))
    make_convention(monde.portail, monde, "en_vigueur")
    assert len(cadres.list_cadres(monde.portail, monde.direction)) == 1


def test_nobody_simulates_for_another_and_the_attempt_is_journalled(monde: Monde) -> None:
    other = make_other_centre(monde.portail)
    for who, collectivite in ((other, None), (monde.direction, None), (monde.responsable, monde.collectivite_id)):
        with pytest.raises(Introuvable):
            cadres.open_cadre(monde.portail, who, CENTRE, OFFRE, collectivite)
        with pytest.raises(Introuvable):
            side = "collectivite" if collectivite else "centre"
            scenarios.save_scenario(monde.portail, who, "Intrus", of(monde, side), uuid4().hex)
    assert journal_actions(monde.portail).count("refus") == 6


@pytest.mark.parametrize(
    ("author", "side", "readers"),
    [
        ("responsable", "centre", CENTRE_SIDE),
        ("direction", "collectivite", THEIR_SIDE),
    ],
)
def test_a_scenario_is_seen_by_its_side_only(monde: Monde, author: str, side: str, readers: tuple[Role, ...]) -> None:
    ident = save(monde, monde[author], side=side)
    before = journal_actions(monde.portail).count("refus")
    strangers = [make_stranger(monde.portail), make_other_centre(monde.portail)]
    for who in [*(monde[role] for role in Role if role not in readers), *strangers]:
        assert scenarios.list_scenarios(monde.portail, who) == []
        for attempt in (
            lambda who=who: scenarios.open_scenario(monde.portail, who, ident),
            lambda who=who: scenarios.rename_scenario(monde.portail, who, ident, "À moi", 1),
            lambda who=who: scenarios.duplicate_scenario(monde.portail, who, ident, uuid4().hex),
            lambda who=who: scenarios.delete_scenario(monde.portail, who, ident, 1),
            lambda who=who: scenarios.update_scenario(monde.portail, who, ident, of(monde, side), 1),
            lambda who=who: scenarios.compare_scenarios(monde.portail, who, [ident, uuid4()]),
        ):
            with pytest.raises(Refus):
                attempt()
    refused = len(Role) - len(readers) + len(strangers)
    assert journal_actions(monde.portail).count("refus") == before + 6 * refused
    for role in readers:
        row = scenarios.open_scenario(monde.portail, monde[role], ident)
        assert (row.nom, row.texts["quotite"]) == ("Budget", "47.70")
        assert [one.id for one in scenarios.list_scenarios(monde.portail, monde[role])] == [ident]


def test_the_collectivite_of_another_is_not_mine(monde: Monde) -> None:
    ident = save(monde, monde.direction, side="collectivite")
    colleague = acteur(
        monde.portail, make_user(monde.portail, Role.DIRECTION, collectivite=monde.collectivite_id, nom="Collègue")
    )
    assert scenarios.open_scenario(monde.portail, colleague, ident).id == ident
    with pytest.raises(Introuvable):
        scenarios.open_scenario(monde.portail, make_stranger(monde.portail), ident)


def test_two_clicks_save_once_and_a_name_is_taken_once(monde: Monde) -> None:
    click = uuid4().hex
    first = scenarios.save_scenario(monde.portail, monde.responsable, " Budget ", of(monde), click)
    assert first is not None
    assert scenarios.save_scenario(monde.portail, monde.responsable, "Budget", of(monde), click) is None
    with pytest.raises(Invalide, match="porte déjà ce nom") as taken:
        save(monde, monde.instructeur)
    assert taken.value.champ == "nom"
    save(monde, monde.direction, side="collectivite")  # the other side names its own as it likes
    assert [row.nom for row in scenarios.list_scenarios(monde.portail, monde.responsable)] == ["Budget"]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("nom", ["", "   ", "\x00", "x" * 121])
def test_a_bad_name_is_told_at_its_field_and_saves_nothing(monde: Monde, nom: str) -> None:
    with pytest.raises(Invalide) as refused:
        scenarios.save_scenario(monde.portail, monde.responsable, nom, of(monde), uuid4().hex)
    assert refused.value.champ == "nom"
    assert scenarios.list_scenarios(monde.portail, monde.responsable) == []


def test_what_cannot_be_computed_is_not_saved(monde: Monde) -> None:
    with pytest.raises(Invalide):
        save(monde, monde.responsable, debut="01/01/2029")
    assert scenarios.list_scenarios(monde.portail, monde.responsable) == []


def test_a_colleague_s_change_is_never_overwritten(monde: Monde) -> None:
    ident = save(monde, monde.responsable)
    mine, theirs = (
        scenarios.open_scenario(monde.portail, who, ident) for who in (monde.responsable, monde.instructeur)
    )
    scenarios.update_scenario(monde.portail, monde.instructeur, ident, of(monde, quotite="60"), theirs.version)
    for attempt in (
        lambda: scenarios.update_scenario(
            monde.portail, monde.responsable, ident, of(monde, quotite="30"), mine.version
        ),
        lambda: scenarios.rename_scenario(monde.portail, monde.responsable, ident, "Autre", mine.version),
        lambda: scenarios.delete_scenario(monde.portail, monde.responsable, ident, mine.version),
    ):
        with pytest.raises(Conflit, match="modifié entre-temps"):
            attempt()
    held = scenarios.open_scenario(monde.portail, monde.responsable, ident)
    assert (held.texts["quotite"], held.nom) == ("60.00", "Budget")
    scenarios.rename_scenario(monde.portail, monde.responsable, ident, "Autre", held.version)
    scenarios.delete_scenario(monde.portail, monde.instructeur, ident, held.version + 1)
    with pytest.raises(Introuvable):
        scenarios.open_scenario(monde.portail, monde.responsable, ident)


def test_copies_have_names_of_their_own(monde: Monde) -> None:
    ident, click = save(monde, monde.responsable), uuid4().hex
    copy = scenarios.duplicate_scenario(monde.portail, monde.instructeur, ident, click)
    assert copy is not None
    assert scenarios.duplicate_scenario(monde.portail, monde.instructeur, ident, click) is None
    scenarios.duplicate_scenario(monde.portail, monde.instructeur, ident, uuid4().hex)
    rows = scenarios.list_scenarios(monde.portail, monde.responsable)
    assert {row.nom for row in rows} == {"Budget", "Budget (copie)", "Budget (copie 2)"}
    assert len({str(row.texts) for row in rows}) == 1


def test_from_two_to_four_are_compared_and_the_unreadable_one_is_told(monde: Monde) -> None:
    idents = [save(monde, monde.responsable, f"n° {share}", quotite=share) for share in ("20", "40", "60", "80", "90")]
    for wanted in ([], idents[:1], [idents[0], idents[0]], idents):
        with pytest.raises(Invalide, match="de 2 à 4"):
            scenarios.compare_scenarios(monde.portail, monde.responsable, wanted)
    with monde.portail.db.write() as session:
        session.get_one(Scenario, idents[1]).parametres = {"offre": "disparue"}
    found = scenarios.compare_scenarios(monde.portail, monde.instructeur, idents[2:0:-1])
    assert [one.row.nom for one in found] == ["n° 60", "n° 40"]
    assert found[0].simulation is not None and str(found[0].simulation.retenue.annuel) == "40788.00"
    assert found[1].simulation is None and found[1].message


def test_a_scenario_stays_on_its_side(monde: Monde) -> None:
    """Whoever works for both sides cannot move what one of them keeps to the other."""
    both = make_acteur(
        monde.portail, Role.RESPONSABLE, Role.DIRECTION, centre=monde.centre_id, collectivite=monde.collectivite_id
    )
    ident = save(monde, both)
    with pytest.raises(Invalide, match="autre"):
        scenarios.update_scenario(monde.portail, both, ident, of(monde, "collectivite"), 1)


def test_the_journal_keeps_no_name(monde: Monde) -> None:
    from sqlalchemy import select

    from models import AuditEvent

    ident = save(monde, monde.responsable, "Madame Unetelle")
    scenarios.rename_scenario(monde.portail, monde.responsable, ident, "Monsieur Untel", 1)
    assert journal_actions(monde.portail, ident) == ["scenario.creer", "scenario.renommer"]
    with monde.portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.objet_id == str(ident)))
        assert not any("Un" in str(line.details) for line in lines)
