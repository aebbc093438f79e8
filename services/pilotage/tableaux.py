"""The dashboard of hours: consumed against due, by collectivité, month, dimension and assistant; forecast and alerts.

Everything is counted by the database on the rollups `Cumul` and `Exercice`; what comes out are totals. Only hours of the
ordinary service are compared with what is due: the others are billed apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from domain.activite import DIMENSION_LABELS, ORDINAIRE, nomenclature
from domain.pilotage import Alerte, load_alertes, month_end
from domain.text import fold
from models import Collectivite, Cumul, Utilisateur
from services.adhesion.dossier_lists import search_condition
from services.core.paging import MAX_PAGE_SIZE, Page
from services.pilotage.filtres import Filtres
from services.pilotage.requetes import (
    Forme,
    consumed,
    elapsed,
    expected,
    months_shown,
    not_zero,
    of_cumul,
    shape_of,
    spans,
    sum_if,
    values_of,
)

ASSISTANT = "assistant"
AXES: dict[str, str] = {
    **DIMENSION_LABELS,
    ASSISTANT: "Assistant",
}
"""What hours are split by, beside months and collectivités: code in the address, French name."""
ALERTES: dict[str, str] = {"depassement": "Dépassement prévu", "sous_utilisation": "Sous-utilisation prévue"}
ANY_ALERT = "toutes"


@dataclass(frozen=True)
class LigneCollectivite:
    """Hours of one collectivité, in minutes: due for the year; consumed over the months shown; consumed and expected from
    them up to the end of the last finished month; forecast for the whole year (None: too early). `taux`: percent consumed
    of what is due, up to the finished month. All but what is consumed is None for one assistant."""

    collectivite_id: UUID
    nom: str
    minutes: int
    autres: int
    arretees: int
    dues: int | None
    attendues: int | None
    prevision: int | None
    alerte: Alerte | None

    @property
    def taux(self) -> Decimal | None:
        return Decimal(self.arretees) * 100 / self.dues if self.dues else None


@dataclass(frozen=True)
class Totaux:
    """The same for all the collectivités of the filters, and how many are in alert. `dues_prevues`: what is due by the
    conventions that have a forecast, to compare it with."""

    collectivites: int
    minutes: int
    autres: int
    arretees: int
    dues: int | None
    attendues: int | None
    prevision: int | None
    dues_prevues: int | None
    depassements: int
    sous_utilisations: int


@dataclass(frozen=True)
class LigneMois:
    """One month: minutes and number of interventions, all natures; minutes of the ordinary service; minutes of the quota
    that fall in it (None for one assistant)."""

    mois: int
    minutes: int
    nombre: int
    ordinaires: int
    dues: int | None


@dataclass(frozen=True)
class LigneAxe:
    """One value of a dimension, or one assistant: minutes and number of interventions over the months shown. `court` is
    what fits beside a bar."""

    code: str
    libelle: str
    court: str
    minutes: int
    nombre: int


@dataclass(frozen=True)
class Recherche:
    """What the list of collectivités is narrowed to, and its order."""

    texte: str = ""
    alerte: str | None = None
    tri: str = "nom"
    descendant: bool = False
    page: int = 1
    taille: int = 25


# By collectivité --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Collectivites:
    """The list of collectivités: one page of it, the totals of all of them (those that the search leaves out included), and
    the first in alert, the highest forecast first."""

    page: Page[LigneCollectivite]
    totaux: Totaux
    alertes: tuple[LigneCollectivite, ...]


def hours_by_collectivite(session: Session, filtres: Filtres, recherche: Recherche) -> Collectivites:
    """The list of collectivités, in one query."""
    size = min(max(recherche.taille, 1), MAX_PAGE_SIZE)
    number = max(recherche.page, 1)
    given = {**values_of(filtres), "taille": size, "avant": (number - 1) * size, "alertes": SHOWN_ALERTS}
    build = _listing.__wrapped__ if recherche.texte else _listing  # a search is never twice the same
    tri = recherche.tri if recherche.tri in TRIS else "nom"
    alerte = recherche.alerte if recherche.alerte in (ANY_ALERT, *ALERTES) else ""
    query = build(shape_of(filtres), tri, recherche.descendant, alerte, fold(recherche.texte[:200]))
    rows = session.execute(query, given).all()
    found = [row for row in rows if row.partie == PAGE]
    if not found and number > 1:
        return hours_by_collectivite(session, filtres, replace(recherche, page=1))
    warned = () if filtres.assistant_id else tuple(_line(row, filtres) for row in rows if row.partie == ALERTE)
    page = Page(tuple(_line(row, filtres) for row in found), found[0].trouvees if found else 0, number, size)
    return Collectivites(page, _build_totals(rows[0], filtres), warned)


PAGE, ALERTE = "page", "alerte"
"""Which part of the answer a row belongs to."""
SHOWN_ALERTS = 10


@lru_cache(maxsize=256)
def _listing(forme: Forme, tri: str, descendant: bool, alerte: str, texte: str) -> Select[Any]:
    """The totals of the whole, beside one page of the list and the first alerts: at least one row, of totals alone."""
    lines = _by_collectivite(forme)
    totals = _totals(lines)
    wanted = select(lines, func.count().over().label("trouvees")).where(*_narrowed(lines, texte, alerte)).subquery()
    page = (
        select(wanted, literal(PAGE).label("partie"))
        .order_by(*_order(wanted.c, tri, descendant))
        .limit(bindparam("taille"))
        .offset(bindparam("avant"))
        .subquery()
    )
    warned = (
        select(lines, literal(0).label("trouvees"), literal(ALERTE).label("partie"))
        .where(lines.c.alerte.is_not(None))
        .order_by(*_order(lines.c, "ecart", True))
        .limit(bindparam("alertes"))
        .subquery()
    )
    rows = union_all(select(page), select(warned)).subquery()
    joined = totals.outerjoin(rows, literal(True))
    return select(totals, rows).select_from(joined).order_by(rows.c.partie, *_ordered(rows.c, tri, descendant))


def _ordered(columns: Any, tri: str, descendant: bool) -> tuple[Any, ...]:
    """The order of the page for its rows, that of the alerts for the others."""
    highest = case((columns.partie == ALERTE, columns.ecart), else_=None).desc().nulls_last()
    return highest, *_order(columns, tri, descendant)


def _by_collectivite(forme: Forme) -> CTE:
    """Sums by collectivité: forecasts are made by convention, then added; an alert is raised on their sum."""
    seuils = load_alertes()
    years = expected(forme)
    used = consumed(forme)
    minutes, autres, arretees = (func.coalesce(used.c[name], 0) for name in ("minutes", "autres", "arretees"))
    enough = or_(years.c.ecoules >= seuils.jours_minimum, years.c.ecoules >= years.c.jours)
    foreseen = and_(years.c.ecoules > 0, enough)
    annuel = func.coalesce(used.c.annuel, 0)
    prevision = case((foreseen, annuel * years.c.jours // not_zero(years.c.ecoules)), else_=None)
    sums = (
        select(
            years.c.collectivite_id,
            func.sum(minutes).label("minutes"),
            func.sum(autres).label("autres"),
            func.sum(arretees).label("arretees"),
            func.sum(years.c.dues).label("dues"),
            func.sum(years.c.attendues).label("attendues"),
            func.sum(prevision).label("prevision"),
            func.sum(case((foreseen, years.c.dues), else_=0)).label("dues_prevues"),
        )
        .select_from(years.outerjoin(used, used.c.convention_id == years.c.convention_id))
        .group_by(years.c.collectivite_id)
        .cte("sommes")
    )
    alerte = case(
        (sums.c.dues_prevues == 0, None),
        (sums.c.prevision * 100 >= sums.c.dues_prevues * seuils.depassement, "depassement"),
        (sums.c.prevision * 100 <= sums.c.dues_prevues * seuils.sous_utilisation, "sous_utilisation"),
        else_=None,
    ).label("alerte")
    taux = case((sums.c.dues > 0, sums.c.arretees * 10000 // not_zero(sums.c.dues)), else_=None).label("taux")
    ecart = case((sums.c.dues_prevues > 0, sums.c.prevision * 10000 // not_zero(sums.c.dues_prevues)), else_=None)
    query = select(sums, Collectivite.nom, Collectivite.siren, alerte, taux, ecart.label("ecart")).join(
        Collectivite, Collectivite.id == sums.c.collectivite_id
    )
    if forme.assistant:
        query = query.where(sums.c.minutes + sums.c.autres > 0)
    return query.cte("lignes")


TRIS = ("nom", "minutes", "dues", "taux", "prevision", "ecart")
"""Codes that `Recherche.tri` may hold; another one means `nom`. `ecart`: the forecast against what is due."""


def _order(columns: Any, tri: str, descendant: bool) -> tuple[Any, ...]:
    column = columns[tri]
    return (column.desc() if descendant else column.asc()).nulls_last(), columns.nom, columns.collectivite_id


def _narrowed(lines: CTE, texte: str, alerte: str) -> list[ColumnElement[bool]]:
    wanted = search_condition(texte, lines.c.nom, lines.c.siren)
    if alerte == ANY_ALERT:
        wanted.append(lines.c.alerte.is_not(None))
    elif alerte:
        wanted.append(lines.c.alerte == alerte)
    return wanted


SUMMED = ("minutes", "autres", "arretees", "dues", "attendues", "prevision", "dues_prevues")


def _totals(lines: CTE) -> Any:
    def count(alerte: str) -> Any:
        return func.coalesce(func.sum(case((lines.c.alerte == alerte, 1), else_=0)), 0)

    return select(
        func.count().label("t_collectivites"),
        *(func.sum(lines.c[name]).label(f"t_{name}") for name in SUMMED),
        count("depassement").label("t_depassements"),
        count("sous_utilisation").label("t_sous_utilisations"),
    ).select_from(lines).subquery("totaux")  # fmt: skip


def _whole(value: Any) -> int:
    return int(value or 0)


def _line(row: Row[Any], filtres: Filtres) -> LigneCollectivite:
    compared = filtres.assistant_id is None
    return LigneCollectivite(
        row.collectivite_id,
        row.nom,
        _whole(row.minutes),
        _whole(row.autres),
        _whole(row.arretees),
        _whole(row.dues) if compared else None,
        _whole(row.attendues) if compared else None,
        int(row.prevision) if compared and row.prevision is not None else None,
        row.alerte if compared else None,
    )


def _build_totals(row: Row[Any], filtres: Filtres) -> Totaux:
    compared = filtres.assistant_id is None
    return Totaux(
        _whole(row.t_collectivites),
        _whole(row.t_minutes),
        _whole(row.t_autres),
        _whole(row.t_arretees),
        _whole(row.t_dues) if compared else None,
        _whole(row.t_attendues) if compared else None,
        int(row.t_prevision) if compared and row.t_prevision is not None else None,
        _whole(row.t_dues_prevues) if compared else None,
        _whole(row.t_depassements) if compared else 0,
        _whole(row.t_sous_utilisations) if compared else 0,
    )


# By month, by dimension -------------------------------------------------------------------------------------------------


def hours_by_month(session: Session, filtres: Filtres) -> tuple[LigneMois, ...]:
    """The months shown, those without any hour included."""
    rows = session.execute(_months(shape_of(filtres)), values_of(filtres))
    used = {mois: (int(minutes), int(nombre), int(ordinaires)) for mois, minutes, nombre, ordinaires in rows}
    due = _due_by_month(session, filtres) if filtres.assistant_id is None else {}
    return tuple(
        LigneMois(mois, *used.get(mois, (0, 0, 0)), due.get(mois)) for mois in range(filtres.du, filtres.au + 1)
    )


@lru_cache(maxsize=8)
def _months(forme: Forme) -> Select[Any]:
    ordinary = sum_if(Cumul.valeur == ORDINAIRE, "ordinaires")
    return (
        select(Cumul.mois, func.sum(Cumul.minutes), func.sum(Cumul.nombre), ordinary)
        .where(*of_cumul(forme, "nature"))
        .group_by(Cumul.mois)
    )


def _due_by_month(session: Session, filtres: Filtres) -> Mapping[int, int]:
    """Minutes of the quotas that fall in each month: differences of what is due by the end of each, so that the year adds up."""
    ends = {f"fin_{mois}": month_end(filtres.annee, mois) for mois in range(1, 13)}
    row = session.execute(_due(shape_of(filtres)), {**values_of(filtres), **ends}).one()
    by_end = [0, *(_whole(value) for value in row)]
    return {mois: by_end[mois] - by_end[mois - 1] for mois in range(1, 13)}


@lru_cache(maxsize=8)
def _due(forme: Forme) -> Select[Any]:
    lasting = spans(forme)
    whole = not_zero(lasting.c.jours)
    return select(*(func.sum(lasting.c.dues * elapsed(lasting.c, f"fin_{mois}") // whole) for mois in range(1, 13)))


def hours_by_axe(session: Session, filtres: Filtres, axe: str) -> tuple[LigneAxe, ...]:
    """Hours of all natures over the months shown, by value of a dimension (in the order of its list) or by assistant (by
    name). Values without any hour are left out."""
    if axe == ASSISTANT:
        return _by_assistant(session, filtres)
    dimension = axe if axe in DIMENSION_LABELS else "categorie"
    rows = session.execute(_values(shape_of(filtres), dimension), values_of(filtres))
    found = {valeur: (int(minutes), int(nombre)) for valeur, minutes, nombre in rows}
    labels, short = nomenclature().labels(dimension), nomenclature().labels(dimension, court=True)
    ordered = [*(code for code in labels if code in found), *sorted(found.keys() - labels.keys())]
    return tuple(LigneAxe(code, labels.get(code, code), short.get(code, code), *found[code]) for code in ordered)


@lru_cache(maxsize=64)
def _values(forme: Forme, dimension: str) -> Select[Any]:
    columns: tuple[Any, ...] = (Cumul.valeur, func.sum(Cumul.minutes), func.sum(Cumul.nombre))
    return select(*columns).where(*of_cumul(forme, dimension), months_shown()).group_by(Cumul.valeur)


def _by_assistant(session: Session, filtres: Filtres) -> tuple[LigneAxe, ...]:
    rows = session.execute(_people(shape_of(filtres)), values_of(filtres))
    return tuple(
        LigneAxe(str(ident), f"{prenom} {nom}", f"{prenom} {nom}", int(minutes), int(nombre))
        for ident, prenom, nom, minutes, nombre in rows
    )


PERSON = (Utilisateur.id, Utilisateur.prenom, Utilisateur.nom)


@lru_cache(maxsize=8)
def _people(forme: Forme) -> Select[Any]:
    sums = (
        select(Cumul.assistant_id, func.sum(Cumul.minutes).label("minutes"), func.sum(Cumul.nombre).label("nombre"))
        .where(*of_cumul(forme, "nature"), months_shown())
        .group_by(Cumul.assistant_id)
        .subquery()
    )
    columns: tuple[Any, ...] = (*PERSON, sums.c.minutes, sums.c.nombre)
    named = select(*columns).join(sums, sums.c.assistant_id == Utilisateur.id)
    return named.order_by(Utilisateur.nom, Utilisateur.prenom, Utilisateur.id)
