"""Renewals and ends that come on their date: tacit, by agreement, or none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, Refus
from domain.offer import Duree
from domain.roles import Role
from models import Convention, Courriel, Denonciation, Dossier, Exercice, OffreVersion, Reconduction
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import refresh_convention
from services.vie.annees import open_years
from services.vie.echeances import EcheanceFilter, list_groupes
from services.vie.rappels import send_due
from services.vie.reconductions import agree_renewal, close_due, next_agreement, renew_due
from tests.conventions import make_convention
from tests.decomptes import add_tarif, add_tarifs, set_convention
from tests.factories import Monde, cig_offer, make_other_centre, open_accounts


def renew_by(portail: Portail, convention_id: UUID, **duree: Any) -> None:
    """Give the convention another version of its offer, renewed in another way."""
    with portail.db.write() as session:
        dossier = session.get_one(Dossier, session.get_one(Convention, convention_id).dossier_id)
        known = session.get_one(OffreVersion, dossier.offre_version_id)
        terms = Duree.model_validate({**cig_offer().duree.model_dump(), **duree})
        other = OffreVersion(
            id=uuid4(),
            centre_id=known.centre_id,
            code=known.code,
            titre=known.titre,
            numero=known.numero + 1,
            etat="publiee",
            contenu={**known.contenu, "duree": terms.model_dump(mode="json")},
            gabarits=known.gabarits,
        )
        session.add(other)
        session.flush()
        dossier.offre_version_id = other.id


def run(monde: Monde, jour: date) -> tuple[int, int]:
    """One day's renewals and ends."""
    with monde.portail.db.write() as session:
        renewed = renew_due(session, monde.centre_id, jour)
    with monde.portail.db.write() as session:
        return renewed, close_due(session, monde.centre_id, jour)


def rows(portail: Portail, convention_id: UUID) -> list[Reconduction]:
    with portail.db.read() as session:
        query = select(Reconduction).where(Reconduction.convention_id == convention_id).order_by(Reconduction.annee)
        return list(session.scalars(query))


def state(portail: Portail, convention_id: UUID) -> tuple[str, date, str | None]:
    with portail.db.read() as session:
        one = session.get_one(Convention, convention_id)
        return one.etat, one.dernier_jour, one.fin_motif


def test_a_tacit_renewal_keeps_the_price_of_its_year(monde: Monde) -> None:
    """G9: the tariff voted in November 2023 makes the renewal of 2024 cost 33 075,18 €."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    add_tarif(monde.portail, monde.centre_id, "temps_complet", 2024, "69340.00")
    assert run(monde, date(2023, 12, 31)) == (0, 0)
    assert run(monde, date(2024, 1, 1)) == (1, 0)
    assert run(monde, date(2024, 1, 1)) == (0, 0), "run twice"
    (row,) = rows(monde.portail, convention_id)
    assert (row.annee, row.rang, row.decision, row.par) == (2024, 1, "tacite", None)
    assert (row.tarif_annee, row.tarif_montant, row.montant_du) == (2024, Decimal("69340.00"), Decimal("33075.18"))


def test_six_years_day_by_month(monde_sqlite: Monde) -> None:
    """Four renewals, then the term: 31 December 2027 is the last day in force (A04)."""
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2023, 9, 1))
    for year in range(2023, 2029):
        for month in range(1, 13):
            run(monde, date(year, month, 1))
        assert state(monde.portail, convention_id)[0] == ("echue" if year > 2027 else "en_vigueur")
    assert [(one.annee, one.rang) for one in rows(monde.portail, convention_id)] == [
        (2024, 1), (2025, 2), (2026, 3), (2027, 4),
    ]  # fmt: skip
    assert state(monde.portail, convention_id) == ("echue", date(2027, 12, 31), "terme")


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee"])
def test_what_is_not_in_force_is_left_alone(monde_sqlite: Monde, etat: str) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, etat)
    assert run(monde_sqlite, date(2029, 1, 1)) == (0, 0)
    assert state(monde_sqlite.portail, convention_id)[0] == etat


def test_one_under_notice_is_renewed_up_to_its_end_and_stays_so(monde: Monde) -> None:
    """A late notice that was confirmed for 31 December 2025: 2024 and 2025 are renewed, 2026 is not."""
    convention_id = make_convention(monde.portail, monde, "denoncee")
    set_convention(monde.portail, convention_id, fin=date(2025, 12, 31), fin_motif="denonciation")
    assert run(monde, date(2026, 5, 1)) == (2, 0)
    assert state(monde.portail, convention_id) == ("denoncee", date(2025, 12, 31), "denonciation")


def test_a_notice_that_nobody_confirmed_holds_the_renewal(monde: Monde) -> None:
    """The year past the end that it proposes waits for a person; nothing ends by itself either."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        notice = Denonciation(
            convention_id=convention_id,
            auteur="collectivite",
            date_envoi=date(2023, 9, 1),
            date_reference=date(2023, 9, 1),
            recevabilite="oui",
            fin_proposee=date(2023, 12, 31),
        )
        session.add(notice)
    assert run(monde, date(2024, 1, 2)) == (0, 0)
    assert state(monde.portail, convention_id)[0] == "en_vigueur"
    with monde.portail.db.write() as session:
        session.get_one(Denonciation, notice.id).etat = "retiree"
    assert run(monde, date(2024, 1, 3)) == (1, 0), "withdrawn: renewed after all"


