"""Mails: queued in the transaction of what they announce, written and sent after it. Links are made at sending time, so
that their secret is never stored; a mail is claimed before it is sent, so that two servers never send it twice. What fails
for a time (server down, address refused « for now ») is tried again, later and later."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from models import Courriel, Utilisateur, utc_now
from services.core.portail import Portail
from services.courriels.redaction import write_mail

logger = logging.getLogger("portail")

BATCH = 50
TIMEOUT = 20
"""Seconds given to the mail server for each exchange."""
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""Waits after each attempt that failed for a time; after the last one the mail is « echec »."""
IN_FLIGHT = timedelta(hours=1)
"""A mail « incertain » for less may still be on its way."""
TRIED, NEXT = "_essais", "_prochain"
"""Kept in `Courriel.parametres`: attempts that failed, and when the next one is due (ISO 8601)."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Mail servers on this machine: a password given to them travels nowhere."""


@dataclass(frozen=True)
class Report:
    """Outcome of one round: mails sent, failed for good, put off, and set aside because no mail server is configured."""

    envoyes: int = 0
    echecs: int = 0
    sans_smtp: int = 0
    reportes: int = 0


@dataclass(frozen=True)
class MailRow:
    """A mail that has not left, as an operator sees it. `prochain` is when it will be tried again by itself."""

    id: UUID
    modele: str
    destinataire: str
    etat: str
    cree_le: datetime
    essais: int
    prochain: datetime | None
    erreur: str | None


def queue(
    session: Session,
    modele: str,
    destinataire: str,
    *,
    utilisateur_id: UUID | None = None,
    demande_id: UUID | None = None,
    centre_id: UUID | None = None,
    **parametres: str,
) -> Courriel:
    """Ask for a mail in the current transaction. `parametres` holds ids and codes, never a secret."""
    mail = Courriel(
        modele=modele,
        destinataire=destinataire,
        utilisateur_id=utilisateur_id,
        demande_id=demande_id,
        centre_id=centre_id,
        parametres=dict(parametres),
    )
    session.add(mail)
    session.flush()
    return mail


def deliver(portail: Portail) -> Report:
    """Send what is waiting. A failure is recorded on the mail and logged; it never reaches whoever asked for it."""
    with portail.db.read() as session:
        rows = session.execute(
            select(Courriel.id, Courriel.parametres).where(Courriel.etat == "a_envoyer").order_by(Courriel.cree_le)
        )
        now = utc_now()
        waiting = [row.id for row in rows if (_due(row.parametres) or now) <= now][:BATCH]
    if not waiting:
        return Report()
    if not portail.settings.smtp_url:
        return Report(sans_smtp=_set_aside(portail, waiting))
    outcomes = [_deliver_one(portail, mail_id) for mail_id in waiting]
    return Report(
        envoyes=outcomes.count("envoye"), echecs=outcomes.count("echec"), reportes=outcomes.count("a_envoyer")
    )


def _due(parametres: dict[str, Any]) -> datetime | None:
    given = parametres.get(NEXT)
    return datetime.fromisoformat(given) if given else None


def hasten(mail: Courriel) -> None:
    """Try this mail again at the next round: somebody asks for it once more."""
    mail.parametres = {key: value for key, value in mail.parametres.items() if key not in (TRIED, NEXT)}


def _set_aside(portail: Portail, waiting: list[UUID]) -> int:
    with portail.db.write() as session:
        # Asked for by strangers, about addresses that may belong to nobody here: not kept.
        session.execute(delete(Courriel).where(Courriel.id.in_(waiting), Courriel.modele == "mot_de_passe"))
        session.execute(update(Courriel).where(Courriel.id.in_(waiting)).values(etat="sans_smtp"))
    return len(waiting)


def _deliver_one(portail: Portail, mail_id: UUID) -> str:
    """Claim, write, send, record; the mail's new state. « incertain » stays when the server dies in between."""
    try:
        message = _claim(portail, mail_id)
    except Exception as error:
        logger.exception("mail %s could not be written", mail_id)
        return _record(portail, mail_id, "echec", error)
    if message is None:
        return "annule"
    try:
        _send(portail, message)
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail %s could not be sent: %s", mail_id, type(error).__name__)
        return _put_off(portail, mail_id, error) if _is_temporary(error) else _record(portail, mail_id, "echec", error)
    return _record(portail, mail_id, "envoye", None)


