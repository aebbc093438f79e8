"""A convention that ends before its term: its last year is due until its last day, the final statement is asked for, and what
was invoiced past the end is given back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Avenant, Convention, Denonciation, Depot, Exercice
from services.accueil.taches_facturation import list_decomptes_taches
from services.core import clock
from services.core.portail import Portail
from services.facturation import emission, exercices, regularisations
from services.facturation.regularisations import Regularisation
from services.vie import effets
from services.vie.fin import set_end
from tests.conventions import add_avenant, make_convention, read_convention, word_text
from tests.decomptes import (
    add_hours,
    add_tarif,
    add_tarifs,
    bill_by,
    bill_by_the_hour,
    close_until,
    drafts,
    issue_quarter,
    set_convention,
    stored,
)
from tests.factories import Monde, make_monde

D = Decimal
LAST = date(2023, 4, 3)
"""93 days of 2023: 32 426,46 × 93 / 365 = 8 262,08."""


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


def end(portail: Portail, convention_id: UUID, fin: date, motif: str = "resiliation", etat: str = "resiliee") -> None:
    with portail.db.write() as session:
        set_end(session, session.get_one(Convention, convention_id), fin, motif, etat)


def asked(portail: Portail, monde: Monde, day: date) -> list[Regularisation]:
    with portail.db.read() as session:
        return regularisations.list_regularisations(session, monde.centre_id, day)


def tasks(portail: Portail, monde: Monde, day: date) -> list[str]:
    with clock.pretend(day), portail.db.read() as session:
        return [one.titre for one in list_decomptes_taches(session, monde.responsable)]


def test_the_last_year_is_due_until_the_last_day(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 4)
    first = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert first is not None and first.total == D("8106.62")
    end(portail, convention_id, LAST)
    assert asked(portail, monde, LAST) == []  # the last day is not over
    found = asked(portail, monde, date(2023, 4, 4))
    assert [(one.montant, one.fin, one.numero, one.periode) for one in found] == [
        (D("155.46"), LAST, None, "2e trimestre 2023")
    ]
    assert any("Décompte final" in titre and "155,46" in titre for titre in tasks(portail, monde, date(2023, 4, 4)))
    with clock.pretend(date(2023, 4, 4)):  # in the middle of the quarter: the convention is over
        final = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert final is not None and final.total == D("155.46")
    text = word_text(stored(portail, final.id)[1]).replace("\u00a0", " ")
    assert "du 1er janvier 2023 au 3 avril 2023" in text and "31 décembre 2027" not in text
    assert asked(portail, monde, date(2023, 4, 5)) == []
    assert issue_quarter(portail, monde, convention_id, 2023, 3) is None


def test_a_convention_under_notice_is_settled_from_january(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    end(portail, convention_id, date(2023, 12, 31), "denonciation", "denoncee")
    for quarter in (1, 2, 3):
        issue_quarter(portail, monde, convention_id, 2023, quarter)
    assert asked(portail, monde, date(2023, 12, 31)) == []
    found = asked(portail, monde, date(2024, 1, 1))
    assert [(one.montant, one.fin) for one in found] == [(D("8106.61"), date(2023, 12, 31))]
    issue_quarter(portail, monde, convention_id, 2023, 4)
    assert asked(portail, monde, date(2024, 1, 1)) == []
    assert sum(one.total for one in drafts(portail, convention_id)) == D("32426.46")


def test_hours_are_settled_once_the_last_month_is_closed(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by_the_hour(portail, convention_id)
    add_tarif(portail, monde.centre_id, "heure", 2023, "60.00")
    hours = [(date(2023, 2, 2), 60, "ordinaire"), (date(2023, 4, 3), 90, "ordinaire")]
    add_hours(portail, monde, convention_id, hours)
    close_until(portail, monde.centre_id, 2023, 3)
    issue_quarter(portail, monde, convention_id, 2023, 1)
    end(portail, convention_id, LAST)
    assert asked(portail, monde, date(2023, 5, 2)) == []  # hours of April can still be recorded
    close_until(portail, monde.centre_id, 2023, 4)
    with portail.db.write() as session:
        exercices.refresh_centre(session, monde.centre_id)
        assert exercices.compare(session, monde.centre_id) == []
    assert [(one.montant, one.fin) for one in asked(portail, monde, date(2023, 5, 2))] == [(D("90.00"), LAST)]
    with clock.pretend(date(2023, 5, 2)):
        final = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert final is not None and final.total == D("90.00")
    assert asked(portail, monde, date(2023, 5, 3)) == []


def test_what_was_invoiced_past_the_end_is_given_back(portail: Portail, monde: Monde) -> None:
    """A letter in time, confirmed once a quarter of the next year was invoiced."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, 2023)
    add_tarifs(portail, monde.centre_id, 2024)
    close_until(portail, monde.centre_id, 2024, 3)
    for quarter in (1, 2, 3, 4):
        issue_quarter(portail, monde, convention_id, 2023, quarter)
    extra = issue_quarter(portail, monde, convention_id, 2024, 1)
    assert extra is not None and extra.total == D("8106.62")
    end(portail, convention_id, date(2023, 12, 31), "denonciation", "denoncee")
    found = asked(portail, monde, date(2024, 5, 2))
    assert [(one.annee, one.montant, one.numero, one.fin) for one in found] == [
        (2024, D("-8106.62"), extra.numero, None)
    ]
    emission.cancel(portail, monde.responsable, extra.id, "La convention a pris fin le 31 décembre 2023.")
    assert asked(portail, monde, date(2024, 5, 2)) == []
    assert issue_quarter(portail, monde, convention_id, 2024, 1) is None


