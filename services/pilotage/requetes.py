"""Queries that the dashboards share: what each convention owes in a year, day by day, and what was recorded for it.

They read the rollups `Cumul` and `Exercice` only. Days of a convention in a year go from its first services (or its effect,
if later) to its term, both included. Queries are built once for each `Forme` of filters, their values bound when they run:
building one costs as much as running it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, func, select

from domain.activite import ORDINAIRE
from models import Convention, Cumul, Exercice
from services.core.sql_dates import days_from
from services.pilotage.filtres import Filtres


@dataclass(frozen=True)
class Forme:
    """Which filters are set: what changes the text of a query, not its values."""

    offre: bool
    collectivite: bool
    assistant: bool


def shape_of(filtres: Filtres) -> Forme:
    """The shape of these filters."""
    return Forme(bool(filtres.offre), filtres.collectivite_id is not None, filtres.assistant_id is not None)


def values_of(filtres: Filtres) -> dict[str, Any]:
    """The values that the queries of this module are bound to."""
    eve = date(filtres.annee - 1, 12, 31)
    arrete = filtres.arrete or eve
    return {
        "centre": filtres.centre_id,
        "annee": filtres.annee,
        "offre": filtres.offre,
        "collectivite": filtres.collectivite_id,
        "assistant": filtres.assistant_id,
        "debut_annee": date(filtres.annee, 1, 1),
        "fin_annee": date(filtres.annee, 12, 31),
        "arrete": arrete,
        "mois_arrete": filtres.arrete.month if filtres.arrete else 0,
        "veille": filtres.premier - timedelta(days=1),
        "fin_periode": min(filtres.dernier, arrete),
        "du": filtres.du,
        "au": filtres.au,
    }


def day(name: str) -> ColumnElement[date]:
    """A day given when the query runs."""
    return bindparam(name, type_=Date())


def expected(forme: Forme) -> Any:
    """Each convention of the year: what is due, days it runs in the year, days elapsed, minutes expected over the months
    shown up to the finished month."""
    lasting = spans(forme)
    whole = not_zero(lasting.c.jours)
    shown = lasting.c.dues * elapsed(lasting.c, "fin_periode") // whole
    before = lasting.c.dues * elapsed(lasting.c, "veille") // whole
    return select(
        lasting.c.convention_id,
        lasting.c.collectivite_id,
        lasting.c.dues,
        case((lasting.c.jours > 0, lasting.c.jours), else_=0).label("jours"),
        elapsed(lasting.c, "arrete").label("ecoules"),
        case((shown > before, shown - before), else_=0).label("attendues"),
    ).subquery("annees")


def spans(forme: Forme) -> Any:
    """Conventions of the year with the days on which they run in it, both included."""
    begun = case(
        (Convention.date_debut_prestations > Convention.date_effet, Convention.date_debut_prestations),
        else_=Convention.date_effet,
    )
    query = (
        select(
            Exercice.convention_id,
            Exercice.collectivite_id,
            Exercice.minutes_dues.label("dues"),
            case((begun > day("debut_annee"), begun), else_=day("debut_annee")).label("debut"),
            case((Convention.dernier_jour < day("fin_annee"), Convention.dernier_jour), else_=day("fin_annee")).label(
                "fin"
            ),
        )
        .join(Convention, Convention.id == Exercice.convention_id)
        .where(*of_year(forme))
        .subquery("bornes")
    )
    return select(query, (days_from(query.c.debut, query.c.fin) + 1).label("jours")).subquery("durees")


def elapsed(bounds: Any, name: str) -> ColumnElement[int]:
    """Days of a convention in the year up to the day called `name`, included."""
    that_day = day(name)
    return case(
        (that_day < bounds.debut, 0),
        (that_day >= bounds.fin, case((bounds.jours > 0, bounds.jours), else_=0)),
        else_=days_from(bounds.debut, that_day) + 1,
    )


def not_zero(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column, nothing instead of 0: a division by it gives nothing."""
    return func.nullif(column, 0)


def of_centre(forme: Forme) -> list[ColumnElement[bool]]:
    """Conditions on Exercice, every year."""
    wanted = [Exercice.centre_id == bindparam("centre")]
    if forme.offre:
        wanted.append(Exercice.offre_code == bindparam("offre"))
    if forme.collectivite:
        wanted.append(Exercice.collectivite_id == bindparam("collectivite"))
    return wanted


def of_year(forme: Forme) -> list[ColumnElement[bool]]:
    """Conditions on Exercice, the year of the filters."""
    return [*of_centre(forme), Exercice.annee == bindparam("annee")]


def consumed(forme: Forme) -> Any:
    """Minutes of each convention: of the months shown, ordinary and others; of those up to the finished month; of the
    whole year up to it."""
    ordinary = Cumul.valeur == ORDINAIRE
    shown = Cumul.mois.between(bindparam("du"), bindparam("au"))
    finished = Cumul.mois <= bindparam("mois_arrete")
    return (
        select(
            Cumul.convention_id,
            sum_if(and_(ordinary, shown), "minutes"),
            sum_if(and_(~ordinary, shown), "autres"),
            sum_if(and_(ordinary, shown, finished), "arretees"),
            sum_if(and_(ordinary, finished), "annuel"),
        )
        .where(*of_cumul(forme, "nature"))
        .group_by(Cumul.convention_id)
        .subquery("consommees")
    )


def sum_if(condition: ColumnElement[bool], name: str) -> Any:
    """Minutes of the rollup's rows that meet a condition."""
    return func.sum(case((condition, Cumul.minutes), else_=0)).label(name)


def of_cumul(forme: Forme, dimension: str) -> list[ColumnElement[bool]]:
    """Conditions on Cumul, months apart."""
    wanted = [
        Cumul.centre_id == bindparam("centre"),
        Cumul.annee == bindparam("annee"),
        Cumul.dimension == dimension,
    ]
    if forme.assistant:
        wanted.append(Cumul.assistant_id == bindparam("assistant"))
    if forme.offre or forme.collectivite:
        wanted.append(Cumul.convention_id.in_(select(Exercice.convention_id).where(*of_year(forme))))
    return wanted


def months_shown() -> ColumnElement[bool]:
    """Condition on Cumul: the months of the filters."""
    return Cumul.mois.between(bindparam("du"), bindparam("au"))