def _is_temporary(error: Exception) -> bool:
    """Whether the same mail may well leave later: network trouble, answers 4xx, and a login that the operator can repair."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code < 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPServerDisconnected):
        return True
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < 500
    return not isinstance(error, smtplib.SMTPException)


def _put_off(portail: Portail, mail_id: UUID, error: Exception) -> str:
    """Back in the queue for later; « echec » after the last attempt."""
    with portail.db.write() as session:
        mail = session.get(Courriel, mail_id)
        tried = int(mail.parametres.get(TRIED, 0)) if mail is not None else 0
        if mail is not None and tried < len(RETRIES):
            due = utc_now() + RETRIES[tried]
            mail.parametres = {**mail.parametres, TRIED: tried + 1, NEXT: due.isoformat()}
            mail.etat, mail.erreur = "a_envoyer", _told(error)
            return "a_envoyer"
    return _record(portail, mail_id, "echec", error)


def _told(error: Exception) -> str:
    return f"{type(error).__name__} : {error}"[:500]


def _claim(portail: Portail, mail_id: UUID) -> EmailMessage | None:
    """Take the mail for this process and write its text, in one transaction. None when another has it or nobody wants it."""
    with portail.db.write() as session:
        claimed = session.execute(
            update(Courriel).where(Courriel.id == mail_id, Courriel.etat == "a_envoyer").values(etat="incertain")
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            return None
        mail = session.get_one(Courriel, mail_id)
        user = _recipient(session, mail)
        if mail.modele == "mot_de_passe" and (user is None or not user.actif or not user.password_hash):
            session.delete(mail)
            return None
        return _written(portail, session, mail, user)


def _recipient(session: Session, mail: Courriel) -> Utilisateur | None:
    if mail.utilisateur_id:
        return session.get(Utilisateur, mail.utilisateur_id)
    if mail.modele == "mot_de_passe":
        return session.scalars(select(Utilisateur).where(Utilisateur.courriel == mail.destinataire)).one_or_none()
    return None


def _written(portail: Portail, session: Session, mail: Courriel, user: Utilisateur | None) -> EmailMessage:
    text = write_mail(portail, session, mail, user)
    message = EmailMessage()
    message["From"] = portail.settings.courriel_expediteur
    message["To"] = mail.destinataire
    message["Subject"] = text.objet
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=portail.settings.courriel_expediteur.split("@")[-1].strip(">"))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.corps)
    return message


def _record(portail: Portail, mail_id: UUID, etat: str, error: Exception | None) -> str:
    with portail.db.write() as session:
        mail = session.get(Courriel, mail_id)
        if mail is not None:
            mail.etat = etat
            mail.erreur = _told(error) if error else None
            mail.envoye_le = utc_now() if etat == "envoye" else None
    return etat


def _send(portail: Portail, message: EmailMessage) -> None:
    with _server(portail.settings.smtp_url or "") as server:
        server.send_message(message)


@contextmanager
def _server(url: str) -> Iterator[smtplib.SMTP]:
    """A connection to `smtp://[user:password@]host[:port]` (STARTTLS when offered, required with a password unless the
    server is this machine) or `smtps://…` (TLS from the start)."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    secure = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    with server:
        server.ehlo()
        if parts.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=secure)
            server.ehlo()
        elif parts.scheme != "smtps" and parts.username and host not in LOCAL:
            raise smtplib.SMTPException("no STARTTLS: the password would travel in clear")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


def list_unsent(portail: Portail) -> list[MailRow]:
    """Mails that failed, that wait for another attempt, or of which nobody knows whether they left; the oldest first."""
    with portail.db.read() as session:
        query = (
            select(Courriel).where(Courriel.etat.in_(("a_envoyer", "echec", "incertain"))).order_by(Courriel.cree_le)
        )
        return [
            MailRow(
                id=mail.id,
                modele=mail.modele,
                destinataire=mail.destinataire,
                etat=mail.etat,
                cree_le=mail.cree_le,
                essais=int(mail.parametres.get(TRIED, 0)),
                prochain=_due(mail.parametres) if mail.etat == "a_envoyer" else None,
                erreur=mail.erreur,
            )
            for mail in session.scalars(query)
        ]


def retry(portail: Portail, *, incertains: bool = False) -> int:
    """Put the mails that failed, and those that wait, back at the head of the queue (an operator's decision); how many.
    `incertains`: those that may have left too, unless they are so recent that they may be on their way."""
    doubtful = (Courriel.etat == "incertain") & (Courriel.cree_le < utc_now() - IN_FLIGHT)
    failed = Courriel.etat.in_(("echec", "a_envoyer"))
    with portail.db.write() as session:
        again = session.scalars(select(Courriel).where(or_(failed, doubtful) if incertains else failed)).all()
        for mail in again:
            hasten(mail)
            mail.etat, mail.erreur = "a_envoyer", None
    return len(again)
