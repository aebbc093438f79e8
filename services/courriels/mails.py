"""Mails: queued in the transaction of what they announce, written and sent after it. Links are made at sending time, so
that their secret is never stored; a mail is claimed before it is sent, so that two servers never send it twice. What fails
for a time (server down, address refused « for now ») is tried again, later and later, for days; a mail of which nobody knows
whether it left stays « incertain » until a person decides."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.courriels import MAX_ERREUR
from domain.errors import Invalide
from models import Courriel, Utilisateur, new_id, utc_now
from services.comptes.sessions import home_centre
from services.core.locks import WHOLE, find_row, locked
from services.core.portail import Portail
from services.courriels import smtp
from services.courriels.redaction import LINK_MODELS, write_mail

logger = logging.getLogger("portail")

BATCH = 50
WAITS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6),
    timedelta(hours=12),
)  # fmt: skip
"""Waits after each attempt that failed for a time; the last one is repeated."""
OUTAGE_WAIT = timedelta(minutes=10)
"""Longest wait when the server itself cannot be used: what waits leaves soon after it is back."""
PATIENCE = timedelta(days=4)
"""A mail that still fails this long after its first attempt is « echec »."""
IN_FLIGHT = timedelta(minutes=15)
"""A mail claimed for less may still be on its way."""
TRIED, NEXT, SINCE, CLAIMED = "_essais", "_prochain", "_depuis", "_pris"
"""Kept in `Courriel.parametres`: attempts that failed, when the next one is due, when the first one was, when the mail was
claimed (ISO 8601)."""
RETURNED, TOLD = "_retour", "_signale"
"""Also there: came back to its sender, says a person; told to the administrators, that day."""


@dataclass(frozen=True)
class Report:
    """Outcome of one round: mails sent, failed for good, put off, of unknown fate, and set aside because no mail server is
    configured."""

    envoyes: int = 0
    echecs: int = 0
    sans_smtp: int = 0
    reportes: int = 0
    incertains: int = 0


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


def prepare(
    modele: str,
    destinataire: str,
    *,
    utilisateur_id: UUID | None = None,
    demande_id: UUID | None = None,
    centre_id: UUID | None = None,
    **parametres: str,
) -> Courriel:
    """A mail of this model (`forms/courriels.yaml`), which has its id, to be asked for by `queue_all`. `parametres` holds ids,
    codes, numbers and dates, never a secret."""
    return Courriel(
        id=new_id(),
        modele=modele,
        destinataire=destinataire,
        utilisateur_id=utilisateur_id,
        demande_id=demande_id,
        centre_id=centre_id,
        parametres=dict(parametres),
    )


def queue_all(session: Session, prepared: Sequence[Courriel]) -> None:
    """Ask for these mails in the current transaction: all at once, a round has more than a thousand."""
    session.add_all(prepared)
    session.flush()


def queue(session: Session, modele: str, destinataire: str, **more: Any) -> Courriel:
    """Ask for one mail in the current transaction: what it takes is what `prepare` takes."""
    mail = prepare(modele, destinataire, **more)
    queue_all(session, [mail])
    return mail


def deliver(portail: Portail) -> Report:
    """Send what is waiting. A failure is recorded on the mail and logged; it never reaches whoever asked for it. When the
    server itself cannot be used the round ends there: the others would only wait for it one after the other."""
    with portail.db.read() as session:
        rows = session.execute(
            select(Courriel.id, Courriel.parametres).where(Courriel.etat == "a_envoyer").order_by(Courriel.cree_le)
        )
        now = utc_now()
        waiting = [row.id for row in rows if _is_due(next_attempt(row.parametres), now)][:BATCH]
    if not waiting:
        return Report()
    if not portail.settings.smtp_url:
        return Report(sans_smtp=_set_aside(portail, waiting))
    outcomes: list[str] = []
    for mail_id in waiting:
        etat, fate = _deliver_one(portail, mail_id)
        outcomes.append(etat)
        if fate == "panne":
            break
    return Report(
        envoyes=outcomes.count("envoye"),
        echecs=outcomes.count("echec"),
        reportes=outcomes.count("a_envoyer"),
        incertains=outcomes.count("incertain"),
    )


def _is_due(due: datetime | None, now: datetime) -> bool:
    """Whether a mail is to be tried now. What is due further ahead than any wait was put off by a clock that was wrong."""
    return due is None or due <= now or due > now + WAITS[-1]


def next_attempt(parametres: Mapping[str, Any]) -> datetime | None:
    """When a mail is to be tried again; None when nothing is to be waited for."""
    return _moment(parametres, NEXT)


def in_flight(mail: Courriel, now: datetime | None = None) -> bool:
    """Whether a process may be sending this mail right now."""
    claimed = _moment(mail.parametres, CLAIMED) or mail.cree_le
    return mail.etat == "incertain" and not mail.erreur and abs((now or utc_now()) - claimed) < IN_FLIGHT


def _moment(parametres: Mapping[str, Any], name: str) -> datetime | None:
    given = parametres.get(name)
    return datetime.fromisoformat(given) if given else None


def hasten(mail: Courriel) -> None:
    """Try this mail again at the next round, as if it were new: somebody asks for it once more."""
    ours = (TRIED, NEXT, SINCE, CLAIMED, RETURNED, TOLD)
    mail.parametres = {key: value for key, value in mail.parametres.items() if key not in ours}


def _set_aside(portail: Portail, waiting: list[UUID]) -> int:
    with portail.db.write() as session:
        # Asked for by strangers, about addresses that may belong to nobody here: not kept.
        session.execute(delete(Courriel).where(Courriel.id.in_(waiting), Courriel.modele == "mot_de_passe"))
        session.execute(update(Courriel).where(Courriel.id.in_(waiting)).values(etat="sans_smtp"))
    return len(waiting)


def _deliver_one(portail: Portail, mail_id: UUID) -> tuple[str, str]:
    """Claim, write, send, record; the mail's new state, and what the server did. « incertain » stays when this process dies in
    between."""
    try:
        message = _claim(portail, mail_id)
    except SQLAlchemyError:
        raise  # the database's trouble, not the mail's
    except Exception as error:
        logger.exception("mail %s could not be written", mail_id)
        told = error.message if isinstance(error, Invalide) else "Ce courriel ne peut pas être écrit."
        return _record(portail, mail_id, "echec", told, held="a_envoyer"), "refuse"
    if message is None:
        return "annule", ""
    settings = portail.settings
    found = smtp.send(settings.smtp_url or "", message, settings.courriel_expediteur, str(message["To"]))
    if found.fate != "envoye":
        logger.warning("mail %s was not taken by the server: %s", mail_id, found.fate)
    if found.fate in ("differe", "panne"):
        return _put_off(portail, mail_id, found), found.fate
    etat = "echec" if found.fate == "refuse" else found.fate
    return _record(portail, mail_id, etat, found.raison or None), found.fate


def _put_off(portail: Portail, mail_id: UUID, found: smtp.Outcome) -> str:
    """Back in the queue for later; « echec » when it has been failing for too long."""
    with portail.db.write() as session:
        mail = find_row(session, Courriel, mail_id, WHOLE)
        if mail is None or mail.etat != "incertain":
            return "annule"
        now, tried = utc_now(), int(mail.parametres.get(TRIED, 0))
        since = _moment(mail.parametres, SINCE) or now
        if now - since >= PATIENCE:
            mail.etat, mail.erreur = "echec", found.raison[:MAX_ERREUR]
            return "echec"
        wait = WAITS[min(tried, len(WAITS) - 1)]
        due = now + (min(wait, OUTAGE_WAIT) if found.fate == "panne" else wait)
        kept = {key: value for key, value in mail.parametres.items() if key != CLAIMED}
        mail.parametres = kept | {TRIED: tried + 1, NEXT: due.isoformat(), SINCE: since.isoformat()}
        mail.etat, mail.erreur = "a_envoyer", found.raison[:MAX_ERREUR]
        return "a_envoyer"


def _claim(portail: Portail, mail_id: UUID) -> EmailMessage | None:
    """Take the mail for this process and write its text, in one transaction. None when another has it or nobody wants it."""
    with portail.db.write() as session:
        claimed = session.execute(
            update(Courriel)
            .where(Courriel.id == mail_id, Courriel.etat == "a_envoyer")
            .values(etat="incertain", erreur=None)
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            return None
        mail = session.get_one(Courriel, mail_id)
        user = _recipient(session, mail)
        if mail.modele == "mot_de_passe" and (user is None or not user.actif or not user.password_hash):
            session.delete(mail)
            return None
        if user is not None and not user.actif:
            mail.etat, mail.erreur = "annule", "Ce compte est désactivé."
            return None
        mail.parametres = {**mail.parametres, CLAIMED: utc_now().isoformat()}
        if mail.centre_id is None and user is not None:
            mail.centre_id = home_centre(session, user.id)  # so that somebody sees what becomes of it
        return _written(portail, session, mail, user)


def _recipient(session: Session, mail: Courriel) -> Utilisateur | None:
    if mail.utilisateur_id:
        return session.get(Utilisateur, mail.utilisateur_id)
    if mail.modele == "mot_de_passe":
        return session.scalars(select(Utilisateur).where(Utilisateur.courriel == mail.destinataire)).one_or_none()
    return None


def _written(portail: Portail, session: Session, mail: Courriel, user: Utilisateur | None) -> EmailMessage:
    text = write_mail(portail, session, mail, user)
    sender = portail.settings.courriel_expediteur
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.destinataire
    message["Subject"] = text.objet
    message["Date"] = formatdate(localtime=False)
    # The same at each attempt: a server that got the message twice can tell, unless a new link makes it another message.
    attempt = f".{mail.parametres.get(TRIED, 0)}.{utc_now():%Y%m%d%H%M%S}" if mail.modele in LINK_MODELS else ""
    message["Message-ID"] = f"<{mail.id}{attempt}@{sender.split('@')[-1].strip('> ')}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.corps, cte="quoted-printable")
    return message


def _record(portail: Portail, mail_id: UUID, etat: str, erreur: str | None, *, held: str = "incertain") -> str:
    """Keep the outcome, unless the mail is no longer in the state it was `held` in."""
    with portail.db.write() as session:
        mail = find_row(session, Courriel, mail_id, WHOLE)
        if mail is not None and mail.etat == held:
            mail.etat = etat
            mail.erreur = erreur[:MAX_ERREUR] if erreur else None
            mail.envoye_le = utc_now() if etat == "envoye" else None
    return etat


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
                prochain=next_attempt(mail.parametres) if mail.etat == "a_envoyer" else None,
                erreur=mail.erreur,
            )
            for mail in session.scalars(query)
        ]


def retry(portail: Portail, *, incertains: bool = False) -> int:
    """Put the mails that failed, and those that wait, back at the head of the queue (an operator's decision); how many.
    Those that came back to their sender stay. `incertains`: those that may have left too, unless they may be on their way."""
    doubtful = Courriel.etat == "incertain"
    failed = Courriel.etat.in_(("echec", "a_envoyer"))
    with portail.db.write() as session:
        query = locked(select(Courriel).where(or_(failed, doubtful) if incertains else failed), WHOLE)
        again = [one for one in session.scalars(query) if not in_flight(one) and not one.parametres.get(RETURNED)]
        for mail in again:
            hasten(mail)
            mail.etat, mail.erreur = "a_envoyer", None
    return len(again)
