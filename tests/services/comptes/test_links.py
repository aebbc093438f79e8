"""Single-use links: invitations, forgotten passwords, links handed over by the administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from domain.errors import Invalide, Refus
from domain.roles import Role
from models import Courriel, LienUsageUnique, Utilisateur, utc_now
from services.comptes import accounts, invitations, sessions
from services.comptes.rights import Grant
from services.core import clock
from services.core.portail import Portail
from tests.comptes import ADDRESS, PASSWORD, cheap_hashing, give_password, log_in, mails, token_of
from tests.factories import Monde, journal_actions, make_centre, make_other_centre


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashing(monkeypatch)


def _invited(monde: Monde) -> str:
    """Link of somebody just invited by the administrator, who hands it over."""
    user_id = invitations.invite(
        monde.portail,
        monde.administrateur,
        courriel="nouvelle@example.org",
        prenom="Léa",
        nom="Durand",
        roles=[Grant(Role.INSTRUCTEUR, clock.today(), centre_id=monde.centre_id)],
        operation_id=uuid4().hex,
    )
    return invitations.pending_link(monde.portail, monde.administrateur, user_id)


def test_invitation_opens_the_account_once(monde: Monde) -> None:
    portail, link = monde.portail, _invited(monde)
    assert link.startswith("http://localhost:8501/invitation?jeton=")
    assert invitations.read_link(portail, "invitation", token_of(link)).nom == "Léa Durand"
    ticket = invitations.accept_invitation(portail, token_of(link), PASSWORD, PASSWORD)
    token, _ = sessions.exchange(portail, ticket, None)
    person = sessions.current(portail, token)
    assert person is not None
    assert person.has(Role.INSTRUCTEUR)
    with pytest.raises(Invalide, match=r"déjà servi.*connectez-vous"):
        invitations.accept_invitation(portail, token_of(link), "un autre mot de passe")
    assert log_in(portail, "nouvelle@example.org")
    assert {"utilisateur.inviter", "utilisateur.lien", "utilisateur.activer"} <= set(journal_actions(portail))


def test_weak_password_does_not_use_the_link(monde_sqlite: Monde) -> None:
    link = _invited(monde_sqlite)
    with pytest.raises(Invalide):
        invitations.accept_invitation(monde_sqlite.portail, token_of(link), "court")
    assert invitations.accept_invitation(monde_sqlite.portail, token_of(link), PASSWORD)


def test_link_expires(monde: Monde) -> None:
    link = _invited(monde)
    with monde.portail.db.write() as session:
        session.execute(update(LienUsageUnique).values(expire_le=utc_now() - timedelta(seconds=1)))
    for use in (invitations.read_link, lambda p, _u, t: invitations.accept_invitation(p, t, PASSWORD)):
        with pytest.raises(Invalide, match=r"expiré.*nouvelle invitation"):
            use(monde.portail, "invitation", token_of(link))


def test_newer_link_voids_the_older(monde_sqlite: Monde) -> None:
    first = _invited(monde_sqlite)
    second = _invited(monde_sqlite)
    with pytest.raises(Invalide, match="expiré"):
        invitations.read_link(monde_sqlite.portail, "invitation", token_of(first))
    assert invitations.read_link(monde_sqlite.portail, "invitation", token_of(second))


@pytest.mark.parametrize("token", ["", "inconnu", "\ud800", "a" * 10000, "<script>"])
def test_unknown_link_is_said_to_be_wrong(monde_sqlite: Monde, token: str) -> None:
    with pytest.raises(Invalide, match="pas valable"):
        invitations.read_link(monde_sqlite.portail, "invitation", token)


def test_link_serves_only_its_purpose(monde_sqlite: Monde) -> None:
    link = _invited(monde_sqlite)
    with pytest.raises(Invalide, match="pas valable"):
        invitations.reset_password(monde_sqlite.portail, token_of(link), PASSWORD)


def test_database_keeps_only_the_hash_of_a_link(monde_sqlite: Monde) -> None:
    link = _invited(monde_sqlite)
    connection = monde_sqlite.portail.db.engine.raw_connection().driver_connection
    assert connection is not None
    assert token_of(link) not in "\n".join(connection.iterdump())


def test_link_of_a_closed_account_is_void(monde_sqlite: Monde) -> None:
    portail, link = monde_sqlite.portail, _invited(monde_sqlite)
    with portail.db.read() as session:
        user_id = session.scalars(select(Utilisateur.id).where(Utilisateur.courriel == "nouvelle@example.org")).one()
    give_password(portail, monde_sqlite.administrateur.utilisateur_id)
    accounts.deactivate(portail, monde_sqlite.administrateur, user_id)
    with pytest.raises(Invalide):
        invitations.accept_invitation(portail, token_of(link), PASSWORD)


def test_an_account_closed_while_the_password_is_prepared_gets_none(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    portail, link = monde.portail, _invited(monde)
    who = Utilisateur.courriel == "nouvelle@example.org"

    def closed(_: str) -> str:
        with portail.db.write() as session:
            session.execute(update(Utilisateur).where(who).values(actif=False))
        return "empreinte"

    monkeypatch.setattr("services.comptes.passwords.hash_password", closed)
    with pytest.raises(Invalide, match="désactivé"):
        invitations.accept_invitation(portail, token_of(link), PASSWORD)
    with portail.db.read() as session:
        assert session.scalars(select(Utilisateur.password_hash).where(who)).one() is None


def test_reset_ends_sessions_and_lock_out(monde: Monde) -> None:
    portail, admin = monde.portail, monde.administrateur
    courriel = give_password(portail, monde.instructeur.utilisateur_id)
    token = log_in(portail, courriel)
    for _ in range(sessions.MAX_BY_ACCOUNT):
        with pytest.raises(Refus):
            sessions.authenticate(portail, courriel, "faux", ADDRESS)
    link = invitations.pending_link(portail, admin, monde.instructeur.utilisateur_id)
    assert "/mot_de_passe?jeton=" in link
    invitations.reset_password(portail, token_of(link), "une toute autre phrase")
    assert sessions.current(portail, token) is None
    assert log_in(portail, courriel, "une toute autre phrase")
    with pytest.raises(Invalide, match="déjà servi"):
        invitations.reset_password(portail, token_of(link), PASSWORD)


def test_reset_is_asked_in_silence_and_not_too_often(monde: Monde) -> None:
    portail = monde.portail
    known = give_password(portail, monde.gestionnaire.utilisateur_id)
    for courriel in (known, "personne@example.org"):
        for _ in range(invitations.RESETS_BY_ACCOUNT):
            assert invitations.request_reset(portail, courriel, ADDRESS) is None  # type: ignore[func-returns-value]
        with pytest.raises(Refus, match="Trop de demandes"):
            invitations.request_reset(portail, courriel, "198.51.100.9")
    assert len(mails(portail)) == 2 * invitations.RESETS_BY_ACCOUNT
    with pytest.raises(Invalide):
        invitations.request_reset(portail, "pas une adresse", ADDRESS)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATEUR])
def test_only_an_administrator_gets_a_link(monde_sqlite: Monde, role: Role) -> None:
    _invited(monde_sqlite)
    with monde_sqlite.portail.db.read() as session:
        user_id = session.scalars(select(Utilisateur.id).where(Utilisateur.courriel == "nouvelle@example.org")).one()
    with pytest.raises(Refus):
        invitations.pending_link(monde_sqlite.portail, monde_sqlite[role], user_id)


def test_with_mail_nobody_gets_the_link_of_an_account_that_has_a_password(monde_sqlite: Monde) -> None:
    """Whoever holds the link can take the account over; the person receives it by mail."""
    portail, admin, person = monde_sqlite.portail, monde_sqlite.administrateur, monde_sqlite.instructeur
    give_password(portail, person.utilisateur_id)
    assert invitations.pending_link(portail, admin, person.utilisateur_id), "without mail there is no other way"
    portail.settings = replace(portail.settings, smtp_url="smtp://127.0.0.1:9")
    with pytest.raises(Refus, match="envoyez-lui"):
        invitations.pending_link(portail, admin, person.utilisateur_id)


def test_person_is_told_that_a_link_was_made(monde_sqlite: Monde) -> None:
    portail, person = monde_sqlite.portail, monde_sqlite.instructeur
    invitations.pending_link(portail, monde_sqlite.administrateur, person.utilisateur_id)
    assert [(kind, to) for kind, to, _ in mails(portail)] == [("lien_remis", person.courriel)]


def test_administrator_gets_no_link_of_someone_with_roles_elsewhere(monde_sqlite: Monde) -> None:
    """Else an administrator could take over an account of another centre by inviting it."""
    portail, foreigner = monde_sqlite.portail, make_other_centre(monde_sqlite.portail)
    invitations.invite(
        portail,
        monde_sqlite.administrateur,
        courriel=foreigner.courriel,
        prenom="X",
        nom="Y",
        roles=[Grant(Role.INSTRUCTEUR, clock.today(), centre_id=monde_sqlite.centre_id)],
        operation_id="1",
    )
    with pytest.raises(Refus, match="répondant de tous les rôles"):
        invitations.pending_link(portail, monde_sqlite.administrateur, foreigner.utilisateur_id)


def test_sent_again_to_the_persons_own_address(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    give_password(portail, monde_sqlite.direction.utilisateur_id)
    invitations.invite_again(portail, monde_sqlite.gestionnaire, monde_sqlite.signataire.utilisateur_id)
    invitations.invite_again(portail, monde_sqlite.gestionnaire, monde_sqlite.direction.utilisateur_id)
    assert [(kind, to) for kind, to, _ in mails(portail)] == [
        ("invitation", monde_sqlite.signataire.courriel),
        ("mot_de_passe", monde_sqlite.direction.courriel),
    ]


def test_first_administrator_comes_from_the_command_line(make_portail: Callable[[str], Portail]) -> None:
    portail = make_portail("sqlite")
    with pytest.raises(Invalide, match="n’existe pas"):
        invitations.create_first_admin(portail, "inconnu", "admin@example.org", "Alix", "Modèle")
    make_centre(portail, code="cig")
    link = invitations.create_first_admin(portail, "cig", "Admin@Example.org", "Alix", "Modèle")
    invitations.accept_invitation(portail, token_of(link), PASSWORD)
    person = sessions.current(portail, log_in(portail, "admin@example.org"))
    assert person is not None
    assert person.has(Role.ADMINISTRATEUR)
    again = invitations.create_first_admin(portail, "cig", "admin@example.org", "Alix", "Modèle")
    assert "/mot_de_passe?jeton=" in again
    assert len(accounts.list_users(portail, person).rows[0].roles) == 1
    with portail.db.read() as session:
        assert session.scalars(select(Courriel)).all() == []
