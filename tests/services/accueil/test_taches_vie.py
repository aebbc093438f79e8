"""What the home page says about letters to send and renewals to agree to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

from domain.offer import Duree
from domain.roles import Role
from models import Convention, Dossier, OffreVersion
from services.accueil.taches import list_taches
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import refresh_centre
from services.vie.courrier_views import open_letters
from services.vie.courriers_tarif import mark_printed, prepare_letters
from services.vie.reconductions import agree_renewal
from tests.conventions import make_convention
from tests.decomptes import add_tarif, set_convention
from tests.factories import Monde, cig_offer, make_monde


def titles(monde: Monde, role: Role, group: str, jour: date) -> list[str]:
    with clock.pretend(jour):
        return [one.titre for one in list_taches(monde.portail, monde.gens[role]) if one.groupe == group]


def test_letters_wait_until_they_have_left(make_portail: Callable[[str], Portail]) -> None:
    monde = make_monde(make_portail("sqlite"), gabarits=True)
    day = date(2023, 11, 25)
    make_convention(monde.portail, monde, "en_vigueur")
    make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2024, 2, 1))
    add_tarif(monde.portail, monde.centre_id, "temps_complet", 2024, "69340.00")
    make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2024, 3, 1))
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    asked = ["Tarifs 2024 : 2 lettres à envoyer"]
    assert titles(monde, Role.RESPONSABLE, "Tarifs", day) == asked, "the one issued with that tariff knows it"
    with clock.pretend(day):
        assert len(open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).lignes) == 2, "as many there"
    assert titles(monde, Role.INSTRUCTEUR, "Tarifs", day) == []
    with clock.pretend(day):
        prepare_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
    assert titles(monde, Role.RESPONSABLE, "Tarifs", day) == asked, "made, not sent"
    with clock.pretend(day):
        seen = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).pretes
    mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, seen)
    assert titles(monde, Role.RESPONSABLE, "Tarifs", day) == []


def test_letters_about_any_tariff_of_the_offer_wait(make_portail: Callable[[str], Portail]) -> None:
    """The hour of the service dégradé is voted too: collectivités are told of it when the other tariff does not move."""
    monde = make_monde(make_portail("sqlite"), gabarits=True)
    day, later = date(2023, 11, 25), date(2024, 1, 3)
    make_convention(monde.portail, monde, "en_vigueur")
    add_tarif(monde.portail, monde.centre_id, "heure", 2024, "59.00")
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    asked = ["Tarifs 2024 : 1 lettre à envoyer"]
    assert titles(monde, Role.RESPONSABLE, "Tarifs", day) == asked
    with clock.pretend(day):
        (line,) = [one for one in list_taches(monde.portail, monde.responsable) if one.groupe == "Tarifs"]
        assert (line.parametres["annee"], line.parametres["c_etat"]) == ("2024", "Pas encore envoyée")
        assert prepare_letters(monde.portail, monde.responsable, monde.centre_id, 2024) == 1
    assert titles(monde, Role.RESPONSABLE, "Tarifs", later) == asked, "made before the year began, still not sent"
    with clock.pretend(later):
        seen = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).pretes
        mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, seen)
    assert titles(monde, Role.RESPONSABLE, "Tarifs", later) == []


def by_agreement(monde: Monde) -> UUID:
    """A convention of 2026 that is renewed by agreement."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2026, 3, 1))
    set_convention(monde.portail, convention_id, centre_signee_le=date(2026, 2, 1))
    with monde.portail.db.write() as session:
        dossier = session.get_one(Dossier, session.get_one(Convention, convention_id).dossier_id)
        known = session.get_one(OffreVersion, dossier.offre_version_id)
        terms = Duree.model_validate({**cig_offer().duree.model_dump(), "mode": "expresse"})
        other = OffreVersion(
            id=uuid4(), centre_id=known.centre_id, code=known.code, titre=known.titre, numero=2, etat="publiee",
            contenu={**known.contenu, "duree": terms.model_dump(mode="json")}, gabarits=known.gabarits,
        )  # fmt: skip
        session.add(other)
        session.flush()
        dossier.offre_version_id = other.id
    return convention_id


def test_a_renewal_waits_for_those_who_agree(monde: Monde) -> None:
    group = "Renouvellements à accepter"
    convention_id = by_agreement(monde)
    assert titles(monde, Role.RESPONSABLE, group, date(2026, 8, 31)) == []
    assert len(titles(monde, Role.RESPONSABLE, group, date(2026, 9, 1))) == 1
    assert len(titles(monde, Role.SIGNATAIRE_CENTRE, group, date(2026, 12, 31))) == 1
    assert titles(monde, Role.INSTRUCTEUR, group, date(2026, 12, 31)) == []
    with clock.pretend(date(2026, 12, 1)):
        agree_renewal(monde.portail, monde.responsable, convention_id, 2027, operation_id=uuid4().hex)
    assert titles(monde, Role.RESPONSABLE, group, date(2026, 12, 31)) == []


def test_a_year_without_a_tariff_of_its_own_asks_for_nothing(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    assert titles(monde, Role.RESPONSABLE, "Tarifs", date(2023, 11, 25)) == []
