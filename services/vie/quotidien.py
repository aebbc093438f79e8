"""The daily round: what the calendar does by itself, once a day for each centre, in the centre's own day.

It is run by the application itself every few minutes and by `portail quotidien` (cron); however many run it, however often,
each duty is done once a day. A duty does everything that is due **up to** the day it is given, not what falls on that very
day: days that were missed are caught up by the next round. It never undoes anything: a clock set back changes nothing. One
transaction holds a duty and the note that it is done, so a process killed at any point does the rest the next time.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Centre, Passage, utc_now
from services.core import clock
from services.core.locks import WHOLE, lock_row
from services.core.portail import Portail

logger = logging.getLogger("portail")

Duty = Callable[[Session, UUID, date], int]

DUTIES: dict[str, str] = {
    "services.vie.reconductions:renew_due": "reconductions",
    "services.vie.effets:replace_due": "conventions remplacées par la suivante",
    "services.vie.effets:rename_due": "collectivités renommées par avenant",
    "services.vie.reconductions:close_due": "conventions arrivées à leur fin",
    "services.vie.rappels:send_due": "rappels",
    "services.courriels.releve:report_failures": "courriels non remis signalés",
}
"""What is done, in this order, with its French name: "module:function", called with (session, centre id, the centre's day),
which returns how many things it did. It must be able to run again: what is done already is left alone."""


def run_daily(portail: Portail, now: datetime | None = None) -> dict[str, dict[str, int]]:
    """Do what is due and not done yet today, centre by centre; by centre's code, how many of each duty done now. A centre
    whose round is finished is not there. A duty that fails is logged, stops no other, and is tried again the next time."""
    with portail.db.read() as session:
        centres = session.execute(select(Centre.id, Centre.code, Centre.fuseau).order_by(Centre.code)).all()
        days = {row.id: clock.today(row.fuseau, now) for row in centres}
        query = select(Passage.centre_id, Passage.jour).where(
            Passage.jour.in_(set(days.values())), Passage.fini_le.is_not(None)
        )
        finished = {(row.centre_id, row.jour) for row in session.execute(query)}
    return {
        row.code: _round(portail, row.id, days[row.id]) for row in centres if (row.id, days[row.id]) not in finished
    }


def _round(portail: Portail, centre_id: UUID, jour: date) -> dict[str, int]:
    """One centre's round of one day: what it still had to do."""
    with portail.db.write() as session:
        _begin(session, centre_id, jour)
    done: dict[str, int] = {}
    failed = False
    for duty in DUTIES:
        try:
            count = _do(portail, centre_id, jour, duty)
        except Exception:
            logger.exception("the daily duty %s failed for the centre %s", duty, centre_id)
            failed = True
            continue
        if count is not None:
            done[duty] = count
    if not failed:
        with portail.db.write() as session:
            passage = _lock(session, centre_id, jour)
            passage.fini_le = passage.fini_le or utc_now()
    return done


def _begin(session: Session, centre_id: UUID, jour: date) -> None:
    if session.get(Passage, (centre_id, jour)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(Passage(centre_id=centre_id, jour=jour))
    except IntegrityError:
        logger.info("another process has begun the daily round of %s", jour)


def _lock(session: Session, centre_id: UUID, jour: date) -> Passage:
    return lock_row(session, Passage, (centre_id, jour), WHOLE)


def _do(portail: Portail, centre_id: UUID, jour: date, duty: str) -> int | None:
    """Do one duty and note it; None when it was done already. The round's row is held meanwhile: a second process waits
    here, then finds it done."""
    with portail.db.write() as session:
        passage = _lock(session, centre_id, jour)
        if duty in passage.compte:
            return None
        count = resolve(duty)(session, centre_id, jour)
        passage.compte = {**passage.compte, duty: count}
        return count


def resolve(duty: str) -> Duty:
    """The function that "module:function" names."""
    module, name = duty.split(":")
    found: Duty = getattr(importlib.import_module(module), name)
    return found


def tell_round(done: Mapping[str, int]) -> str:
    """What a round did, in French: "reconductions : 3 ; …"; duties that had nothing to do are left out."""
    parts = [f"{DUTIES[duty]}\u00a0: {count}" for duty, count in done.items() if count]
    return " ; ".join(parts) or "rien à faire"
