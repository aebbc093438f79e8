"""Reminders: to whom, on which day, once, even when a day was missed, run twice, or a clock set back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from domain.roles import Role
from models import (
    Affectation,
    Centre,
    Convention,
    Courriel,
    Denonciation,
    OffreVersion,
    Rappel,
    RoleAttribue,
    Tarif,
    Utilisateur,
)
from services.core import clock
from services.courriels import mails, redaction
from services.vie import quotidien, rappels
from services.vie.echeances import EcheanceFilter, list_groupes
from tests.conventions import make_convention
from tests.factories import Monde, make_other_centre, make_stranger, make_user, open_accounts

NOTICE = date(2026, 9, 29)
SIXTY, THIRTY, SEVEN = (NOTICE - timedelta(days=days) for days in (60, 30, 7))


def _run(monde: Monde, jour: date) -> int:
    with monde.portail.db.write() as session:
        return rappels.send_due(session, monde.centre_id, jour)


def _mails(monde: Monde, modele: str = "rappel_denonciation") -> list[Courriel]:
    with monde.portail.db.read() as session:
        return list(session.scalars(select(Courriel).where(Courriel.modele == modele).order_by(Courriel.cree_le)))


def _told(monde: Monde, modele: str = "rappel_denonciation") -> Counter[UUID | None]:
    return Counter(one.utilisateur_id for one in _mails(monde, modele))


@pytest.fixture
def running(monde: Monde) -> UUID:
    """A convention in force from 2023 to 2027; everybody has an account."""
    open_accounts(monde.portail)
    return make_convention(monde.portail, monde, "en_vigueur")


def test_each_delay_once_to_the_roles_that_the_offer_names(monde: Monde, running: UUID) -> None:
    people = {monde[role].utilisateur_id for role in ("gestionnaire", "signataire", "direction", "responsable")}
    assert _run(monde, SIXTY - timedelta(days=1)) == 0 == len(_mails(monde))
    for day, times in ((SIXTY, 1), (SIXTY, 1), (THIRTY, 2), (THIRTY + timedelta(days=1), 2), (SEVEN, 3), (NOTICE, 3)):
        _run(monde, day)
        assert _told(monde) == dict.fromkeys(people, times), day
    _run(monde, NOTICE + timedelta(days=1))
    assert _told(monde) == dict.fromkeys(people, 3)
    with monde.portail.db.read() as session:
        rows = session.scalars(select(Rappel).where(Rappel.convention_id == running, Rappel.echeance == "denonciation"))
        assert Counter(row.jours_avant for row in rows) == {60: 4, 30: 4, 7: 4}


def test_the_mails_of_a_round_are_written_together(monde: Monde, running: UUID) -> None:
    """The first round of a large centre has more than a thousand: one by one they took ten seconds."""
    written: list[str] = []

    def listen(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            written.append(" ".join(statement.split()[:3]))

    event.listen(monde.portail.db.engine, "before_cursor_execute", listen)
    try:
        assert _run(monde, SIXTY) > 3
    finally:
        event.remove(monde.portail.db.engine, "before_cursor_execute", listen)
    assert written[:2] == ["INSERT INTO courriel", "INSERT INTO rappel"]
    assert "courriel" not in " ".join(written[2:])


def test_what_the_mail_says(monde: Monde, running: UUID) -> None:
    _run(monde, SIXTY)
    mail = next(one for one in _mails(monde) if one.utilisateur_id == monde.gestionnaire.utilisateur_id)
    with monde.portail.db.write() as session:
        mail = session.get_one(Courriel, mail.id)
        text = redaction.write_mail(monde.portail, session, mail, session.get(Utilisateur, mail.utilisateur_id))
    assert text.objet == "Dernier jour pour dénoncer : 29 septembre 2026"
    assert "Choisy-le-Roi" in text.corps and "avec effet au 1er janvier 2027" in text.corps
    assert "/echeances?e_genre=Dernier%20jour%20pour%20d%C3%A9noncer&e_jour=2026-09-29" in text.corps


def test_days_that_were_missed_are_caught_up_with_one_mail(monde: Monde, running: UUID) -> None:
    """Nothing ran between the 60th and the 25th day before: the 30 days are told, the 60 no longer are worth a mail."""
    _run(monde, NOTICE - timedelta(days=25))
    assert set(_told(monde).values()) == {1}
    with monde.portail.db.read() as session:
        rows = session.scalars(select(Rappel.jours_avant).where(Rappel.echeance == "denonciation"))
        assert set(rows) == {30}


def test_a_clock_set_back_says_nothing_again(monde: Monde, running: UUID) -> None:
    _run(monde, SEVEN)
    for day in (THIRTY, SIXTY, SEVEN):
        _run(monde, day)
    assert set(_told(monde).values()) == {1}


def test_who_takes_a_role_over_is_told_too(monde: Monde, running: UUID) -> None:
    _run(monde, THIRTY)
    heir = make_user(
        monde.portail, Role.GESTIONNAIRE, collectivite=monde.collectivite_id, du=THIRTY + timedelta(days=3)
    )
    _run(monde, THIRTY + timedelta(days=2))
    assert heir not in _told(monde)
    _run(monde, THIRTY + timedelta(days=3))
    assert _told(monde)[heir] == 1 and _told(monde)[monde.gestionnaire.utilisateur_id] == 1


def test_nobody_else_is_told(monde: Monde, running: UUID) -> None:
    outsider, stranger = make_other_centre(monde.portail), make_stranger(monde.portail)
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.direction.utilisateur_id).actif = False
        session.execute(
            update(RoleAttribue)
            .where(RoleAttribue.utilisateur_id == monde.signataire.utilisateur_id)
            .values(au=SIXTY - timedelta(days=1))
        )
    _run(monde, SIXTY)
    assert set(_told(monde)) == {monde.gestionnaire.utilisateur_id, monde.responsable.utilisateur_id}
    with monde.portail.db.write() as session:
        assert rappels.send_due(session, next(iter(outsider.centre_ids)), SIXTY) == 0
    assert stranger.utilisateur_id not in _told(monde)


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee", "echue", "resiliee"])
def test_a_convention_that_does_not_run_is_not_reminded_of(monde_sqlite: Monde, etat: str) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, etat)
    with monde_sqlite.portail.db.write() as session:
        if etat in ("echue", "resiliee"):
            session.get_one(Convention, convention_id).fin = date(2025, 12, 31)
            session.get_one(Convention, convention_id).fin_motif = "resiliation"
    _run(monde_sqlite, SIXTY)
    assert _mails(monde_sqlite) == []


def test_a_notice_that_was_given_is_not_reminded_of(monde_sqlite: Monde) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    with monde_sqlite.portail.db.write() as session:
        session.add(
            Denonciation(
                convention_id=convention_id,
                auteur="collectivite",
                date_reference=date(2026, 7, 1),
                recevabilite="oui",
                fin_proposee=date(2026, 12, 31),
            )
        )
    _run(monde_sqlite, SIXTY)
    assert _mails(monde_sqlite) == []


def test_conventions_of_one_centre_make_one_mail_for_its_people(monde: Monde, running: UUID) -> None:
    others = [make_convention(monde.portail, monde, "en_vigueur") for _ in range(2)]
    _run(monde, SIXTY)
    boss = [one for one in _mails(monde) if one.utilisateur_id == monde.responsable.utilisateur_id]
    assert [one.parametres["nombre"] for one in boss] == ["3"]
    with monde.portail.db.write() as session:
        text = redaction.write_mail(
            monde.portail, session, session.get_one(Courriel, boss[0].id),
            session.get(Utilisateur, monde.responsable.utilisateur_id),
        )  # fmt: skip
        assert "3 conventions (" in text.corps
        count = select(func.count()).where(Rappel.utilisateur_id == monde.responsable.utilisateur_id)
        assert session.scalar(count) == 1 + len(others)
    _run(monde, SIXTY)
    assert _told(monde)[monde.responsable.utilisateur_id] == 1


def test_an_assistant_is_reminded_of_the_conventions_they_are_assigned_to(monde: Monde, running: UUID) -> None:
    assistant = monde[Role.ASSISTANT].utilisateur_id
    due = date(2026, 3, 31) - timedelta(days=15)
    _run(monde, due)
    assert set(_told(monde, "rappel_bilan")) == {monde.responsable.utilisateur_id}
    with monde.portail.db.write() as session:
        convention = session.get_one(Convention, running)
        session.add(
            Affectation(
                centre_id=monde.centre_id,
                convention_id=convention.id,
                assistant_id=assistant,
                du=date(2023, 1, 1),
            )
        )
    _run(monde, due)
    assert set(_told(monde, "rappel_bilan")) == {monde.responsable.utilisateur_id, assistant}


def test_a_tariff_that_is_recorded_is_not_asked_for(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    make_convention(monde.portail, monde, "en_vigueur")
    _run(monde, date(2026, 12, 1))
    assert set(_told(monde, "rappel_vote_tarif")) == {monde.responsable.utilisateur_id}
    with monde.portail.db.write() as session:
        for code in ("temps_complet", "heure"):
            session.add(Tarif(centre_id=monde.centre_id, code=code, annee=2026, montant=70000))
    _run(monde, date(2025, 12, 15))
    assert len(_mails(monde, "rappel_vote_tarif")) == 1


def test_an_offer_without_reminders_sends_none(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        session.add(
            OffreVersion(
                centre_id=monde.centre_id,
                code=session.get_one(OffreVersion, monde.version_id).code,
                titre="Sans rappel",
                numero=2,
                etat="publiee",
                contenu={**session.get_one(OffreVersion, monde.version_id).contenu, "rappels": []},
                gabarits={},
            )
        )
    assert _run(monde, SIXTY) == 0


def test_a_failure_midway_leaves_nothing_and_the_next_round_does_it(monde: Monde, running: UUID) -> None:
    class Killed(Exception):
        pass

    def dies(session: Session, prepared: Sequence[Courriel]) -> None:
        session.add_all(prepared[:2])
        session.flush()
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(mails, "queue_all", dies)
        _run(monde, SIXTY)
    assert _mails(monde) == []
    _run(monde, SIXTY)
    assert set(_told(monde).values()) == {1}


def test_the_daily_round_sends_them_once(monde: Monde, running: UUID) -> None:
    with clock.pretend(SIXTY):
        first = quotidien.run_daily(monde.portail)
        assert first[next(iter(first))]["services.vie.rappels:send_due"] >= 1
        assert quotidien.run_daily(monde.portail) == {}
    assert set(_told(monde).values()) == {1}
    with monde.portail.db.read() as session:
        assert session.get(Centre, monde.centre_id) is not None


def test_two_processes_at_once_send_them_once(monde: Monde, running: UUID) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _run(monde, SIXTY), range(4)))
    assert set(_told(monde).values()) == {1}


def test_each_centre_has_its_own_day(monde_sqlite: Monde) -> None:
    """At 2 o'clock in Paris on 31 July (60 days before), it is still the 30th in Fort-de-France."""
    monde = monde_sqlite
    make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        session.get_one(Centre, monde.centre_id).fuseau = "America/Martinique"
    early, later = (datetime(2026, 7, 31, hour, tzinfo=UTC) for hour in (0, 12))
    assert date(2026, 7, 31) == SIXTY
    quotidien.run_daily(monde.portail, early)
    assert _mails(monde) == []
    quotidien.run_daily(monde.portail, later)
    assert set(_told(monde).values()) == {1}


