"""Queries that the dashboards share: what each convention owes in a year, day by day, and what was recorded for it.

They read the rollups `Cumul` and `Exercice` only. Days of a convention in a year go from its first services (or its effect,
if later) to its term, both included.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, literal, select

from domain.activite import ORDINAIRE
from models import Convention, Cumul, Exercice
from services.core.sql_dates import days_from
from services.pilotage.filtres import Filtres


def expected(filtres: Filtres) -> Any:
    """Each convention of the year: what is due, days it runs in the year, days elapsed, minutes expected over the months
    shown up to the finished month."""
    lasting = spans(filtres)
    ecoules = elapsed(lasting.c, filtres.arrete)
    end = min(filtres.dernier, filtres.arrete) if filtres.arrete else None
    shown = lasting.c.dues * elapsed(lasting.c, end) / not_zero(lasting.c.jours)
    before = lasting.c.dues * elapsed(lasting.c, filtres.premier - timedelta(days=1)) / not_zero(lasting.c.jours)
    attendues = case((shown > before, shown - before), else_=0)
    return select(
        lasting.c.convention_id,
        lasting.c.collectivite_id,
        lasting.c.dues,
        case((lasting.c.jours > 0, lasting.c.jours), else_=0).label("jours"),
        ecoules.label("ecoules"),
        attendues.label("attendues"),
    ).subquery("annees")


def spans(filtres: Filtres) -> Any:
    """Conventions of the year with the days on which they run in it, both included."""
    first, last = date(filtres.annee, 1, 1), date(filtres.annee, 12, 31)
    begun = case(
        (Convention.date_debut_prestations > Convention.date_effet, Convention.date_debut_prestations),
        else_=Convention.date_effet,
    )
    debut = case((begun > first, begun), else_=literal(first))
    fin = case((Convention.terme < last, Convention.terme), else_=literal(last))
    query = (
        select(
            Exercice.convention_id,
            Exercice.collectivite_id,
            Exercice.minutes_dues.label("dues"),
            debut.label("debut"),
            fin.label("fin"),
        )
        .join(Convention, Convention.id == Exercice.convention_id)
        .where(*of_year(filtres))
        .subquery("bornes")
    )
    return select(query, (days_from(query.c.debut, query.c.fin) + 1).label("jours")).subquery("durees")


def elapsed(bounds: Any, day: date | None) -> ColumnElement[int]:
    """Days of a convention in the year up to `day` included."""
    if day is None:
        return cast(literal(0), Integer)
    that_day = literal(day)
    return case(
        (that_day < bounds.debut, 0),
        (that_day >= bounds.fin, case((bounds.jours > 0, bounds.jours), else_=0)),
        else_=days_from(bounds.debut, that_day) + 1,
    )


def not_zero(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.nullif(column, 0)


def of_year(filtres: Filtres) -> list[ColumnElement[bool]]:
    """Conditions on Exercice."""
    wanted = [Exercice.centre_id == filtres.centre_id, Exercice.annee == filtres.annee]
    if filtres.offre:
        wanted.append(Exercice.offre_code == filtres.offre)
    if filtres.collectivite_id:
        wanted.append(Exercice.collectivite_id == filtres.collectivite_id)
    return wanted


def consumed(filtres: Filtres) -> Any:
    """Minutes of each convention: of the months shown, ordinary and others; of those up to the finished month; of the
    whole year up to it."""
    ordinary = Cumul.valeur == ORDINAIRE
    shown = Cumul.mois.between(filtres.du, filtres.au)
    finished = Cumul.mois <= (filtres.arrete.month if filtres.arrete else 0)
    return (
        select(
            Cumul.convention_id,
            sum_if(and_(ordinary, shown), "minutes"),
            sum_if(and_(~ordinary, shown), "autres"),
            sum_if(and_(ordinary, shown, finished), "arretees"),
            sum_if(and_(ordinary, finished), "annuel"),
        )
        .where(*of_cumul(filtres, "nature"))
        .group_by(Cumul.convention_id)
        .subquery("consommees")
    )


def sum_if(condition: ColumnElement[bool], name: str) -> Any:
    return func.sum(case((condition, Cumul.minutes), else_=0)).label(name)


def of_cumul(filtres: Filtres, dimension: str) -> list[ColumnElement[bool]]:
    """Conditions on Cumul, months apart."""
    wanted = [
        Cumul.centre_id == filtres.centre_id,
        Cumul.annee == filtres.annee,
        Cumul.dimension == dimension,
    ]
    if filtres.assistant_id:
        wanted.append(Cumul.assistant_id == filtres.assistant_id)
    if filtres.offre or filtres.collectivite_id:
        wanted.append(Cumul.convention_id.in_(select(Exercice.convention_id).where(*of_year(filtres))))
    return wanted
