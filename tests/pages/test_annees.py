"""The letters beside the tariffs, and the years of a convention on its page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.roles import Role
from models import Reconduction
from services.core import clock
from services.facturation.exercices import refresh_centre
from services.vie.courrier_views import open_letters
from services.vie.courriers_tarif import mark_printed, prepare_letters
from tests.activite import assign
from tests.conventions import make_convention
from tests.decomptes import add_tarif, set_convention
from tests.factories import Monde, open_accounts
from tests.pages.conftest import Visitor, text_of
from tests.services.accueil.test_taches_vie import by_agreement

NEXT = clock.today().year + 1


def _press(app, label: str) -> None:  # type: ignore[no-untyped-def]
    next(button for button in app.button if button.label == label).click().run()


@pytest.fixture
def voted(monde: Monde) -> Monde:
    """A convention in force, and the tariff of next year; everybody has an account."""
    open_accounts(monde.portail)
    make_convention(monde.portail, monde, "en_vigueur", date_effet=date(NEXT - 2, 1, 1))
    add_tarif(monde.portail, monde.centre_id, "temps_complet", NEXT, "69340.00")
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    return monde


def test_letters_are_prepared_then_sent(visitor: Visitor, voted: Monde) -> None:
    app = visitor.open(voted.responsable, "tarifs", onglet="courriers")
    assert f"Tarifs {NEXT}" in text_of(app) and "Lettres : 1 à préparer." in text_of(app)
    assert "33\u202f075,18\u00a0€" in text_of(app) and "32\u202f426,46\u00a0€" in text_of(app)
    _press(app, "Préparer une lettre")
    assert "Une lettre préparée." in text_of(app) and "Lettres : 1 prête à envoyer." in text_of(app)
    assert "courriers-tarifs.zip" in str(app.get("link_button")[0].proto)
    labels = [button.label for button in app.button]
    assert "Prévenir une collectivité par courriel" in labels and "Marquer comme envoyées sur papier" in labels


def test_nothing_to_announce(visitor: Visitor, monde: Monde) -> None:
    assert "rien à annoncer" in text_of(visitor.open(monde.responsable, "tarifs", onglet="courriers"))
    add_tarif(monde.portail, monde.centre_id, "temps_complet", NEXT, "69340.00")
    app = visitor.open(monde.responsable, "tarifs", onglet="courriers", annee="²")
    assert "Aucune convention en cours n’est concernée" in text_of(app)


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.DIRECTION, Role.INSTRUCTEUR, Role.RESPONSABLE])
def test_both_sides_read_the_price_of_the_new_year(visitor: Visitor, voted: Monde, role: Role) -> None:
    convention_id = make_convention(voted.portail, voted, "en_vigueur", date_effet=date(NEXT - 2, 1, 1))
    with voted.portail.db.write() as session:
        refresh_centre(session, voted.centre_id)
        session.add(Reconduction(convention_id=convention_id, annee=NEXT - 1, rang=1))
    prepare_letters(voted.portail, voted.responsable, voted.centre_id, NEXT)
    text = text_of(visitor.open(voted.gens[role], "convention", id=convention_id))
    assert "Années et reconductions" in text and "Première période" in text
    assert f"{NEXT}\u00a0: <strong>33\u202f075,18\u00a0€</strong> (+648,72\u00a0€), au tarif voté." in text
    assert "Reconduite au 1er janvier" in text and f"Reconduction tacite le 1er janvier {NEXT}" in text
    ours = role in (Role.INSTRUCTEUR, Role.RESPONSABLE)
    assert ("Lettre (Word)" in text) == ours, "the collectivité reads it once it has left"
    seen = open_letters(voted.portail, voted.responsable, voted.centre_id, NEXT).pretes
    mark_printed(voted.portail, voted.responsable, voted.centre_id, NEXT, seen)
    assert "Lettre (Word)" in text_of(visitor.open(voted.gens[role], "convention", id=convention_id))


def test_an_assistant_reads_no_price(visitor: Visitor, voted: Monde) -> None:
    convention_id = make_convention(voted.portail, voted, "en_vigueur", date_effet=date(NEXT - 2, 1, 1))
    assign(voted.portail, voted, convention_id, du=date(NEXT - 2, 1, 1))
    text = text_of(visitor.open(voted.gens[Role.ASSISTANT], "convention", id=convention_id))
    assert "Années et reconductions" not in text


def test_a_tariff_not_voted_yet_and_a_convention_that_ends(visitor: Visitor, monde: Monde) -> None:
    goes, ends = (make_convention(monde.portail, monde, "en_vigueur", date_effet=date(NEXT - 2, 1, 1)) for _ in "ab")
    set_convention(monde.portail, ends, fin=date(NEXT - 1, 12, 31), fin_motif="denonciation", etat="denoncee")
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    assert f"Le tarif {NEXT} n’est pas encore voté" in text_of(visitor.open(monde.responsable, "convention", id=goes))
    text = text_of(visitor.open(monde.responsable, "convention", id=ends))
    assert f"prend fin le 31 décembre {NEXT - 1}" in text and f"Tarif {NEXT}" not in text


@pytest.mark.parametrize("role", [Role.RESPONSABLE, Role.INSTRUCTEUR, Role.GESTIONNAIRE])
def test_the_agreement_is_offered_to_those_who_give_it(visitor: Visitor, monde: Monde, role: Role) -> None:
    convention_id = by_agreement(monde)
    set_convention(
        monde.portail,
        convention_id,
        date_effet=date(NEXT - 1, 3, 1),
        terme=date(NEXT + 3, 12, 31),
        centre_signee_le=date(NEXT - 1, 2, 1),
        quotite=Decimal("47.70"),
    )
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    app = visitor.open(monde.gens[role], "convention", id=convention_id)
    assert f"Accord du centre attendu avant le 1er janvier {NEXT}" in text_of(app)
    offered = [button.label for button in app.button if button.label.startswith("Renouveler")]
    assert offered == ([f"Renouveler pour {NEXT}"] if role is Role.RESPONSABLE else [])
    said = [one.value.replace("\\", "") for one in app.info if "renouvellement" in one.value]
    whose = "votre accord" if role is Role.RESPONSABLE else "l’accord du centre"
    assert len(said) == 1 and f"Le renouvellement pour {NEXT} attend {whose}" in said[0]
