"""The service dégradé: asked for by the collectivité only, answered by the centre only, within its days and its time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.activite import nomenclature
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.formatting import date_courte
from domain.roles import Role
from models import AuditEvent, Convention, Courriel, DemandeServiceDegrade, Intervention, OffreVersion, Tarif
from services.activite import degrade, degrade_views, regles
from services.activite.degrade_views import DemandeFilter
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from tests.activite import add_hours, ask_degrade
from tests.conventions import make_convention
from tests.factories import Monde, cig_offer, journal_actions, make_monde, make_other_centre, make_stranger

TODAY = clock.today()
ASKERS = {Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE}
ANSWERERS = {Role.RESPONSABLE, Role.INSTRUCTEUR}


def _ask(monde: Monde, convention_id: UUID, who: Acteur | None = None, **changed: str) -> UUID:
    given = {"du": date_courte(TODAY), "au": "", "minutes_max": "", **changed}
    found = degrade.ask_degrade(
        monde.portail,
        who or monde.gestionnaire,
        convention_id,
        given.pop("raison", "absence_assistant"),
        given,
        operation_id=uuid4().hex,
    )
    assert found is not None
    return found


def _read(monde: Monde, demande_id: UUID) -> DemandeServiceDegrade:
    with monde.portail.db.read() as session:
        return session.get_one(DemandeServiceDegrade, demande_id)


def _mails(monde: Monde, modele: str) -> set[str]:
    """Ids of those to whom a mail of this model was queued."""
    with monde.portail.db.read() as session:
        return {str(one) for one in session.scalars(select(Courriel.utilisateur_id).where(Courriel.modele == modele))}


def _ids(monde: Monde, roles: set[Role]) -> set[str]:
    return {str(monde[role].utilisateur_id) for role in roles}


def test_a_request_goes_through_and_both_sides_are_told(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    asked = _ask(monde, convention_id, minutes_max="6 h 30")
    assert _mails(monde, "degrade_demande") == _ids(monde, ANSWERERS)
    with monde.portail.db.read() as session:
        assert not regles.degrade_allowed(session, convention_id, TODAY)
    degrade.accept(monde.portail, monde.instructeur, asked, version_vue=1)
    assert _mails(monde, "degrade_accepte") == _ids(monde, ASKERS)
    with monde.portail.db.read() as session:
        assert regles.degrade_allowed(session, convention_id, TODAY)
        assert regles.degrade_allowed(session, convention_id, TODAY + timedelta(days=300))
        assert not regles.degrade_allowed(session, convention_id, TODAY - timedelta(days=1))
    degrade.close(monde.portail, monde.responsable, asked, version_vue=2)
    one = _read(monde, asked)
    assert (one.etat, one.au, one.minutes_max) == ("close", TODAY, 390)
    with monde.portail.db.read() as session:
        assert regles.degrade_allowed(session, convention_id, TODAY)
        assert not regles.degrade_allowed(session, convention_id, TODAY + timedelta(days=1))
    assert journal_actions(monde.portail, asked) == ["degrade.demander", "degrade.accepter", "degrade.clore"]


def test_the_day_it_is_closed_belongs_to_that_request(monde_sqlite: Monde) -> None:
    """Asked for again on that day, both requests would count its minutes."""
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    first = _ask(monde, convention_id, du=date_courte(TODAY))
    degrade.accept(monde.portail, monde.responsable, first, version_vue=1)
    degrade.close(monde.portail, monde.responsable, first, version_vue=2)
    with pytest.raises(Invalide, match="à partir du") as caught:
        _ask(monde, convention_id, du=date_courte(TODAY))
    assert caught.value.champ == "du"
    assert _ask(monde, convention_id, du=date_courte(TODAY + timedelta(days=1)))


def test_what_it_costs_is_shown_with_its_tariff(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    view = degrade_views.open_degrade(monde.portail, monde.direction, convention_id)
    assert view is not None and view.peut_demander
    assert (view.prix, view.annee_tarif, view.annee) == (Decimal("57.00"), 2022, TODAY.year)
    assert degrade_views.estimate(view.prix or Decimal(0), 390)[0] == Decimal("370.50")  # G6
    assert set(view.raisons) == set(nomenclature().labels("raison_degrade"))
    with monde.portail.db.write() as session:
        session.add(
            Tarif(centre_id=monde.centre_id, code="heure", annee=TODAY.year, montant=Decimal(60), public="tous")
        )
    view = degrade_views.open_degrade(monde.portail, monde.direction, convention_id)
    assert view is not None and (view.prix, view.annee_tarif) == (Decimal("60.00"), TODAY.year)


def test_the_list_of_the_centre_begins_with_what_waits(monde: Monde) -> None:
    first, second = (make_convention(monde.portail, monde, "en_vigueur") for _ in range(2))
    ask_degrade(monde.portail, monde, first, date(2024, 1, 1), date(2024, 1, 31), minutes_max=600)
    add_hours(monde.portail, monde, first, date(2024, 1, 31), 90, nature="service_degrade")
    add_hours(monde.portail, monde, first, date(2024, 2, 1), 45, nature="service_degrade")
    add_hours(monde.portail, monde, first, date(2024, 1, 10), 45)
    waiting = _ask(monde, second)
    found = degrade_views.list_demandes(monde.portail, monde.responsable, monde.centre_id, DemandeFilter())
    assert [one.etat for one in found.rows] == ["demandee", "close"]
    assert found.rows[0].id == waiting and found.rows[0].actions == ("accepter", "refuser")
    assert found.rows[1].minutes == 90
    only = DemandeFilter(etat="acceptee")
    assert degrade_views.list_demandes(monde.portail, monde.responsable, monde.centre_id, only).total == 1
    assert (
        degrade_views.list_demandes(monde.portail, monde.responsable, monde.centre_id, DemandeFilter("zzz")).total == 0
    )


@pytest.mark.parametrize(
    ("changed", "champ"),
    [
        ({"raison": ""}, "raison"),
        ({"raison": "il est malade"}, "raison"),
        ({"du": ""}, "du"),
        ({"du": date_courte(TODAY - timedelta(days=1))}, "du"),
        ({"du": "01/01/2028"}, "du"),
        ({"du": "29/02/2027"}, "du"),
        ({"au": "01/01/2028"}, "au"),
        ({"au": date_courte(TODAY - timedelta(days=1))}, "au"),
        ({"minutes_max": "0"}, "minutes_max"),
        ({"minutes_max": "-3 h"}, "minutes_max"),
        ({"minutes_max": "beaucoup"}, "minutes_max"),
        ({"minutes_max": "99999 h"}, "minutes_max"),
    ],
)
def test_what_is_refused(monde_sqlite: Monde, changed: dict[str, str], champ: str) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    with pytest.raises(Invalide) as caught:
        _ask(monde_sqlite, convention_id, **changed)
    assert caught.value.champ == champ


def test_the_same_days_are_asked_for_once(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    asked = _ask(monde, convention_id, au=date_courte(TODAY + timedelta(days=9)))
    with pytest.raises(Invalide, match="déjà demandé"):
        _ask(monde, convention_id, du=date_courte(TODAY + timedelta(days=9)))
    _ask(monde, convention_id, du=date_courte(TODAY + timedelta(days=10)))
    degrade.refuse(monde.portail, monde.responsable, asked, "Un remplaçant arrive.", version_vue=1)
    assert _read(monde, asked).motif == "Un remplaçant arrive."
    _ask(monde, convention_id, au=date_courte(TODAY))


def test_a_double_click_asks_once(monde: Monde) -> None:
    convention_id, operation = make_convention(monde.portail, monde, "en_vigueur"), uuid4().hex
    given = {"du": date_courte(TODAY), "au": "", "minutes_max": ""}
    ask = (monde.portail, monde.gestionnaire, convention_id, "poste_vacant", given)
    assert degrade.ask_degrade(*ask, operation_id=operation)
    assert degrade.ask_degrade(*ask, operation_id=operation) is None
    with monde.portail.db.read() as session:
        assert session.query(DemandeServiceDegrade).count() == 1


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee", "resiliee", "echue", "remplacee"])
def test_only_a_live_convention(monde_sqlite: Monde, etat: str) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, etat)
    with pytest.raises(Invalide, match="pas en vigueur"):
        _ask(monde_sqlite, convention_id)
    view = degrade_views.open_degrade(monde_sqlite.portail, monde_sqlite.gestionnaire, convention_id)
    assert view is not None and not view.peut_demander and view.refus


def test_an_offer_without_the_service(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    bare = cig_offer().model_dump(mode="json")
    bare["facturation"]["service_degrade"] = None
    with monde.portail.db.write() as session:
        version = OffreVersion(
            centre_id=monde.centre_id, code="sans", titre="Sans", numero=1, contenu=bare, gabarits={}
        )
        session.add(version)
        session.flush()
        session.get_one(Convention, convention_id).dossier.offre_version_id = version.id
    assert degrade_views.open_degrade(monde.portail, monde.gestionnaire, convention_id) is None
    with pytest.raises(Refus, match="pas de service dégradé"):
        _ask(monde, convention_id)


# Who -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_who_asks_and_who_answers(monde_sqlite: Monde, role: Role) -> None:
    monde, who = monde_sqlite, monde_sqlite[role]
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    if role in ASKERS:
        degrade.withdraw(monde.portail, who, _ask(monde, convention_id, who), version_vue=1)
    else:
        with pytest.raises(Refus):
            _ask(monde, convention_id, who)
    for act in (_accept, _refuse):
        asked = _ask(monde, convention_id)
        if role in ANSWERERS:
            act(monde, who, asked)
        else:
            with pytest.raises(Refus):
                act(monde, who, asked)
        _drop(monde, asked)
    asked = ask_degrade(monde.portail, monde, convention_id, TODAY)
    if role in ANSWERERS:
        degrade.close(monde.portail, who, asked, version_vue=1)
    else:
        with pytest.raises(Refus):
            degrade.close(monde.portail, who, asked, version_vue=1)


def _accept(monde: Monde, who: Acteur, asked: UUID) -> None:
    degrade.accept(monde.portail, who, asked, version_vue=1)


def _refuse(monde: Monde, who: Acteur, asked: UUID) -> None:
    degrade.refuse(monde.portail, who, asked, "Non.", version_vue=1)


def _drop(monde: Monde, asked: UUID) -> None:
    with monde.portail.db.write() as session:
        session.delete(session.get_one(DemandeServiceDegrade, asked))


def test_nobody_from_elsewhere(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    asked = _ask(monde, convention_id)
    other = make_other_centre(monde.portail)
    for stranger in (other, make_stranger(monde.portail)):
        with pytest.raises(Introuvable):
            _ask(monde, convention_id, stranger)
        with pytest.raises(Introuvable):
            degrade_views.open_degrade(monde.portail, stranger, convention_id)
        with pytest.raises(Introuvable):
            degrade_views.list_demandes(monde.portail, stranger, monde.centre_id, DemandeFilter())
        for act in (_accept, _refuse):
            with pytest.raises(Introuvable):
                act(monde, stranger, asked)
        with pytest.raises(Introuvable):
            degrade.withdraw(monde.portail, stranger, asked, version_vue=1)
    with pytest.raises(Introuvable):
        degrade.accept(monde.portail, monde.responsable, uuid4(), version_vue=1)
    (theirs,) = other.centre_ids
    assert degrade_views.list_demandes(monde.portail, other, theirs, DemandeFilter()).total == 0
    assert _read(monde, asked).etat == "demandee"


# When ------------------------------------------------------------------------------------------------------------------


def test_an_answer_is_given_once(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    asked = _ask(monde, convention_id)
    degrade.accept(monde.portail, monde.responsable, asked, version_vue=1)
    with pytest.raises(Conflit):
        degrade.refuse(monde.portail, monde.instructeur, asked, "Non.", version_vue=1)
    with pytest.raises(Refus, match="a commencé"):
        degrade.refuse(monde.portail, monde.instructeur, asked, "Non.", version_vue=2)
    with pytest.raises(Refus, match="a commencé"):
        degrade.withdraw(monde.portail, monde.gestionnaire, asked, version_vue=2)


def test_a_service_to_come_is_withdrawn_not_closed(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    asked = _ask(monde, convention_id, du=date_courte(TODAY + timedelta(days=2)))
    degrade.accept(monde.portail, monde.responsable, asked, version_vue=1)
    with pytest.raises(Refus, match="pas commencé"):
        degrade.close(monde.portail, monde.responsable, asked, version_vue=2)
    degrade.withdraw(monde.portail, monde.direction, asked, version_vue=2)
    assert _read(monde, asked).etat == "retiree"
    assert _mails(monde, "degrade_retire") == _ids(monde, ANSWERERS)


def test_a_refusal_has_its_reason_and_the_journal_has_no_word_of_it(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    asked = _ask(monde, make_convention(monde.portail, monde, "en_vigueur"))
    with pytest.raises(Invalide) as caught:
        degrade.refuse(monde.portail, monde.responsable, asked, " \x00 ", version_vue=1)
    assert caught.value.champ == "motif"
    degrade.refuse(monde.portail, monde.responsable, asked, "MOTIF-TAPÉ", version_vue=1)
    with monde.portail.db.read() as session:
        assert not any("MOTIF" in str(event.details) for event in session.query(AuditEvent))


def test_hours_beyond_the_most_asked_for_are_refused(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    ask_degrade(monde.portail, monde, convention_id, date(2024, 2, 1), date(2024, 2, 29), minutes_max=120)
    add_hours(monde.portail, monde, convention_id, date(2024, 2, 29), 120, nature="service_degrade")
    with monde.portail.db.write() as session:
        regles.check_degrade(session, convention_id, [date(2024, 2, 1)])
        with pytest.raises(Invalide, match="1er mars 2024"):
            regles.check_degrade(session, convention_id, [date(2024, 2, 1), date(2024, 3, 1)])
    add_hours(monde.portail, monde, convention_id, date(2024, 2, 1), 1, nature="service_degrade")
    with monde.portail.db.write() as session, pytest.raises(Invalide) as caught:
        regles.check_degrade(session, convention_id, [date(2024, 2, 1)])
    assert caught.value.champ == "minutes" and "2\xa0h\xa001 pour 2\xa0h" in caught.value.message


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_two_people_together_do_not_go_past_it(make_portail: Callable[[str], Portail], backend: str) -> None:
    monde = make_monde(make_portail(backend))
    convention_id, day = make_convention(monde.portail, monde, "en_vigueur"), date(2024, 2, 1)
    ask_degrade(monde.portail, monde, convention_id, day, minutes_max=100)
    together = Barrier(2, timeout=1)

    def record(_: int) -> bool:
        try:
            with monde.portail.db.write() as session:
                session.add(_hours(monde, convention_id, day))
                session.flush()
                if backend == "postgresql":
                    together.wait()
                regles.check_degrade(session, convention_id, [day])
        except Invalide:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(record, range(2))) == [False, True]


def _hours(monde: Monde, convention_id: UUID, jour: date) -> Intervention:
    return Intervention(
        centre_id=monde.centre_id,
        convention_id=convention_id,
        assistant_id=monde["assistant"].utilisateur_id,
        jour=jour,
        minutes=60,
        categorie="accueil",
        origine="agent",
        lieu="centre",
        forme="individuelle",
        nature="service_degrade",
    )
