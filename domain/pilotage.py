"""Rules of the dashboards: up to which day hours are counted, what is expected by then, where the year is heading.

The forecast is linear: the hours recorded up to the end of the last finished month, carried on at the same pace for the
days that the convention still has in the year. It is given only from `jours_minimum` days on (`forms/pilotage.yaml`).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from domain.definitions import read_yaml_file, validate_definition
from domain.forms.types.base import Definition

Alerte = Literal["depassement", "sous_utilisation"]


class Alertes(Definition):
    """When an alert is raised: percentages of the hours due, and days of the convention elapsed in the year."""

    depassement: int = Field(gt=0, le=1000)
    sous_utilisation: int = Field(ge=0, le=1000)
    jours_minimum: int = Field(ge=1, le=366)


class Pilotage(Definition):
    """The settings of `forms/pilotage.yaml`."""

    alertes: Alertes


@lru_cache(maxsize=1)
def load_alertes() -> Alertes:
    """The thresholds, read once."""
    path = Path(__file__).resolve().parents[1] / "forms" / "pilotage.yaml"
    return validate_definition(Pilotage, read_yaml_file(path)).alertes


def month_end(annee: int, mois: int) -> date:
    """Last day of a month."""
    return (date(annee + mois // 12, mois % 12 + 1, 1)) - timedelta(days=1)


def cut_off(annee: int, today: date) -> date | None:
    """Last day of the year's last finished month on `today`: hours of a month begun are not all recorded yet. The 31 December
    of a year that is over; None before the end of its January."""
    if annee < today.year:
        return date(annee, 12, 31)
    if annee > today.year:
        return None
    tomorrow = today + timedelta(days=1)
    if tomorrow.year > annee:
        return date(annee, 12, 31)
    return None if tomorrow.month == 1 else month_end(annee, tomorrow.month - 1)


def days_between(debut: date, fin: date) -> int:
    """Number of days from `debut` to `fin`, both included; 0 when it ends before it begins."""
    return max(0, (fin - debut).days + 1)


def convention_days(annee: int, debut: date, terme: date, du: date, au: date) -> int:
    """Days of the year on which a convention runs (from `debut` to `terme`) between `du` and `au`, all included."""
    return days_between(max(debut, du, date(annee, 1, 1)), min(terme, au, date(annee, 12, 31)))


def expected_minutes(dues: int, ecoules: int, total: int) -> int:
    """Minutes expected after `ecoules` of the `total` days: the quota spread evenly, whole minutes rounded down."""
    return dues * ecoules // total if total else 0


def forecast_minutes(minutes: int, ecoules: int, total: int, jours_minimum: int) -> int | None:
    """Minutes at the end of the year if the pace holds (whole, rounded down); None when too few days have elapsed, unless
    they are all there are."""
    if not ecoules or (ecoules < jours_minimum and ecoules < total):
        return None
    return minutes * total // ecoules


def classify(prevision: int | None, dues: int, seuils: Alertes) -> Alerte | None:
    """The alert that a forecast raises against the minutes due; none without a forecast or without anything due."""
    if prevision is None or dues <= 0:
        return None
    if prevision * 100 >= dues * seuils.depassement:
        return "depassement"
    if prevision * 100 <= dues * seuils.sous_utilisation:
        return "sous_utilisation"
    return None
