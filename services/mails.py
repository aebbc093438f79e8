"""Mails: queued in the transaction of what they announce, written and sent after it. Links are made at sending time, so
that their secret is never stored; a mail is claimed before it is sent, so that two servers never send it twice."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import Centre, Courriel, DemandeAdhesion, RoleAttribue, Utilisateur, utc_now
from services import mail_texts
from services.links import mint_link
from services.portail import Portail

logger = logging.getLogger("portail")

BATCH = 50
TIMEOUT = 20
"""Seconds given to the mail server for each exchange."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Mail servers on this machine: a password given to them travels nowhere."""
LINK_MODELS = {"invitation": "invitation", "mot_de_passe": "mot_de_passe", "confirmation": "confirmation"}
"""Models of mail that carry a single-use link, and the use of the link."""


@dataclass(frozen=True)
class Report:
    """Outcome of one round: mails sent, failed, and set aside because no mail server is configured."""

    envoyes: int = 0
    echecs: int = 0
    sans_smtp: int = 0


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
        waiting = session.scalars(
            select(Courriel.id).where(Courriel.etat == "a_envoyer").order_by(Courriel.cree_le).limit(BATCH)
        ).all()
    if not waiting:
        return Report()
    if not portail.settings.smtp_url:
        return Report(sans_smtp=_set_aside(portail, list(waiting)))
    outcomes = [_deliver_one(portail, mail_id) for mail_id in waiting]
    return Report(envoyes=outcomes.count("envoye"), echecs=outcomes.count("echec"))


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
        return _record(portail, mail_id, "echec", error)
    return _record(portail, mail_id, "envoye", None)


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
    centre = session.get(Centre, mail.centre_id) if mail.centre_id else None
    demande = session.get(DemandeAdhesion, mail.demande_id) if mail.demande_id else None
    link = ""
    if mail.modele in LINK_MODELS:
        link = mint_link(
            portail,
            session,
            LINK_MODELS[mail.modele],
            utilisateur_id=user.id if user else None,
            demande_id=mail.demande_id,
        )
    text = mail_texts.write(
        mail.modele,
        mail_texts.Context(
            adresse=portail.settings.adresse_publique,
            centre=centre.nom if centre else "",
            prenom=user.prenom if user else demande.prenom if demande else "",
            nom=user.nom if user else demande.nom if demande else "",
            collectivite=demande.collectivite_nom if demande else "",
            demandeur=f"{demande.prenom} {demande.nom} ({demande.courriel})" if demande else "",
            motif=(demande.motif or "") if demande else "",
            lien=link,
            du_centre=_of_centre(session, user),
            parametres={key: str(value) for key, value in mail.parametres.items()},
        ),
    )
    message = EmailMessage()
    message["From"] = portail.settings.courriel_expediteur
    message["To"] = mail.destinataire
    message["Subject"] = text.objet
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=portail.settings.courriel_expediteur.split("@")[-1].strip(">"))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.corps)
    return message


def _of_centre(session: Session, user: Utilisateur | None) -> bool:
    query = select(RoleAttribue.id).where(RoleAttribue.centre_id.is_not(None))
    return user is not None and session.scalar(query.where(RoleAttribue.utilisateur_id == user.id).limit(1)) is not None


def _record(portail: Portail, mail_id: UUID, etat: str, error: Exception | None) -> str:
    with portail.db.write() as session:
        mail = session.get(Courriel, mail_id)
        if mail is not None:
            mail.etat = etat
            mail.erreur = f"{type(error).__name__} : {error}"[:500] if error else None
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


def retry(portail: Portail) -> int:
    """Put failed and doubtful mails back in the queue (an operator's decision); how many."""
    with portail.db.write() as session:
        again = session.scalars(select(Courriel).where(Courriel.etat.in_(("echec", "incertain")))).all()
        for mail in again:
            mail.etat, mail.erreur = "a_envoyer", None
    return len(again)