def test_where_the_offer_says_so_a_breach_takes_nothing_off_its_year(portail: Portail, monde: Monde) -> None:
    """Article 8.2 al. 1, read so by the centre: the year of the résiliation is due in whole, and the final statement asks for
    the rest. No hour is owed after the end; the years after are not due; a notice that ends the year changes nothing."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=True)
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 4)
    issue_quarter(portail, monde, convention_id, 2023, 1)
    end(portail, convention_id, LAST)
    with portail.db.read() as session:
        kept = session.scalars(select(Exercice).where(Exercice.convention_id == convention_id)).all()
        assert exercices.compare(session, monde.centre_id) == []
    assert [(one.annee, one.montant_du) for one in kept] == [(2023, D("32426.46"))]
    assert kept[0].minutes_dues == 11719  # 45 992,34 × 93 / 365: the quota of the days served
    found = asked(portail, monde, date(2023, 4, 4))
    assert [(one.montant, one.fin) for one in found] == [(D("24319.84"), LAST)]
    with clock.pretend(date(2023, 4, 4)):
        final = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert final is not None and final.total == D("24319.84")
    assert "reste dû en entier" in word_text(stored(portail, final.id)[1]).replace("\u00a0", " ")
    assert asked(portail, monde, date(2023, 4, 5)) == []


@pytest.mark.parametrize(
    ("motif", "whole", "du"),
    [("resiliation", False, "8262.08"), ("denonciation", True, "8262.08"), ("resiliation", True, "32426.46")],
)
def test_by_default_nothing_is_due_after_the_last_day(
    portail: Portail, monde: Monde, motif: str, whole: bool, du: str
) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=whole)
    end(portail, convention_id, LAST, motif)
    with portail.db.read() as session:
        assert session.get_one(Exercice, (convention_id, 2023)).montant_du == D(du)


def follow(portail: Portail, monde: Monde, convention_id: UUID, effet: date) -> UUID:
    """The convention that follows, effective from `effet` and signed by the collectivité alone."""
    following = make_convention(portail, monde, "signee_collectivite", date_effet=effet)
    set_convention(portail, following, remplace_id=convention_id)
    return following


def sign(portail: Portail, convention_id: UUID) -> None:
    set_convention(portail, convention_id, etat="en_vigueur")
    with portail.db.write() as session:
        effets.apply_signature(session, session.get_one(Convention, convention_id), LAST)


def due_of(portail: Portail, convention_id: UUID) -> Decimal:
    with portail.db.read() as session:
        assert exercices.compare(session) == []
        return session.get_one(Exercice, (convention_id, 2023)).montant_du


@pytest.mark.parametrize("order", ["before", "after"])
def test_what_a_breach_leaves_due_stops_on_the_eve_of_the_next_convention(
    portail: Portail, monde: Monde, order: str
) -> None:
    """32 426,46 × 243 / 365 until 31 August, whichever of the signature and the résiliation comes first: no day is paid twice."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=True)
    add_tarifs(portail, monde.centre_id, 2023)
    following = follow(portail, monde, convention_id, date(2023, 9, 1))
    if order == "before":
        sign(portail, following)
    end(portail, convention_id, LAST)
    if order == "after":
        assert due_of(portail, convention_id) == D("32426.46")  # not signed by both: it replaces nothing
        sign(portail, following)
    assert due_of(portail, convention_id) == D("21588.03")
    close_until(portail, monde.centre_id, 2023, 4)
    with clock.pretend(date(2023, 4, 4)):
        final = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert final is not None and final.total == D("21588.03")
    text = word_text(stored(portail, final.id)[1]).replace("\u00a0", " ")
    assert "reste dû jusqu’au 31 août 2023" in text and "reste dû en entier" not in text


