"""Mails: sent by real SMTP to a server on this machine, after commit, with links made at that moment."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from models import Courriel, utc_now
from services.adhesion import demandes
from services.adhesion.demande_saisie import Saisie
from services.comptes import invitations
from services.core.portail import Portail
from services.courriels import mails, smtp
from tests.comptes import ADDRESS, PASSWORD, cheap_hashing, give_password, token_of
from tests.comptes import mails as listed
from tests.factories import Monde, make_monde


class Mailbox:
    """Keeps what it receives; refuses addresses at refuse.example.org."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.endswith("@refuse.example.org"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """A mail server on this machine, and its address."""
    box = Mailbox()
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=box.authenticate,
        auth_require_tls=False,
        auth_required=False,
    )
    server.start()
    yield box, f"127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def monde_smtp(make_portail: Callable[[str], Portail], mailbox: tuple[Mailbox, str], monkeypatch: Any) -> Monde:
    """A portal that sends mail."""
    cheap_hashing(monkeypatch)
    portail = make_portail("sqlite")
    portail.settings = replace(portail.settings, smtp_url=f"smtp://portail:s%40cret@{mailbox[1]}")
    return make_monde(portail)


def _body(message: EmailMessage) -> str:
    return message.get_content()


def test_invitation_travels_with_a_working_link(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    portail, box = monde_smtp.portail, mailbox[0]
    invitations.invite_again(portail, monde_smtp.gestionnaire, monde_smtp.signataire.utilisateur_id)
    assert mails.deliver(portail) == mails.Report(envoyes=1)
    message = box.received[0]
    assert message["To"] == monde_smtp.signataire.courriel
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Bonjour Signataire Modèle," in _body(message)
    link = next(line for line in _body(message).splitlines() if line.startswith("http"))
    assert invitations.accept_invitation(portail, token_of(link), PASSWORD)
    assert box.logins == [(b"portail", b"s@cret")]
    assert mails.deliver(portail) == mails.Report()
    assert [state for _, _, state in listed(portail)] == ["envoye"]


def test_reset_mail_goes_only_to_active_accounts(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    portail = monde_smtp.portail
    courriel = give_password(portail, monde_smtp.gestionnaire.utilisateur_id)
    for asked in ("personne@example.org", monde_smtp.direction.courriel, courriel):
        invitations.request_reset(portail, asked, ADDRESS)
    mails.deliver(portail)
    assert [message["To"] for message in mailbox[0].received] == [courriel]
    assert [to for _, to, _ in listed(portail)] == [courriel], "addresses of strangers are not kept"


def test_failure_is_recorded_and_can_be_retried(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    portail = monde_smtp.portail
    with portail.db.write() as session:
        mails.queue(session, "demande_refusee", "x@refuse.example.org")
        mails.queue(session, "demande_refusee", "y@example.org")
    assert mails.deliver(portail) == mails.Report(envoyes=1, echecs=1)
    with portail.db.read() as session:
        failed = session.query(Courriel).filter_by(etat="echec").one()
    assert failed.erreur == "Cette adresse est refusée (550 : unknown)."
    assert mails.retry(portail) == 1
    assert mails.deliver(portail).echecs == 1


def test_server_down_loses_nothing(monde_smtp: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four days of attempts, soon enough after one another for what waits to leave when the server is back."""
    portail = monde_smtp.portail
    portail.settings = replace(portail.settings, smtp_url="smtp://127.0.0.1:9")
    invitations.invite_again(portail, monde_smtp.gestionnaire, monde_smtp.signataire.utilisateur_id)
    now = utc_now()
    monkeypatch.setattr(mails, "utc_now", lambda: now)
    assert mails.deliver(portail) == mails.Report(reportes=1)
    assert mails.deliver(portail) == mails.Report(), "not before its time"
    assert [state for _, _, state in listed(portail)] == ["a_envoyer"]
    for hours in (1, 12, 24, 48, 72):
        now = now + timedelta(hours=hours) if hours < 72 else now
        assert mails.deliver(portail) == mails.Report(reportes=1)
        (row,) = mails.list_unsent(portail)
        assert row.prochain is not None
        assert row.prochain <= now + mails.OUTAGE_WAIT
        assert "ne peut pas être joint" in (row.erreur or "")
        now += mails.OUTAGE_WAIT
    now += mails.PATIENCE
    assert mails.deliver(portail) == mails.Report(echecs=1)


