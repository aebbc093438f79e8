"""The conversation with the mail server, one message at a time, and what its outcome means for the message.

What matters is when it broke. Before DATA nothing has left: the message can be sent again. Once the text is being handed over,
a lost connection says nothing about its fate: it may have arrived, so it is never sent again without a person. An answer of
the server, at any moment, is the truth.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from domain.text import clean_text

TIMEOUT = 20
"""Seconds given to the mail server for each exchange."""
ACCEPT_TIMEOUT = 120
"""Seconds given to it to say that it has taken a message: it may examine it first."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Mail servers on this machine: a password given to them travels nowhere."""
MAX_REPLY = 300
_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")

Fate = Literal["envoye", "differe", "panne", "refuse", "incertain"]


@dataclass(frozen=True)
class Outcome:
    """What became of a message: taken by the server (`envoye`), to be tried later (`differe`: this message; `panne`: whatever the
    message, the server cannot be used now), refused for good (`refuse`), or nobody knows (`incertain`). `raison` is French."""

    fate: Fate
    raison: str = ""


class _Stopped(Exception):
    """The conversation is over, with this outcome."""

    def __init__(self, fate: Fate, raison: str) -> None:
        super().__init__(raison)
        self.outcome = Outcome(fate, raison)


def send(url: str, message: EmailMessage, expediteur: str, destinataire: str) -> Outcome:
    """Hand `message` over to the server at `url` for this one address. Never raises for what the server or the network does."""
    if not _ADDRESS.fullmatch(destinataire):
        return Outcome("refuse", "Cette adresse ne peut pas recevoir de courriel.")
    try:
        server = connect(url)
    except _Stopped as stop:
        return stop.outcome
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return Outcome("panne", _unreachable(error))
    try:
        return _converse(server, message, expediteur, destinataire)
    except _Stopped as stop:
        return stop.outcome
    finally:
        _leave(server)


def connect(url: str) -> smtplib.SMTP:
    """A connection to `smtp://[user:password@]host[:port]` (STARTTLS when offered, required with a password unless the
    server is this machine) or `smtps://…` (TLS from the start), logged in."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    secure = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=secure)
            server.ehlo_or_helo_if_needed()
        elif parts.scheme != "smtps" and parts.username and host not in LOCAL:
            raise _Stopped(
                "panne",
                "Le serveur d’envoi n’offre pas de connexion chiffrée : le mot de passe n’est pas envoyé en clair.",
            )
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _converse(server: smtplib.SMTP, message: EmailMessage, expediteur: str, destinataire: str) -> Outcome:
    try:
        sender = parseaddr(expediteur)[1]
        options = _options(server, sender, destinataire)
        _answer(server.mail(sender, options), "le serveur d’envoi refuse l’expéditeur du portail", refused="panne")
        _answer(server.rcpt(destinataire), "cette adresse est refusée")
        _answer(server.docmd("DATA"), "le serveur d’envoi refuse le message", good=(354,))
    except ValueError:  # a line break, or a character that no address holds
        return Outcome(
            "refuse", "Cette adresse ne peut pas recevoir de courriel : elle contient un caractère interdit."
        )
    except (OSError, smtplib.SMTPException) as error:
        return Outcome("panne", _unreachable(error))
    return _hand_over(server, message.as_bytes(policy=SMTPUTF8 if options else SMTP))


def _hand_over(server: smtplib.SMTP, message: bytes) -> Outcome:
    """The text itself, from which moment the server alone knows whether it has it."""
    data = re.sub(rb"(?m)^\.", b"..", message)
    try:
        if server.sock is not None:
            server.sock.settimeout(ACCEPT_TIMEOUT)
        server.send(data + (b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"))
        reply = server.getreply()
    except (OSError, smtplib.SMTPException):
        return _lost()
    if reply[0] < 200 or 300 <= reply[0] < 400:
        return _lost()
    _answer(reply, "le serveur d’envoi refuse le message")
    return Outcome("envoye")


def _lost() -> Outcome:
    return Outcome(
        "incertain", "La connexion a été coupée pendant la remise du message : il est peut-être arrivé, peut-être pas."
    )


def _options(server: smtplib.SMTP, *addresses: str) -> tuple[str, ...]:
    """What must be asked of the server for addresses with accents."""
    if all(one.isascii() for one in addresses):
        return ()
    if not server.has_extn("smtputf8"):
        raise _Stopped("refuse", "Le serveur d’envoi ne sait pas écrire à une adresse qui contient des accents.")
    return ("SMTPUTF8",)


def _answer(
    reply: tuple[int, bytes], what: str, *, good: tuple[int, ...] = (250, 251, 252), refused: Fate = "refuse"
) -> None:
    """Go on when the server agrees; else stop, for a time (4xx, or nothing that reads as an answer) or for good (5xx)."""
    code, text = reply
    if code in good or (good[0] == 250 and 200 <= code < 300):
        return
    said = clean_text(text.decode("utf-8", "replace"))[:MAX_REPLY]
    reason = f"{what[:1].upper()}{what[1:]} ({code} : {said})."
    if code >= 500:
        raise _Stopped(refused, reason)
    if code == 421 or code < 400:
        raise _Stopped("panne", f"Le serveur d’envoi a interrompu l’échange ({code} : {said}).")
    raise _Stopped("differe", f"Le serveur demande d’attendre : {what} pour le moment ({code} : {said}).")


def _unreachable(error: Exception) -> str:
    """Why the server cannot be used, for whoever runs it."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"Le serveur d’envoi refuse l’identifiant ou le mot de passe du portail ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = clean_text(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:MAX_REPLY]
        return f"Le serveur d’envoi refuse la connexion ({error.smtp_code} : {text})."
    if isinstance(error, ssl.SSLError):
        return "La connexion chiffrée avec le serveur d’envoi a échoué."
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib hides it in its own
        return "Le serveur d’envoi ne répond pas à temps."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "Le serveur d’envoi a coupé la connexion."
    if isinstance(error, OSError):
        return "Le serveur d’envoi ne peut pas être joint."
    return "Le serveur d’envoi ne peut pas être employé : vérifiez PORTAIL_SMTP."


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye: what is answered changes nothing to what was said before."""
    try:
        if server.sock is not None:
            server.sock.settimeout(TIMEOUT)
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
