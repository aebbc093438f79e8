"""Logging in and out: lock-outs, tickets used once, sessions that end at once, the same answer for unknown accounts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from domain.errors import Introuvable, Refus
from domain.roles import Role
from models import (
    AuditEvent,
    RoleAttribue,
    SessionUtilisateur,
    TentativeConnexion,
    TicketConnexion,
    Utilisateur,
    utc_now,
)
from services.comptes import passwords, sessions
from services.core import limits
from services.core.portail import Portail
from services.core.tokens import token_hash
from tests.comptes import ADDRESS, PASSWORD, cheap_hashing, give_password, log_in
from tests.factories import Monde, journal_actions, make_user


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashing(monkeypatch)


def _wrong(portail: Portail, courriel: str, adresse: str = ADDRESS, times: int = 1) -> list[str]:
    said = []
    for _ in range(times):
        with pytest.raises(Refus) as caught:
            sessions.authenticate(portail, courriel, "pas le bon mot de passe", adresse)
        said.append(caught.value.message)
    return said


def test_login_opens_a_session_with_the_roles_of_the_day(monde: Monde) -> None:
    courriel = give_password(monde.portail, monde.gestionnaire.utilisateur_id)
    token = log_in(monde.portail, courriel.upper() + " ")
    found = sessions.current(monde.portail, token, ADDRESS)
    assert found is not None
    assert found.par_collectivite == {monde.collectivite_id: frozenset({Role.GESTIONNAIRE})}
    assert (found.adresse, found.par_centre) == (ADDRESS, {})
    assert "connexion.reussie" in journal_actions(monde.portail)


def test_database_holds_no_secret(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    courriel = give_password(portail, monde_sqlite.gestionnaire.utilisateur_id)
    ticket = sessions.authenticate(portail, courriel, PASSWORD, ADDRESS)
    token, _ = sessions.exchange(portail, ticket, "Firefox")
    dump = "\n".join(portail.db.engine.raw_connection().driver_connection.iterdump())  # type: ignore[union-attr]
    assert courriel in dump
    assert not any(secret in dump for secret in (ticket, token, PASSWORD))


def test_unknown_inactive_and_pending_accounts_get_the_same_answer_after_the_same_work(monde: Monde) -> None:
    portail, seen = monde.portail, []

    def verify(prepared: str, stored: str) -> bool:
        seen.append(stored)
        return passwords.matches(prepared, stored)

    known = give_password(portail, monde.gestionnaire.utilisateur_id)
    closed = give_password(portail, monde.signataire.utilisateur_id)
    with portail.db.write() as session:
        session.get_one(Utilisateur, monde.signataire.utilisateur_id).actif = False
    answers = set()
    for login, password in (
        (known, "un autre mot de passe"),
        (closed, PASSWORD),
        (monde.direction.courriel, PASSWORD),
        ("personne@example.org", PASSWORD),
        ("pas une adresse \ud800", PASSWORD),
    ):
        with pytest.raises(Refus) as caught:
            sessions.authenticate(portail, login, password, ADDRESS, verify=verify)
        answers.add(caught.value.message)
    assert answers == {sessions.WRONG}
    assert len(seen) == 5
    assert seen[1:] == [passwords.DUMMY_HASH] * 4


@pytest.mark.parametrize("known", [True, False])
def test_account_is_locked_after_five_failures_and_freed_with_time(monde: Monde, known: bool) -> None:
    portail = monde.portail
    courriel = give_password(portail, monde.gestionnaire.utilisateur_id) if known else "personne@example.org"
    assert set(_wrong(portail, courriel, times=5)) == {sessions.WRONG}
    with pytest.raises(Refus, match=r"Trop de tentatives.*15 minutes"):
        sessions.authenticate(portail, courriel, PASSWORD, "198.51.100.7")
    assert "connexion.bloquee" in journal_actions(portail)
    _age_attempts(portail, limits.WINDOW)
    if known:
        assert sessions.current(portail, log_in(portail, courriel))
    else:
        assert _wrong(portail, courriel) == [sessions.WRONG]


def _age_attempts(portail: Portail, age: timedelta) -> None:
    with portail.db.write() as session:
        for attempt in session.scalars(select(TentativeConnexion)):
            attempt.le -= age


def test_lock_out_says_how_long(monde_sqlite: Monde) -> None:
    _wrong(monde_sqlite.portail, "personne@example.org", times=5)
    _age_attempts(monde_sqlite.portail, timedelta(minutes=14, seconds=30))
    assert "dans 1 minute," in _wrong(monde_sqlite.portail, "personne@example.org")[0]


def test_lock_out_is_one_line_of_the_journal(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    _wrong(portail, "inconnu@example.org", times=20)
    assert journal_actions(portail).count("connexion.bloquee") == 1
    _wrong(portail, monde_sqlite.gestionnaire.courriel, adresse="192.0.2.99", times=8)
    assert journal_actions(portail).count("connexion.bloquee") == 2


def test_the_line_of_a_lock_out_holds_nothing_that_an_address_could_be_recognised_by(monde_sqlite: Monde) -> None:
    """The journal is kept for ever: the id of an account that may be deleted, and of an unknown address nothing."""
    portail, user = monde_sqlite.portail, monde_sqlite.gestionnaire
    _wrong(portail, "inconnu@example.org", times=6)
    _wrong(portail, user.courriel, adresse="192.0.2.99", times=6)
    with portail.db.read() as session:
        query = select(AuditEvent).where(AuditEvent.action == "connexion.bloquee").order_by(AuditEvent.seq)
        found = [(one.objet_id, one.centre_id, one.details) for one in session.scalars(query)]
    assert found == [(None, None, {}), (str(user.utilisateur_id), monde_sqlite.centre_id, {})]


def test_success_clears_the_failures_of_the_account(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    courriel = give_password(portail, monde_sqlite.gestionnaire.utilisateur_id)
    for _ in range(3):
        _wrong(portail, courriel, times=4)
        log_in(portail, courriel)


def test_address_is_locked_after_thirty_failures_and_others_are_not(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    courriel = give_password(portail, monde_sqlite.gestionnaire.utilisateur_id)
    for number in range(sessions.MAX_BY_ADDRESS):
        _wrong(portail, f"personne{number}@example.org")
    assert "Trop de tentatives" in _wrong(portail, courriel)[0]
    assert sessions.authenticate(portail, courriel, PASSWORD, "198.51.100.7")


def test_parallel_guesses_do_not_escape_the_lock_out(monde: Monde) -> None:
    portail = monde.portail
    courriel = give_password(portail, monde.gestionnaire.utilisateur_id)
    checked: list[str] = []

    def guess(_: int) -> None:
        with pytest.raises(Refus):
            sessions.authenticate(
                portail, courriel, "faux", ADDRESS, verify=lambda prepared, stored: bool(checked.append(stored))
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(16)))
    assert len(checked) == sessions.MAX_BY_ACCOUNT


def test_ticket_serves_once(monde: Monde) -> None:
    portail = monde.portail
    ticket = sessions.authenticate(
        portail, give_password(portail, monde.gestionnaire.utilisateur_id), PASSWORD, ADDRESS
    )
    sessions.exchange(portail, ticket, None)
    with pytest.raises(Refus, match="expiré"):
        sessions.exchange(portail, ticket, None)


def test_ticket_expires(monde: Monde) -> None:
    portail = monde.portail
    ticket = sessions.authenticate(
        portail, give_password(portail, monde.gestionnaire.utilisateur_id), PASSWORD, ADDRESS
    )
    with portail.db.write() as session:
        session.execute(update(TicketConnexion).values(expire_le=utc_now()))
    with pytest.raises(Refus, match="expiré"):
        sessions.exchange(portail, ticket, None)


def test_ticket_of_an_account_closed_meanwhile_opens_nothing(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    user_id = monde_sqlite.gestionnaire.utilisateur_id
    ticket = sessions.authenticate(portail, give_password(portail, user_id), PASSWORD, ADDRESS)
    with portail.db.write() as session:
        session.get_one(Utilisateur, user_id).actif = False
    with pytest.raises(Refus):
        sessions.exchange(portail, ticket, None)


def test_token_replayed_after_logout_is_nobody(monde: Monde) -> None:
    portail = monde.portail
    token = log_in(portail, give_password(portail, monde.gestionnaire.utilisateur_id))
    sessions.revoke(portail, token)
    assert sessions.current(portail, token) is None
    sessions.revoke(portail, token)
    sessions.revoke(portail, "inconnu")
    sessions.revoke(portail, None)
    assert journal_actions(portail).count("session.fermer") == 1


def _ended_by_time(portail: Portail, token: str) -> None:
    with portail.db.write() as session:
        session.execute(update(SessionUtilisateur).values(expire_le=utc_now()))


def _ended_by_deactivation(portail: Portail, token: str) -> None:
    with portail.db.write() as session:
        session.execute(update(Utilisateur).values(actif=False))


@pytest.mark.parametrize("end", [_ended_by_time, _ended_by_deactivation])
def test_session_ends_at_once(monde: Monde, end: Callable[[Portail, str], None]) -> None:
    token = log_in(monde.portail, give_password(monde.portail, monde.gestionnaire.utilisateur_id))
    assert sessions.current(monde.portail, token)
    end(monde.portail, token)
    assert sessions.current(monde.portail, token) is None


def test_roles_are_those_of_the_moment(monde: Monde) -> None:
    portail = monde.portail
    token = log_in(portail, give_password(portail, monde.instructeur.utilisateur_id))
    with portail.db.write() as session:
        session.execute(
            update(RoleAttribue)
            .where(RoleAttribue.utilisateur_id == monde.instructeur.utilisateur_id)
            .values(du=date(2020, 1, 1), au=date(2020, 12, 31))
        )
    found = sessions.current(portail, token)
    assert found is not None
    assert not found.par_centre


def test_other_sessions_can_be_closed_one_by_one_or_all(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    courriel = give_password(portail, monde_sqlite.gestionnaire.utilisateur_id)
    here, phone, office = (log_in(portail, courriel) for _ in range(3))
    me = sessions.current(portail, here)
    assert me is not None
    rows = sessions.list_sessions(portail, me)
    assert [row.courante for row in rows].count(True) == 1
    other = next(row for row in rows if not row.courante)
    sessions.revoke_session(portail, me, other.id)
    assert sessions.revoke_all(portail, me) == 1
    alive = [token for token in (here, phone, office) if sessions.current(portail, token)]
    assert alive == [here]


def test_nobody_closes_somebody_elses_session(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    token = log_in(portail, give_password(portail, monde_sqlite.gestionnaire.utilisateur_id))
    theirs = sessions.current(portail, token)
    assert theirs is not None
    assert theirs.session_id is not None
    with pytest.raises(Introuvable):
        sessions.revoke_session(portail, monde_sqlite.administrateur, theirs.session_id)
    assert sessions.current(portail, token)
    assert "refus" in journal_actions(portail)


def test_holder_of_an_expired_session_is_known_but_not_of_a_revoked_one(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    user_id = monde_sqlite.gestionnaire.utilisateur_id
    token = log_in(portail, give_password(portail, user_id))
    _ended_by_time(portail, token)
    with portail.db.read() as session:
        assert sessions.expired_holder(session, token_hash(token)) == user_id
    sessions.revoke(portail, token)
    with portail.db.read() as session:
        assert sessions.expired_holder(session, token_hash(token)) is None


def test_refused_page_is_journalled(monde_sqlite: Monde) -> None:
    with pytest.raises(Introuvable):
        sessions.refuse_page(monde_sqlite.portail, monde_sqlite.gestionnaire, "journal")
    with monde_sqlite.portail.db.read() as session:
        line = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).one()
    assert (line.objet, line.objet_id, line.details["demande"]) == ("page", "journal", "page.ouvrir")


def test_day_is_that_of_the_centre(make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch) -> None:
    """29 September at 22:00 in Fort-de-France is 30 September in Paris: a role that ends on the 29th still holds."""
    portail = make_portail("sqlite")
    asked: list[str] = []
    monkeypatch.setattr(sessions, "today", lambda zone: asked.append(zone) or date(2026, 9, 29))
    from models import Centre

    with portail.db.write() as session:
        centre = Centre(code="m", nom="Martinique", fuseau="America/Martinique", parametres={})
        session.add(centre)
    user_id = make_user(portail, Role.INSTRUCTEUR, centre=centre.id, au=date(2026, 9, 29))
    token = log_in(portail, give_password(portail, user_id))
    found = sessions.current(portail, token)
    assert asked == ["America/Martinique"]
    assert found is not None
    assert found.has(Role.INSTRUCTEUR)
