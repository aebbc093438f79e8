"""What becomes of a mail when the mail server misbehaves, at each moment of the conversation. Real SMTP on this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from models import Courriel
from services.core.portail import Portail
from services.courriels import mails, smtp
from tests.factories import Monde


class Capricious:
    """A mail server that answers `replies` by command, keeps what it took, and may cut the line or think for long."""

    def __init__(self, replies: dict[str, str] | None = None, *, cut: bool = False, seconds: float = 0) -> None:
        self.replies, self.cut, self.seconds = replies or {}, cut, seconds
        self.taken: list[str] = []
        self.asked: list[str] = []

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        self.asked.append(address)
        reply = self.replies.get(address, self.replies.get("RCPT", "250 OK"))
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        self.taken.extend(envelope.rcpt_tos)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.cut:
            server.transport.abort()
        return self.replies.get("DATA", "250 OK")


@contextmanager
def served(box: Capricious, **options: Any) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@contextmanager
def greeting(line: bytes, *, then: Callable[[socket.socket], None] = socket.socket.close) -> Iterator[str]:
    """A server that says one line to whoever connects, then does this."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def answer() -> None:
            try:
                while True:
                    accepted, _ = listening.accept()
                    accepted.sendall(line)
                    then(accepted)
            except OSError:
                return

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{port}"


@pytest.fixture
def waiting(monde: Monde) -> Portail:
    """A portal, on each database, with one mail to send."""
    _queue(monde.portail, "a@example.org")
    return monde.portail


def _queue(portail: Portail, *addresses: str) -> None:
    with portail.db.write() as session:
        for address in addresses:
            mails.queue(session, "demande_refusee", address, collectivite="Ville")


def _deliver(portail: Portail, url: str) -> mails.Report:
    portail.settings = replace(portail.settings, smtp_url=url)
    return mails.deliver(portail)


def _kept(portail: Portail) -> list[tuple[str, str | None]]:
    with portail.db.read() as session:
        return [(one.etat, one.erreur) for one in session.query(Courriel).order_by(Courriel.cree_le)]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("replies", "report", "said"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, mails.Report(echecs=1), "Cette adresse est refusée (550 : 5.1.1 no such user)."),
        ({"RCPT": "450 greylisted"}, mails.Report(reportes=1), "Le serveur demande d’attendre"),
        ({"RCPT": "421 closing"}, mails.Report(reportes=1), "a interrompu l’échange (421"),
        ({"MAIL": "550 who are you"}, mails.Report(reportes=1), "refuse l’expéditeur du portail (550"),
        ({"MAIL": "451 later"}, mails.Report(reportes=1), "Le serveur demande d’attendre"),
        ({"DATA": "554 spam"}, mails.Report(echecs=1), "refuse le message (554 : spam)"),
        ({"DATA": "452 full"}, mails.Report(reportes=1), "pour le moment (452 : full)"),
        ({"DATA": "421 closing"}, mails.Report(reportes=1), "a interrompu l’échange (421"),
    ],
)  # fmt: skip
def test_each_answer_has_its_meaning(
    waiting: Portail, replies: dict[str, str], report: mails.Report, said: str
) -> None:
    with served(Capricious(replies)) as url:
        assert _deliver(waiting, url) == report
    ((_, erreur),) = _kept(waiting)
    assert said in (erreur or "")


