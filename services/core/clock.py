"""The current day, by centre. "Today" is a parameter of every rule; only services ask the clock."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from models import utc_now

DEFAULT_ZONE = "Europe/Paris"


def today(fuseau: str = DEFAULT_ZONE, now: datetime | None = None) -> date:
    """The day it is in the time zone `fuseau` (a centre's), at `now` (default: this instant)."""
    return (now or utc_now()).astimezone(ZoneInfo(fuseau)).date()


def local_time(moment: datetime, fuseau: str = DEFAULT_ZONE) -> datetime:
    """`moment` as people of the time zone read it."""
    return moment.astimezone(ZoneInfo(fuseau))