@pytest.mark.parametrize("whole", [False, True])
def test_no_day_is_due_twice_when_the_next_convention_begins_before_a_breach_ended_this_one(
    portail: Portail, monde: Monde, whole: bool
) -> None:
    """Signed afterwards, from 1 March: 32 426,46 × 59 / 365; the convention stays terminated."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=whole)
    following = follow(portail, monde, convention_id, date(2023, 3, 1))
    end(portail, convention_id, LAST)
    sign(portail, following)
    with portail.db.write() as session:
        effets.replace_due(session, monde.centre_id, LAST)
    found = read_convention(portail, convention_id)
    assert (found.etat, found.fin, found.fin_motif) == ("resiliee", date(2023, 2, 28), "resiliation")
    assert due_of(portail, convention_id) == D("5241.54")


def test_it_follows_the_next_convention_when_an_avenant_moves_its_effect(portail: Portail, monde: Monde) -> None:
    """32 426,46 × 273 / 365 until 30 September."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=True)
    following = follow(portail, monde, convention_id, date(2023, 9, 1))
    sign(portail, following)
    end(portail, convention_id, LAST)
    moved = add_avenant(portail, following, D("47.70"), date(2023, 9, 1))
    with portail.db.write() as session:
        avenant = session.get_one(Avenant, moved)
        depot = session.scalars(select(Depot).where(Depot.dossier_id == avenant.dossier_id)).one()
        depot.reponses = {"besoin.date_effet": "2023-10-01", "besoin.date_debut_prestations": "2023-10-01"}
        effets.apply_signature(session, avenant, LAST)
    assert due_of(portail, convention_id) == D("24253.22")


@pytest.mark.parametrize(
    ("etat", "fin", "du"),
    [
        ("confirmee", date(2023, 6, 30), "16079.97"),  # 32 426,46 × 181 / 365
        ("recue", None, "32426.46"),
        ("confirmee", date(2023, 12, 31), "32426.46"),
        ("confirmee", date(2024, 6, 30), "32426.46"),
    ],
)
def test_what_a_breach_leaves_due_stops_where_a_notice_had_decided(
    portail: Portail, monde: Monde, etat: str, fin: date | None, du: str
) -> None:
    """Where notice is given on any day, it may end the year sooner than 31 December."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    bill_by(portail, convention_id, resiliation_annee_entiere=True)
    with portail.db.write() as session:
        session.add(Denonciation(convention_id=convention_id, auteur="collectivite", etat=etat, fin=fin))
    end(portail, convention_id, LAST)
    assert due_of(portail, convention_id) == D(du)