def test_a_connection_lost_after_data_leaves_the_mail_uncertain_for_ever(
    waiting: Portail, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Capricious(cut=True)
    with served(box) as url:
        assert _deliver(waiting, url) == mails.Report(incertains=1)
        later = mails.utc_now() + 2 * mails.PATIENCE
        monkeypatch.setattr(mails, "utc_now", lambda: later)
        assert _deliver(waiting, url) == mails.Report()
        assert mails.retry(waiting) == 0, "nor with the others that failed"
    assert box.taken == ["a@example.org"]
    ((etat, erreur),) = _kept(waiting)
    assert etat == "incertain"
    assert "peut-être arrivé, peut-être pas" in (erreur or "")


def test_a_server_too_slow_to_say_that_it_took_it_leaves_the_mail_uncertain(
    waiting: Portail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "ACCEPT_TIMEOUT", 0.2)
    with served(Capricious(seconds=0.6)) as url:
        assert _deliver(waiting, url) == mails.Report(incertains=1)


def test_a_server_that_takes_its_time_is_waited_for(waiting: Portail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    with served(Capricious(seconds=0.6)) as url:
        assert _deliver(waiting, url) == mails.Report(envoyes=1)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"421 too busy\r\n", "refuse la connexion (421 : too busy)"),
        (b"554 go away\r\n", "refuse la connexion (554 : go away)"),
        (b"", "a coupé la connexion"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "refuse la connexion"),
    ],
)
def test_a_server_that_wants_nobody_is_tried_later(waiting: Portail, line: bytes, said: str) -> None:
    with greeting(line) as url:
        assert _deliver(waiting, url) == mails.Report(reportes=1)
    ((etat, erreur),) = _kept(waiting)
    assert etat == "a_envoyer"
    assert said in (erreur or "")


