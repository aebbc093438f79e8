"""The current day, by centre. "Today" is a parameter of every rule; only services ask the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from models import utc_now

DEFAULT_ZONE = "Europe/Paris"
_pretended: ContextVar[date | None] = ContextVar("pretended", default=None)


def today(fuseau: str = DEFAULT_ZONE, now: datetime | None = None) -> date:
    """The day it is in the time zone `fuseau` (a centre's), at `now` (default: this instant)."""
    pretended = _pretended.get()
    if pretended is not None and now is None:
        return pretended
    return (now or utc_now()).astimezone(ZoneInfo(fuseau)).date()


@contextmanager
def pretend(day: date) -> Iterator[None]:
    """Make it `day` for what this block does, and for it alone: the demonstration issues conventions of past years. What
    is timestamped still says the true instant."""
    token = _pretended.set(day)
    try:
        yield
    finally:
        _pretended.reset(token)


def local_time(moment: datetime, fuseau: str = DEFAULT_ZONE) -> datetime:
    """`moment` as people of the time zone read it."""
    return moment.astimezone(ZoneInfo(fuseau))