def _make_due(portail: Portail) -> None:
    with portail.db.write() as session:
        for mail in session.query(Courriel):
            mail.parametres = {**mail.parametres, mails.NEXT: (utc_now() - timedelta(seconds=1)).isoformat()}


def test_server_back_sends_what_waited(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    portail, good = monde_smtp.portail, monde_smtp.portail.settings
    portail.settings = replace(good, smtp_url="smtp://127.0.0.1:9")
    invitations.invite_again(portail, monde_smtp.gestionnaire, monde_smtp.signataire.utilisateur_id)
    mails.deliver(portail)
    portail.settings = good
    _make_due(portail)
    assert mails.deliver(portail) == mails.Report(envoyes=1)
    assert mails.list_unsent(portail) == []


def test_invitation_asked_again_does_not_wait(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    portail, good = monde_smtp.portail, monde_smtp.portail.settings
    portail.settings = replace(good, smtp_url="smtp://127.0.0.1:9")
    invitations.invite_again(portail, monde_smtp.gestionnaire, monde_smtp.signataire.utilisateur_id)
    mails.deliver(portail)
    portail.settings = good
    invitations.invite_again(portail, monde_smtp.gestionnaire, monde_smtp.signataire.utilisateur_id)
    assert mails.deliver(portail) == mails.Report(envoyes=1)


def test_doubtful_mail_is_sent_again_only_when_told_and_not_while_on_its_way(monde_smtp: Monde) -> None:
    portail = monde_smtp.portail
    with portail.db.write() as session:
        for age in (timedelta(0), 2 * mails.IN_FLIGHT):
            mail = mails.queue(session, "demande_refusee", "y@example.org")
            mail.etat, mail.parametres = "incertain", {mails.CLAIMED: (utc_now() - age).isoformat()}
    assert mails.deliver(portail) == mails.Report()
    assert mails.retry(portail) == 0
    assert mails.retry(portail, incertains=True) == 1


def test_strangers_words_are_not_carried_to_an_address_nobody_confirmed(
    monde_smtp: Monde, mailbox: tuple[Mailbox, str]
) -> None:
    asked = Saisie(
        centre_id=monde_smtp.centre_id,
        siren="732829320",
        collectivite_nom="Gagnez sur https://evil.example",
        collectivite_type="syndicat",
        prenom="Cliquez",
        nom="https://evil.example maintenant",
        courriel="victime@example.org",
        telephone="0145671234",
    )
    demandes.submit_demande(monde_smtp.portail, asked, ADDRESS, operation_id="1")
    assert mails.deliver(monde_smtp.portail) == mails.Report(envoyes=1)
    body = _body(mailbox[0].received[0])
    assert body.startswith("Bonjour,")
    assert "evil" not in body
    assert "732\u202f829\u202f320" in body.replace("\xa0", "\u202f").replace(" ", "\u202f")


def test_unknown_model_fails_alone(monde_smtp: Monde) -> None:
    with monde_smtp.portail.db.write() as session:
        mails.queue(session, "inconnu", "x@example.org")
        mails.queue(session, "demande_refusee", "y@example.org")
    assert mails.deliver(monde_smtp.portail) == mails.Report(envoyes=1, echecs=1)


def test_password_never_travels_in_clear_to_another_machine(
    monde_smtp: Monde, mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LOCAL", frozenset())
    with monde_smtp.portail.db.write() as session:
        mails.queue(session, "demande_refusee", "y@example.org")
    assert mails.deliver(monde_smtp.portail).reportes == 1, "whoever runs the server can repair that"
    assert mailbox[0].logins == []


def test_without_a_server_mails_are_set_aside(monde: Monde) -> None:
    portail = monde.portail
    invitations.invite_again(portail, monde.gestionnaire, monde.signataire.utilisateur_id)
    invitations.request_reset(portail, "personne@example.org", ADDRESS)
    mails.deliver(portail)
    assert listed(portail) == [("invitation", monde.signataire.courriel, "sans_smtp")]


def test_rolled_back_action_sends_nothing(monde_smtp: Monde, mailbox: tuple[Mailbox, str]) -> None:
    with pytest.raises(ZeroDivisionError), monde_smtp.portail.db.write() as session:
        mails.queue(session, "demande_refusee", "y@example.org")
        raise ZeroDivisionError
    mails.deliver(monde_smtp.portail)
    assert mailbox[0].received == []