def test_a_silent_server_is_tried_later(waiting: Portail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    with greeting(b"220 hello\r\n", then=lambda _accepted: time.sleep(0.5)) as url:
        assert _deliver(waiting, url) == mails.Report(reportes=1)
    assert "ne répond pas à temps" in (_kept(waiting)[0][1] or "")


def test_one_refused_address_does_not_keep_the_others(waiting: Portail) -> None:
    _queue(waiting, "b@example.org", "c@example.org", "d@example.org")
    box = Capricious({"a@example.org": "550 no", "c@example.org": "450 later"})
    with served(box) as url:
        assert _deliver(waiting, url) == mails.Report(envoyes=2, echecs=1, reportes=1)
    assert box.taken == ["b@example.org", "d@example.org"]
    assert [etat for etat, _ in _kept(waiting)] == ["echec", "envoye", "a_envoyer", "envoye"]


def test_nobody_knocks_fifty_times_at_a_closed_door(waiting: Portail) -> None:
    _queue(waiting, *(f"p{i}@example.org" for i in range(9)))
    with greeting(b"421 too busy\r\n") as url:
        assert _deliver(waiting, url) == mails.Report(reportes=1)
    assert [etat for etat, _ in _kept(waiting)] == ["a_envoyer"] * 10
    box = Capricious()
    with served(box) as url:
        assert _deliver(waiting, url) == mails.Report(envoyes=9), "the tenth waits for its time"


def test_what_is_said_at_the_end_changes_nothing(waiting: Portail) -> None:
    """A server that takes the message, then answers QUIT with nonsense: sent, and never again."""
    box = Capricious()
    with served(box) as url:
        leave = smtp.smtplib.SMTP.quit
        try:
            smtp.smtplib.SMTP.quit = _break  # type: ignore[method-assign]
            assert _deliver(waiting, url) == mails.Report(envoyes=1)
        finally:
            smtp.smtplib.SMTP.quit = leave  # type: ignore[method-assign]
        assert _deliver(waiting, url) == mails.Report()
    assert box.taken == ["a@example.org"]


def _break(_server: Any) -> None:
    raise smtp.smtplib.SMTPResponseException(500, b"what?")


def test_two_servers_of_the_portal_send_each_mail_once(waiting: Portail) -> None:
    _queue(waiting, *(f"p{i}@example.org" for i in range(12)))
    box = Capricious()
    with served(box) as url:
        waiting.settings = replace(waiting.settings, smtp_url=url)
        reports: list[mails.Report] = []
        threads = [
            threading.Thread(target=lambda one=replica: reports.append(mails.deliver(one)))
            for replica in (waiting, Portail(waiting.settings), Portail(waiting.settings))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(one.envoyes for one in reports) == 13
    assert sorted(box.taken) == sorted({*box.taken})
    assert len(box.taken) == 13


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    "address", ["a@example.org\r\nRCPT TO:<x@example.org>", "a@example.org\nBcc: x@example.org", "a b", "<>"]
)
def test_an_address_never_becomes_a_command_or_a_header(monde: Monde, address: str) -> None:
    _queue(monde.portail, address)
    box = Capricious()
    with served(box) as url:
        assert _deliver(monde.portail, url).envoyes == 0
    assert "x@example.org" not in [*box.taken, *box.asked]
    assert _kept(monde.portail)[0][0] == "echec"


def test_an_address_with_accents_needs_a_server_that_takes_it(monde: Monde) -> None:
    _queue(monde.portail, "éléonore@example.org")
    with served(Capricious(), enable_SMTPUTF8=False) as url:
        assert _deliver(monde.portail, url) == mails.Report(echecs=1)
    assert "accents" in (_kept(monde.portail)[0][1] or "")
    mails.retry(monde.portail)
    box = Capricious()
    with served(box) as url:
        assert _deliver(monde.portail, url) == mails.Report(envoyes=1)
    assert box.taken == ["éléonore@example.org"]


def test_lines_that_begin_with_a_dot_arrive_whole(monde: Monde) -> None:
    received: list[bytes] = []

    class Keeper(Capricious):
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            received.append(envelope.content)
            return "250 OK"

    message = smtp.EmailMessage()
    message["To"] = "a@example.org"
    message.set_content("avant\n.\n..deux\naprès\n", cte="quoted-printable")
    with served(Keeper()) as url:
        assert smtp.send(url, message, "Portail <p@example.org>", "a@example.org").fate == "envoye"
    assert b"avant\r\n.\r\n..deux\r\n" in received[0]


def test_a_mail_is_the_same_message_at_each_attempt(waiting: Portail) -> None:
    found: list[bytes] = []

    class Keeper(Capricious):
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            found.append(next(line for line in envelope.content.splitlines() if line.startswith(b"Message-ID")))
            return "250 OK" if len(found) > 1 else "451 later"

    with served(Keeper()) as url:
        assert _deliver(waiting, url) == mails.Report(reportes=1)
        mails.retry(waiting)
        assert _deliver(waiting, url) == mails.Report(envoyes=1)
    assert found[0] == found[1]


class _Killed(BaseException):
    """What a process that is killed does: nothing after it runs."""


@pytest.mark.parametrize("taken", [False, True])
def test_a_process_killed_while_it_sends_doubles_nothing(
    waiting: Portail, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    box, send = Capricious(), smtp.send

    def killed(*given: Any) -> smtp.Outcome:
        if taken:
            send(*given)
        raise _Killed

    with served(box) as url:
        monkeypatch.setattr(smtp, "send", killed)
        with pytest.raises(_Killed):
            _deliver(waiting, url)
        monkeypatch.setattr(smtp, "send", send)
        assert _deliver(waiting, url) == mails.Report()
        assert _kept(waiting) == [("incertain", None)]
        later = mails.utc_now() + mails.IN_FLIGHT
        monkeypatch.setattr(mails, "utc_now", lambda: later)
        assert mails.retry(waiting) == 0
        assert mails.retry(waiting, incertains=True) == 1, "a person decides"
    assert len(box.taken) == int(taken)


def test_a_clock_set_back_keeps_no_mail_for_a_year(waiting: Portail, monkeypatch: pytest.MonkeyPatch) -> None:
    now = mails.utc_now()
    with greeting(b"421 too busy\r\n") as url:
        monkeypatch.setattr(mails, "utc_now", lambda: now + timedelta(days=365))
        assert _deliver(waiting, url) == mails.Report(reportes=1)
    monkeypatch.setattr(mails, "utc_now", lambda: now)
    with served(Capricious()) as url:
        assert _deliver(waiting, url) == mails.Report(envoyes=1)
