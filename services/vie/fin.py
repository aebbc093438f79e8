"""The end of a convention before its term: what decides it, what it changes, and how a screen says it.

The state of a convention that runs says what weighs most on it: a formal notice that was sent, then a notice that was
confirmed. Both can be there at once, so closing one gives back what the other says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Invalide, Refus
from domain.formatting import date_longue
from domain.text import clean_text
from models import Convention, Denonciation, Intervention, MiseEnDemeure, Reconduction
from services.activite.regles import RUNNING_STATES
from services.adhesion.workflow import MOTIF_LENGTH
from services.core.access import Acteur
from services.core.portail import record
from services.facturation.exercices import refresh_convention


def has_ended(convention: Convention, today: date) -> bool:
    """Whether the last day of the convention is past, whatever its state still says."""
    return convention.dernier_jour < today


def refuse_ended(convention: Convention, today: date) -> None:
    """Refus once the convention is over: nothing decided now can end it any more."""
    if convention.etat not in RUNNING_STATES or has_ended(convention, today):
        raise Refus(f"Cette convention a pris fin le {date_longue(convention.dernier_jour)}.")


def living_notice(session: Session, convention_id: UUID) -> Denonciation | None:
    """The notice that was received or confirmed; one at most by convention."""
    query = select(Denonciation).where(
        Denonciation.convention_id == convention_id, Denonciation.etat.in_(("recue", "confirmee"))
    )
    return session.scalars(query).one_or_none()


def living_formal_notice(session: Session, convention_id: UUID) -> MiseEnDemeure | None:
    """The formal notice that is prepared or sent; one at most by convention."""
    query = select(MiseEnDemeure).where(
        MiseEnDemeure.convention_id == convention_id, MiseEnDemeure.etat.in_(("preparee", "envoyee"))
    )
    return session.scalars(query).one_or_none()


def running_state(session: Session, convention: Convention) -> str:
    """The state of a convention that runs, from its notices."""
    session.flush()
    formal = living_formal_notice(session, convention.id)
    if formal is not None and formal.etat == "envoyee":
        return "en_demeure"
    notice = living_notice(session, convention.id)
    return "denoncee" if notice is not None and notice.etat == "confirmee" else "en_vigueur"


def set_end(session: Session, convention: Convention, fin: date | None, motif: str | None, etat: str) -> int:
    """Give a convention its last day (None: it goes on to its term) and its state, in the caller's transaction: the years are
    computed again, renewals of years that do not begin any more are taken away. Gives the number of these."""
    convention.fin, convention.fin_motif, convention.etat = fin, motif, etat
    session.flush()
    query = select(Reconduction).where(
        Reconduction.convention_id == convention.id, Reconduction.annee > convention.dernier_jour.year
    )
    withdrawn = session.scalars(query).all()
    for renewal in withdrawn:
        session.delete(renewal)
    refresh_convention(session, convention.id)
    return len(withdrawn)


def minutes_after(session: Session, convention_id: UUID, day: date) -> int:
    """Minutes recorded on days after `day`: hours to take away or to move when it becomes the last one."""
    query = select(func.coalesce(func.sum(Intervention.minutes), 0)).where(
        Intervention.convention_id == convention_id, Intervention.jour > day
    )
    return int(session.scalar(query) or 0)


def record_on(session: Session, acteur: Acteur, action: str, convention: Convention, **details: object) -> None:
    """Journal what was just done to the life of a convention: ids, dates and codes only."""
    session.flush()
    record(
        session,
        acteur,
        action,
        centre_id=convention.centre_id,
        objet="convention",
        objet_id=convention.id,
        etat=convention.etat,
        **details,
    )


def unsent_letters(session: Session, convention_ids: Iterable[UUID]) -> frozenset[str]:
    """Keys of the files of formal notices that were never sent, on these conventions: they are the centre's own business."""
    query = select(MiseEnDemeure.id).where(
        MiseEnDemeure.convention_id.in_(list(convention_ids)), MiseEnDemeure.date_envoi.is_(None)
    )
    return frozenset(str(one) for one in session.scalars(query))


def check_text(text: str, champ: str, *, required: bool = False) -> str:
    """What a person wrote about the end of a convention, cleaned; Invalide with `champ` when it is missing or too long."""
    cleaned = clean_text(text or "", multiline=True)
    if required and not cleaned:
        raise Invalide("Indiquez le motif : la collectivité le lira.", champ=champ)
    if len(cleaned) > MOTIF_LENGTH:
        raise Invalide(f"Ce texte dépasse {MOTIF_LENGTH} caractères : raccourcissez-le.", champ=champ)
    return cleaned