@pytest.mark.parametrize(("recevabilite", "renewed"), [(None, 0), ("sans_objet", 1)])
def test_a_notice_whose_date_is_awaited_holds_too(monde_sqlite: Monde, recevabilite: str | None, renewed: int) -> None:
    """The letter is here, the proof of its date is not: nothing is renewed on the strength of that."""
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    with monde_sqlite.portail.db.write() as session:
        session.add(
            Denonciation(
                convention_id=convention_id,
                auteur="collectivite",
                recevabilite=recevabilite,
                enregistree_le=datetime(2023, 9, 12, tzinfo=UTC),
            )
        )
    assert run(monde_sqlite, date(2024, 1, 2)) == (renewed, 0)


def test_a_formal_notice_does_not_outlive_the_term(monde_sqlite: Monde) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_demeure")
    assert run(monde_sqlite, date(2028, 1, 1)) == (4, 1)
    assert state(monde_sqlite.portail, convention_id)[0] == "echue"


def test_an_offer_without_renewal_ends_with_its_year(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    renew_by(monde.portail, convention_id, mode="aucune")
    set_convention(monde.portail, convention_id, terme=date(2023, 12, 31))
    assert run(monde, date(2024, 1, 1)) == (0, 1)
    assert rows(monde.portail, convention_id) == []


# By agreement -----------------------------------------------------------------------------------------------------------


def expresse(monde: Monde, **changed: object) -> UUID:
    """A convention of 2026 that a person must agree to renew."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2026, 3, 1))
    renew_by(monde.portail, convention_id, mode="expresse")
    set_convention(monde.portail, convention_id, centre_signee_le=date(2026, 2, 10), **changed)
    with monde.portail.db.write() as session:
        refresh_convention(session, convention_id)
    return convention_id


def agree(monde: Monde, convention_id: UUID, annee: int, jour: date, role: Role = Role.RESPONSABLE) -> None:
    with clock.pretend(jour):
        agree_renewal(monde.portail, monde.gens[role], convention_id, annee, operation_id=uuid4().hex)


def test_agreed_in_time_it_goes_on_one_year(monde: Monde) -> None:
    convention_id = expresse(monde)
    add_tarifs(monde.portail, monde.centre_id, 2027)
    agree(monde, convention_id, 2027, date(2026, 12, 31))
    assert run(monde, date(2027, 1, 1)) == (0, 0)
    (row,) = rows(monde.portail, convention_id)
    assert (row.annee, row.decision, row.par) == (2027, "expresse", monde.gens[Role.RESPONSABLE].utilisateur_id)
    assert row.montant_du == Decimal("32426.46")
    assert run(monde, date(2028, 1, 1)) == (0, 1)
    assert state(monde.portail, convention_id) == ("echue", date(2027, 12, 31), "non_reconduite")


def test_an_agreement_given_is_asked_for_no_more(monde_sqlite: Monde) -> None:
    """The deadline is done, its reminder is not sent, and the year after it is not offered yet: a year at a time (B10)."""
    monde, last = monde_sqlite, date(2026, 12, 31)
    convention_id = expresse(monde)

    def asked(jour: date) -> list[tuple[str, str]]:
        with clock.pretend(jour):
            found = list_groupes(monde.portail, monde.responsable, EcheanceFilter(jour, last, genre="reconduction"))
            return [(one.titre, one.situation) for one in found.rows]

    def offered(jour: date) -> int | None:
        with clock.pretend(jour):
            view = open_years(monde.portail, monde.responsable, convention_id)
            return view.accord if view else None

    def told() -> int:
        with monde.portail.db.write() as session:
            send_due(session, monde.centre_id, date(2026, 12, 20))
            mails = session.scalars(select(Courriel).where(Courriel.modele == "rappel_reconduction")).all()
            session.rollback()
            return len(mails)

    open_accounts(monde.portail)
    assert told() == 2  # the responsable and the collectivité's direction
    title = "Renouvellement pour 2027 à accepter"
    assert (asked(date(2026, 11, 22)), offered(date(2026, 11, 22))) == ([(title, "")], 2027)
    agree(monde, convention_id, 2027, date(2026, 11, 22))
    assert (asked(date(2026, 11, 22)), offered(date(2026, 11, 22))) == ([(title, "Fait")], None)
    assert offered(date(2027, 9, 1)) == 2028
    assert told() == 0


def test_not_agreed_it_ends_with_its_year(monde: Monde) -> None:
    convention_id = expresse(monde)
    assert run(monde, date(2026, 12, 31)) == (0, 0)
    assert run(monde, date(2027, 1, 4)) == (0, 1)
    assert state(monde.portail, convention_id) == ("echue", date(2026, 12, 31), "non_reconduite")
    with monde.portail.db.read() as session:
        query = select(Exercice.annee).where(Exercice.convention_id == convention_id)
        assert list(session.scalars(query)) == [2026], "nothing is due past the end"
    with pytest.raises(Invalide, match="n’attend pas"):
        agree(monde, convention_id, 2027, date(2027, 1, 4))


def test_years_begun_when_it_was_signed_are_agreed(monde_sqlite: Monde) -> None:
    """Signed late: the years until the signature need no other agreement."""
    monde = monde_sqlite
    convention_id = expresse(monde)
    set_convention(monde.portail, convention_id, centre_signee_le=date(2028, 2, 1))
    assert run(monde, date(2028, 3, 1)) == (0, 0)
    with monde.portail.db.read() as session:
        assert next_agreement(session, session.get_one(Convention, convention_id)) == 2029


@pytest.mark.parametrize(
    ("annee", "jour", "message"),
    [
        (2028, date(2026, 10, 1), "L’accord porte sur 2027"),
        (2026, date(2026, 10, 1), "L’accord porte sur 2027"),
        (2027, date(2027, 1, 1), "trop tard"),
    ],
)
def test_agreements_that_are_refused(monde_sqlite: Monde, annee: int, jour: date, message: str) -> None:
    convention_id = expresse(monde_sqlite)
    with pytest.raises(Invalide, match=message):
        agree(monde_sqlite, convention_id, annee, jour)
    assert rows(monde_sqlite.portail, convention_id) == []


def test_agreed_twice(monde: Monde) -> None:
    convention_id = expresse(monde)
    operation = uuid4().hex
    with clock.pretend(date(2026, 10, 1)):
        for _ in range(2):
            agree_renewal(monde.portail, monde.gens[Role.RESPONSABLE], convention_id, 2027, operation_id=operation)
        with pytest.raises(Invalide, match="2028"):
            agree_renewal(monde.portail, monde.gens[Role.RESPONSABLE], convention_id, 2027, operation_id=uuid4().hex)
    assert len(rows(monde.portail, convention_id)) == 1


@pytest.mark.parametrize("role", list(Role))
def test_who_may_agree(monde_sqlite: Monde, role: Role) -> None:
    convention_id = expresse(monde_sqlite)
    if role in (Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE):
        agree(monde_sqlite, convention_id, 2027, date(2026, 10, 1), role)
        return
    with pytest.raises((Refus, Introuvable)):
        agree(monde_sqlite, convention_id, 2027, date(2026, 10, 1), role)


def test_tacit_ones_wait_for_nobody(monde_sqlite: Monde) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    with pytest.raises(Invalide, match="n’attend pas"):
        agree(monde_sqlite, convention_id, 2024, date(2023, 10, 1))


def test_a_round_touches_its_own_centre_only(monde_sqlite: Monde) -> None:
    stranger = make_other_centre(monde_sqlite.portail)
    (other,) = stranger.centre_ids
    convention_id = expresse(monde_sqlite)
    with clock.pretend(date(2026, 10, 1)), pytest.raises(Introuvable):
        agree_renewal(monde_sqlite.portail, stranger, convention_id, 2027, operation_id=uuid4().hex)
    with monde_sqlite.portail.db.write() as session:
        assert (renew_due(session, other, date(2030, 1, 1)), close_due(session, other, date(2030, 1, 1))) == (0, 0)
    assert state(monde_sqlite.portail, convention_id)[0] == "en_vigueur"