@pytest.mark.parametrize(("etat", "told"), [("a_signer", 1), ("en_vigueur", 0)])
@pytest.mark.parametrize("kind", ["terme", "fin"])
def test_an_end_that_a_signed_convention_follows_is_not_reminded_of(
    monde: Monde, running: UUID, kind: str, etat: str, told: int
) -> None:
    """Once the next one is signed nobody has anything to prepare: the list says so, and no mail leaves. Until then both do."""
    last = date(2027, 12, 31)
    if kind == "fin":
        last = date(2026, 12, 31)
        with monde.portail.db.write() as session:
            one = session.get_one(Convention, running)
            one.fin, one.fin_motif, one.etat = last, "denonciation", "denoncee"
    following = make_convention(monde.portail, monde, etat, date_effet=last + timedelta(days=1))
    with monde.portail.db.write() as session:
        session.get_one(Convention, following).remplace_id = running
        numero = session.get_one(Convention, following).numero
    _run(monde, last - timedelta(days=29))
    assert _told(monde, f"rappel_{kind}")[monde.responsable.utilisateur_id] == told
    with clock.pretend(last - timedelta(days=29)):
        shown = list_groupes(monde.portail, monde.responsable, EcheanceFilter(last, last, genre=kind))
    (group,) = shown.rows
    assert (group.situation, group.rows[0].suite) == (("", "") if told else ("Suite signée", numero))
